import type { TypeReader } from './type-descriptor.ts';

// What the names among the types say without being found by way of a descriptor.

/** How a name begins in the types, behind its flags. */
export function nameStart({ range }: TypeReader, name: string): Uint8Array {
  const text = Buffer.from(name);
  const { length } = text;
  if (range.layout.nameLength === 'u16') return Buffer.from([length >> 8, length & 255, ...text]);
  // From 128 on the length takes a second byte.
  return Buffer.from([...(length < 128 ? [length] : [(length & 127) | 128, length >> 7]), ...text]);
}

/** Whether these bytes occur anywhere among the types, their names included. */
export function hasText({ range: { startVaddr, endVaddr }, image }: TypeReader, text: Uint8Array): boolean {
  const wanted = Buffer.from(text);
  for (const { bytes } of image.pieces(startVaddr, endVaddr - startVaddr, text.length)) {
    if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(wanted)) return true;
  }
  return false;
}
