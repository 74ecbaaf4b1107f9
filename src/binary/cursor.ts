import { BinaryError, cutShortRemedy, hex } from './binary-error.ts';

/** Longest C string that is accepted where the caller sets no other limit: linker symbols of generic Go code pass 4 KiB. */
export const maxCStringBytes = 64 * 1024;

/** An LEB128 number of 64 bits has at most this many bytes; a longer one is garbage. */
const maxLebBytes = 10;

/**
 * Reads little-endian values from a part of a file and never past its end. All offsets are those of the section, also
 * when `bytes` holds only a range of it that begins at `baseOffset`. Every failure is a BinaryError naming file, section
 * and offset. Views are not copied: `bytes()` gives a subarray.
 */
export class Cursor {
  readonly file: string;
  readonly section: string;
  /** Section offset of the first byte. */
  readonly baseOffset: number;
  /** Section offset behind the last byte. */
  readonly endOffset: number;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  /** Index into #bytes, always within [#start, #end]. */
  #at: number;

  /** On `length` of the bytes from `start` on; all unless given. Millions of cursors are made: they need no view of their own. */
  constructor(
    bytes: Uint8Array,
    place: { readonly file: string; readonly section: string; readonly baseOffset?: number },
    start: number = 0,
    length: number = bytes.length - start,
  ) {
    this.file = place.file;
    this.section = place.section;
    this.baseOffset = place.baseOffset ?? 0;
    this.endOffset = this.baseOffset + length;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = start + length;
    this.#at = start;
  }

  /** Section offset of the next byte. */
  get offset(): number {
    return this.baseOffset + (this.#at - this.#start);
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  /** Moves to a section offset; the end itself is allowed. Returns this. */
  seek(offset: number): this {
    const at = this.#start + (offset - this.baseOffset);
    if (!(at >= this.#start && at <= this.#end) || !Number.isInteger(at)) {
      this.fail(`offset ${hex(offset)} is outside of [${hex(this.baseOffset)}, ${hex(this.endOffset)}]`);
    }
    this.#at = at;
    return this;
  }

  skip(count: number): this {
    this.#take(count);
    return this;
  }

  /** Moves up to the next multiple of `alignment` (of the section offset). */
  align(alignment: number): this {
    const over = this.offset % alignment;
    return over === 0 ? this : this.skip(alignment - over);
  }

  u8(): number {
    return this.#byte(this.#take(1));
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const at = this.#take(2);
    return this.#byte(at) | (this.#byte(at + 1) << 8);
  }

  /** Big-endian: name lengths of Go before 1.17. */
  u16BigEndian(): number {
    const at = this.#take(2);
    return (this.#byte(at) << 8) | this.#byte(at + 1);
  }

  u24(): number {
    const at = this.#take(3);
    return this.#byte(at) | (this.#byte(at + 1) << 8) | (this.#byte(at + 2) << 16);
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i32(): number {
    return this.#word(this.#take(4));
  }

  /** An unsigned 64-bit value below 2^53. Addresses, sizes and offsets of real files are; anything above is an error. */
  u64(): number {
    const at = this.#take(8);
    const low = this.#word(at) >>> 0;
    const high = this.#word(at + 4) >>> 0;
    if (high > 0x1fffff) {
      this.#at = at;
      const value = (BigInt(high) << 32n) | BigInt(low);
      this.fail(`the value 0x${value.toString(16)} is beyond 2^53, no address or size of a real file`);
    }
    return high * 0x1_0000_0000 + low;
  }

  /** An unsigned LEB128 number (DWARF §7.6, Go's uvarint) below 2^53. */
  uleb(): number {
    const start = this.#at;
    let value = 0;
    let scale = 1;
    for (let count = 1; count <= maxLebBytes; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    this.#at = start;
    this.fail('an LEB128 number is beyond 2^53');
  }

  /** A signed LEB128 number (DWARF §7.6) whose absolute value is below 2^53. */
  sleb(): number {
    const start = this.#at;
    // Of a negative number the complement is summed up as well: it stays exact however long the number was padded.
    let value = 0;
    let complement = 0;
    let scale = 1;
    for (let count = 1; count <= maxLebBytes; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      complement += (~byte & 0x7f) * scale;
      scale *= 128;
      if (byte >= 0x80) continue;
      const result = (byte & 0x40) === 0 ? value : -complement - 1;
      if (!Number.isSafeInteger(result)) break;
      return result;
    }
    this.#at = start;
    this.fail('a signed LEB128 number is beyond 2^53');
  }

  /** Passes over an LEB128 number of any value, signed or not. */
  skipLeb(): this {
    const start = this.#at;
    for (let count = 1; count <= maxLebBytes; count++) if (this.u8() < 0x80) return this;
    this.#at = start;
    this.fail(`an LEB128 number is longer than ${maxLebBytes} bytes`);
  }

  /** The next `count` bytes, as a view. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** `count` bytes as UTF-8; invalid sequences become U+FFFD. */
  text(count: number): string {
    return this.#text(this.#take(count), count);
  }

  /** UTF-8 up to a NUL byte, which is passed over. Without one in the part, or within the limit, it is an error. */
  cString(limitBytes: number = maxCStringBytes): string {
    const nul = this.#nulIndex(limitBytes);
    const text = this.#text(this.#at, nul - this.#at);
    this.#at = nul + 1;
    return text;
  }

  skipCString(limitBytes: number = maxCStringBytes): this {
    this.#at = this.#nulIndex(limitBytes) + 1;
    return this;
  }

  /** A cursor on the next `count` bytes, keeping the section's offsets; this one moves past them. */
  part(count: number): Cursor {
    const baseOffset = this.offset;
    return new Cursor(this.#bytes, { file: this.file, section: this.section, baseOffset }, this.#take(count), count);
  }

  /** Throws a BinaryError at the current offset. `what` is a clause without a full stop. */
  fail(what: string, remedy: string = cutShortRemedy): never {
    throw new BinaryError(what, { file: this.file, section: this.section, offset: this.offset }, remedy);
  }

  #take(count: number): number {
    const at = this.#at;
    const end = at + count;
    if (!(count >= 0 && end <= this.#end)) {
      this.fail(`${count} bytes wanted, but ${this.remaining} are left before the end ${hex(this.endOffset)}`);
    }
    this.#at = end;
    return at;
  }

  /** At an index that was taken. */
  #byte(at: number): number {
    return this.#bytes[at] as number;
  }

  #word(at: number): number {
    const bytes = this.#bytes;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  #text(at: number, count: number): string {
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + at, count).toString();
  }

  #nulIndex(limitBytes: number): number {
    const bytes = this.#bytes;
    // Not indexOf: most are short, and it would look beyond the end.
    let nul = this.#at;
    while (nul < this.#end && bytes[nul] !== 0) nul++;
    if (nul === this.#end) this.fail(`a string has no end before ${hex(this.endOffset)}`);
    if (nul - this.#at > limitBytes) this.fail(`a string is longer than ${limitBytes} bytes`);
    return nul;
  }
}
