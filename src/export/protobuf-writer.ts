/** Most bytes of a varint. */
const VARINT_BYTES = 10;
const TWO_32 = 2 ** 32;
/** By the code of a hexadecimal digit, lower case. */
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0);
const encoder = new TextEncoder();

/**
 * Writes protobuf messages (https://protobuf.dev/programming-guides/encoding/) into memory that grows. A class, for speed:
 * V8 makes no calls of such methods, and turns a second object literal with getters into a dictionary.
 */
export class ProtobufWriter {
  #buffer: Buffer;
  #view: DataView;
  #at = 0;

  constructor(capacityBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacityBytes);
    this.#view = viewOf(this.#buffer);
  }

  /** What is written; valid until more is. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  /** The same, with what comes behind it: the memory as it is. */
  get memory(): Buffer {
    return this.#buffer;
  }

  get sizeBytes(): number {
    return this.#at;
  }

  /** What the memory takes. */
  get capacityBytes(): number {
    return this.#buffer.length;
  }

  /** Gives up what was written after the first so many bytes. */
  rewind(sizeBytes: number): void {
    this.#at = Math.min(this.#at, sizeBytes);
  }

  /** A field's number and wire type, up to number 15. */
  tag(field: number, wireType: 0 | 1 | 2 | 5): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = (field << 3) | wireType;
  }

  /** A non-negative integer below 2^31. */
  small(value: number): void {
    this.#reserve(VARINT_BYTES);
    let left = value;
    while (left > 0x7f) {
      this.#buffer[this.#at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    this.#buffer[this.#at++] = left;
  }

  /** An int64: an integer that a number holds, of any sign. Two's complement, seven bits a byte. */
  integer(value: number): void {
    if (value >= 0 && value < 2 ** 31) return this.small(value);
    this.#reserve(VARINT_BYTES);
    let low = value >>> 0;
    let high = Math.floor(value / TWO_32) >>> 0;
    while (high > 0 || low > 0x7f) {
      this.#buffer[this.#at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#buffer[this.#at++] = low;
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Nanoseconds from seconds and nanoseconds, exact. */
  fixed64Time(seconds: number, nanoseconds: number): void {
    this.#reserve(8);
    // Products of half the seconds' digits stay below 2^53.
    const upperSeconds = Math.floor(seconds / 0x10000);
    const lower = (seconds - upperSeconds * 0x10000) * 1e9 + nanoseconds;
    const upper = upperSeconds * 1e9;
    const lowerHigh = Math.floor(lower / TWO_32);
    const upperHigh = Math.floor(upper / 0x10000);
    const low = lower - lowerHigh * TWO_32 + (upper - upperHigh * 0x10000) * 0x10000;
    const carry = low >= TWO_32 ? 1 : 0;
    this.#view.setUint32(this.#at, low - carry * TWO_32, true);
    this.#view.setUint32(this.#at + 4, lowerHigh + upperHigh + carry, true);
    this.#at += 8;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** Length and UTF-8. */
  text(value: string): void {
    const { length } = value;
    this.small(length);
    this.#reserve(length);
    // In variables of its own the loop costs half.
    const from = this.#at;
    const to = this.#buffer;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        this.#wideText(value);
        return;
      }
      to[from + index] = code;
    }
    this.#at = from + length;
  }

  /** Behind a length that counts its characters as bytes. */
  #wideText(value: string): void {
    this.#at -= varintBytes(value.length);
    const opened = this.open();
    this.#reserve(value.length * 3);
    this.#at += encoder.encodeInto(value, this.#buffer.subarray(this.#at)).written;
    this.close(opened);
  }

  /** Length and the bytes that the hexadecimal digits stand for. */
  hex(digits: string): void {
    const count = digits.length >>> 1;
    this.small(count);
    this.#reserve(count);
    const from = this.#at;
    const to = this.#buffer;
    for (let index = 0; index < count; index++) {
      to[from + index] =
        ((NIBBLES[digits.charCodeAt(2 * index)] as number) << 4) |
        (NIBBLES[digits.charCodeAt(2 * index + 1)] as number);
    }
    this.#at = from + count;
  }

  /** Bytes [start, end) of another's memory, as they are. */
  copy(from: Uint8Array, start: number, end: number): void {
    this.append(from.subarray(start, end));
  }

  /** Whole bytes, as they are: for short ones that are at hand so, a quarter of the time. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /**
   * Begins a part with a length; returns what `close` wants, with the same `lengthBytes`.
   * @param lengthBytes that the length will probably take: if it does not, the part is moved
   */
  open(lengthBytes = 1): number {
    this.#reserve(lengthBytes);
    this.#at += lengthBytes;
    return this.#at;
  }

  close(opened: number, lengthBytes = 1): void {
    const length = this.#at - opened;
    const more = varintBytes(length) - lengthBytes;
    if (more !== 0) {
      if (more > 0) this.#reserve(more);
      this.#buffer.copyWithin(opened + more, opened, this.#at);
    }
    this.#at = opened - lengthBytes;
    this.small(length);
    this.#at += length;
  }

  #reserve(count: number): void {
    if (this.#at + count > this.#buffer.length) this.#grow(count);
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + count));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** Bytes of a non-negative integer below 2^31. */
export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}
