import { isUtf8 } from 'node:buffer';

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

/** Whether the bytes are UTF-8 text: without control characters other than tab and line ends. */
export function isText(bytes: Buffer, start: number, end: number, truncated: boolean): boolean {
  const stop = truncated ? wholeCharacters(bytes, start, end) : end;
  for (let i = start; i < stop; i++) {
    const byte = bytes[i] ?? 0;
    const isControl = byte < 0x20 ? byte !== 9 && byte !== 10 && byte !== 13 : byte === 0x7f;
    if (isControl) return false;
    if (byte >= 0x80) return isTail(bytes.subarray(i, stop));
  }
  return true;
}

function isTail(part: Buffer): boolean {
  return isUtf8(part) && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(part.toString('utf8'));
}
