/** Writes protobuf messages (https://protobuf.dev/programming-guides/encoding/) into memory that grows. */
export interface ProtobufWriter {
  /** What is written; valid until more is. */
  readonly bytes: Buffer;
  readonly sizeBytes: number;
  /** What the memory takes. */
  readonly capacityBytes: number;
  /** Gives up what was written after the first so many bytes. */
  rewind(sizeBytes: number): void;
  /** A field's number and wire type, up to number 15. */
  tag(field: number, wireType: 0 | 1 | 2 | 5): void;
  /** A non-negative integer below 2^31. */
  small(value: number): void;
  /** An int64: an integer that a number holds, of any sign. */
  integer(value: number): void;
  fixed32(value: number): void;
  /** Nanoseconds from seconds and nanoseconds, exact. */
  fixed64Time(seconds: number, nanoseconds: number): void;
  double(value: number): void;
  /** Length and UTF-8. */
  text(text: string): void;
  /** Length and the bytes that the hexadecimal digits stand for. */
  hex(digits: string): void;
  /** Bytes [start, end) of another's memory, as they are. */
  copy(from: Uint8Array, start: number, end: number): void;
  /** Copies what was written behind the first `start` bytes; returns how much, undefined if there is no room for it. */
  copyOut(start: number, to: Uint8Array): number | undefined;
  /**
   * Begins a part with a length; returns what `close` wants, with the same `lengthBytes`.
   * @param lengthBytes that the length will probably take: if it does not, the part is moved
   */
  open(lengthBytes?: number): number;
  close(opened: number, lengthBytes?: number): void;
}

/** Most bytes of a varint. */
const VARINT_BYTES = 10;
const TWO_32 = 2 ** 32;
/** Up to this many bytes a loop beats the call into native code. */
const LOOPED_BYTES = 128;

export function createProtobufWriter(capacityBytes: number): ProtobufWriter {
  const encoder = new TextEncoder();
  let buffer = Buffer.allocUnsafeSlow(capacityBytes);
  let view = viewOf(buffer);
  let at = 0;

  function reserve(count: number): void {
    if (at + count <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (at + count));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
    view = viewOf(buffer);
  }

  function small(value: number): void {
    reserve(VARINT_BYTES);
    let left = value;
    while (left > 0x7f) {
      buffer[at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    buffer[at++] = left;
  }

  /** Two's complement, seven bits a byte. */
  function integer(value: number): void {
    if (value >= 0 && value < 2 ** 31) return small(value);
    reserve(VARINT_BYTES);
    let low = value >>> 0;
    let high = Math.floor(value / TWO_32) >>> 0;
    while (high > 0 || low > 0x7f) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[at++] = low;
  }

  function text(value: string): void {
    const { length } = value;
    small(length);
    reserve(length);
    // In variables of its own the loop costs half.
    const from = at;
    const to = buffer;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        wideText(value, from);
        return;
      }
      to[from + index] = code;
    }
    at = from + length;
  }

  /** @param from where its characters begin: behind a length that counts them as bytes. */
  function wideText(value: string, from: number): void {
    at = from - varintBytes(value.length);
    const opened = open();
    reserve(value.length * 3);
    at += encoder.encodeInto(value, buffer.subarray(at)).written;
    close(opened);
  }

  function open(lengthBytes = 1): number {
    reserve(lengthBytes);
    at += lengthBytes;
    return at;
  }

  function close(opened: number, lengthBytes = 1): void {
    const length = at - opened;
    const more = varintBytes(length) - lengthBytes;
    if (more !== 0) {
      if (more > 0) reserve(more);
      buffer.copyWithin(opened + more, opened, at);
    }
    at = opened - lengthBytes;
    small(length);
    at += length;
  }

  return {
    get bytes() {
      return buffer.subarray(0, at);
    },
    get sizeBytes() {
      return at;
    },
    get capacityBytes() {
      return buffer.length;
    },
    rewind(sizeBytes) {
      at = Math.min(at, sizeBytes);
    },
    tag(field, wireType) {
      reserve(1);
      buffer[at++] = (field << 3) | wireType;
    },
    small,
    integer,
    fixed32(value) {
      reserve(4);
      view.setUint32(at, value, true);
      at += 4;
    },
    fixed64Time(seconds, nanoseconds) {
      reserve(8);
      // Products of half the seconds' digits stay below 2^53.
      const lower = (seconds % 0x10000) * 1e9 + nanoseconds;
      const upper = Math.floor(seconds / 0x10000) * 1e9;
      const low = (lower % TWO_32) + (upper % 0x10000) * 0x10000;
      view.setUint32(at, low % TWO_32, true);
      view.setUint32(at + 4, Math.floor(lower / TWO_32) + Math.floor(upper / 0x10000) + Math.floor(low / TWO_32), true);
      at += 8;
    },
    double(value) {
      reserve(8);
      view.setFloat64(at, value, true);
      at += 8;
    },
    text,
    hex(digits) {
      small(digits.length >>> 1);
      const count = digits.length >>> 1;
      reserve(count);
      const to = buffer;
      for (let index = 0; index < count; index++) {
        to[at + index] = (nibble(digits.charCodeAt(2 * index)) << 4) | nibble(digits.charCodeAt(2 * index + 1));
      }
      at += count;
    },
    copy(from, start, end) {
      const count = end - start;
      reserve(count);
      if (count > LOOPED_BYTES) buffer.set(from.subarray(start, end), at);
      else for (let index = 0; index < count; index++) buffer[at + index] = from[start + index] as number;
      at += count;
    },
    copyOut(start, to) {
      const count = at - start;
      if (count > to.length) return undefined;
      for (let index = 0; index < count; index++) to[index] = buffer[start + index] as number;
      return count;
    },
    open,
    close,
  };
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** Bytes of a non-negative integer below 2^31. */
export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Of `0`-`9`, `a`-`f`. */
function nibble(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
