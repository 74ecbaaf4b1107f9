/** Writes protobuf messages (https://protobuf.dev/programming-guides/encoding/) into memory that grows. */
export interface ProtobufWriter {
  /** What is written; valid until more is. */
  readonly bytes: Buffer;
  /** The same, with what comes behind it: the memory as it is. */
  readonly memory: Buffer;
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
  /** Whole bytes, as they are: for short ones that are at hand so, a quarter of the time. */
  append(bytes: Uint8Array): void;
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
/** By the code of a hexadecimal digit, lower case. */
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0);

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
    get memory() {
      return buffer;
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
      const upperSeconds = Math.floor(seconds / 0x10000);
      const lower = (seconds - upperSeconds * 0x10000) * 1e9 + nanoseconds;
      const upper = upperSeconds * 1e9;
      const lowerHigh = Math.floor(lower / TWO_32);
      const upperHigh = Math.floor(upper / 0x10000);
      const low = lower - lowerHigh * TWO_32 + (upper - upperHigh * 0x10000) * 0x10000;
      const carry = low >= TWO_32 ? 1 : 0;
      view.setUint32(at, low - carry * TWO_32, true);
      view.setUint32(at + 4, lowerHigh + upperHigh + carry, true);
      at += 8;
    },
    double(value) {
      reserve(8);
      view.setFloat64(at, value, true);
      at += 8;
    },
    text,
    hex(digits) {
      const count = digits.length >>> 1;
      small(count);
      reserve(count);
      const to = buffer;
      for (let index = 0; index < count; index++) {
        to[at + index] =
          ((NIBBLES[digits.charCodeAt(2 * index)] as number) << 4) |
          (NIBBLES[digits.charCodeAt(2 * index + 1)] as number);
      }
      at += count;
    },
    copy(from, start, end) {
      reserve(end - start);
      buffer.set(from.subarray(start, end), at);
      at += end - start;
    },
    append(bytes) {
      reserve(bytes.length);
      buffer.set(bytes, at);
      at += bytes.length;
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
