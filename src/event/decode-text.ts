import type { ValueContent } from './value.ts';

/** Up to this many bytes a loop beats the call into native code. */
const shortText = 6;

/** UTF-8; bytes that are none become U+FFFD. A character cut in two at the end of a truncated text is left out. */
export function decodeText(bytes: Buffer, start: number, end: number, truncated: boolean): string {
  const stop = truncated ? wholeCharacters(bytes, start, end) : end;
  if (stop - start <= shortText) {
    let text = '';
    for (let i = start; i < stop; i++) {
      const byte = bytes[i] ?? 0;
      if (byte >= 0x80) return bytes.toString('utf8', start, stop);
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return bytes.toString('utf8', start, stop);
}

/** The end of the last whole UTF-8 character. */
function wholeCharacters(bytes: Buffer, start: number, end: number): number {
  for (let i = end - 1; i >= Math.max(start, end - 4); i--) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return i + length > end ? i : end;
  }
  return end;
}

/** A []byte that is text as a string, any other as numbers: so the two can't be confused. */
export function decodeBytes(bytes: Buffer, start: number, end: number): ValueContent {
  const part = bytes.subarray(start, end);
  const text = part.toString('utf8');
  // Control characters other than tab and line ends tell bytes from text.
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/.test(text) ? [...part] : text;
}
