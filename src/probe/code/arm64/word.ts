/** Of an arm64 instruction. */
export function wordAt(code: Uint8Array, offset: number): number {
  return new DataView(code.buffer, code.byteOffset + offset, 4).getUint32(0, true);
}

/** `width` bits from bit `low`, as a signed number. */
export function signed(word: number, low: number, width: number): number {
  return (word << (32 - low - width)) >> (32 - width);
}
