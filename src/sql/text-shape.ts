/** SHAPE_BYTES of bpf/event.h. */
const shapeBytes = 240;

const quote = 0x27;
const letterOrDigit = /[A-Za-z0-9]/;
/** A digit behind any of these is part of a name or of a parameter. */
const goesOn = new Set(Array.from({ length: 256 }, (_, byte) => byte).filter(isWithinWord));

function isWithinWord(byte: number): boolean {
  const character = String.fromCharCode(byte);
  return byte >= 0x80 || letterOrDigit.test(character) || '_$:@?"`'.includes(character);
}

/**
 * What stands before a text's first literal or comment, as bpf/text-shape.h tells texts apart that are no constants: without
 * the values in them there are only so many.
 */
export function textShape(text: string): { readonly text: string; readonly isCut: boolean } {
  const bytes = Buffer.from(text);
  const most = Math.min(bytes.length, shapeBytes);
  let end = 0;
  for (let before = 0; end < most; end++) {
    const byte = bytes[end] as number;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (byte === quote || (isDigit && !goesOn.has(before))) break;
    // The two that begin a comment.
    if ((byte === 0x2a && before === 0x2f) || (byte === 0x2d && before === 0x2d)) break;
    before = byte;
  }
  if (end === bytes.length) return { text, isCut: false };
  return { text: new TextDecoder().decode(bytes.subarray(0, end)), isCut: true };
}
