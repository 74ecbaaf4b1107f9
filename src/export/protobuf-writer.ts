/**
 * Protocol Buffers, written front to back into a buffer that grows (https://protobuf.dev/programming-guides/encoding/).
 *
 * A nested message begins with its length, which is known at its end: `beginMessage` leaves room for the usual size of
 * the length and `endMessage` moves the message where that was wrong.
 */
export interface ProtobufWriter {
  bytes: WritableBuffer;
  at: number;
}

/** Node has this method, its types don't. */
type WritableBuffer = Buffer & { utf8Write(text: string, at: number): number };

export const WIRE = { VARINT: 0, FIXED64: 1, LENGTH: 2, FIXED32: 5 } as const;

const FIRST_BYTES = 64 << 10;

export function createWriter(sizeBytes = FIRST_BYTES): ProtobufWriter {
  return { bytes: newBytes(sizeBytes), at: 0 };
}

/** What was written: a view, valid until the writer is used again. */
export function writtenBytes(writer: ProtobufWriter): Buffer {
  return writer.bytes.subarray(0, writer.at);
}

function newBytes(sizeBytes: number): WritableBuffer {
  return Buffer.allocUnsafeSlow(sizeBytes) as WritableBuffer;
}

function reserve(writer: ProtobufWriter, sizeBytes: number): void {
  const needed = writer.at + sizeBytes;
  if (needed <= writer.bytes.length) return;
  const bytes = newBytes(Math.max(needed, 2 * writer.bytes.length));
  writer.bytes.copy(bytes, 0, 0, writer.at);
  writer.bytes = bytes;
}

export function writeTag(writer: ProtobufWriter, field: number, wire: number): void {
  const tag = (field << 3) | wire;
  reserve(writer, 2);
  if (tag < 0x80) writer.bytes[writer.at++] = tag;
  else writeVarint(writer, tag);
}

/** @param value an integer of int64. A negative one takes ten bytes. */
export function writeVarint(writer: ProtobufWriter, value: number): void {
  reserve(writer, 10);
  const { bytes } = writer;
  let { at } = writer;
  if (value < 0 || value > 0xffff_ffff) {
    writer.at = writeLongVarint(bytes, at, BigInt.asUintN(64, BigInt(value)));
    return;
  }
  let rest = value;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  writer.at = at;
}

function writeLongVarint(bytes: Buffer, from: number, value: bigint): number {
  let at = from;
  let rest = value;
  while (rest > 0x7fn) {
    bytes[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  bytes[at++] = Number(rest);
  return at;
}

export function writeFixed32(writer: ProtobufWriter, value: number): void {
  reserve(writer, 4);
  writer.at = writer.bytes.writeUInt32LE(value, writer.at);
}

/** @param value a count, exact. */
export function writeFixed64(writer: ProtobufWriter, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  writeFixed32(writer, value - high * 2 ** 32);
  writeFixed32(writer, high >>> 0);
}

export function writeDouble(writer: ProtobufWriter, value: number): void {
  reserve(writer, 8);
  writer.at = writer.bytes.writeDoubleLE(value, writer.at);
}

/** Up to here a loop is quicker than a call into the runtime (30 ns). */
const SHORT_TEXT = 12;

/** A string with its length; a half of a surrogate pair becomes U+FFFD. */
export function writeText(writer: ProtobufWriter, text: string): void {
  const { length } = text;
  reserve(writer, 3 * length + 5); // UTF-8 takes three bytes a UTF-16 unit at most
  const { bytes } = writer;
  if (length <= SHORT_TEXT) {
    const start = writer.at + 1;
    let at = start;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        at = start + bytes.utf8Write(text, start);
        break;
      }
      bytes[at++] = unit;
    }
    bytes[start - 1] = at - start;
    writer.at = at;
    return;
  }
  const start = beginMessage(writer, length < 0x80 ? 1 : 2);
  writer.at = start + bytes.utf8Write(text, start);
  endMessage(writer, start, length < 0x80 ? 1 : 2);
}

/** Bytes as they are. */
export function writeRaw(writer: ProtobufWriter, raw: Uint8Array): void {
  reserve(writer, raw.length);
  writer.bytes.set(raw, writer.at);
  writer.at += raw.length;
}

/** Hexadecimal digits as bytes, with their number. */
export function writeHex(writer: ProtobufWriter, hex: string): void {
  const size = hex.length >>> 1;
  reserve(writer, size + 1);
  const { bytes } = writer;
  let { at } = writer;
  bytes[at++] = size;
  for (let i = 0; i < size; i++) {
    bytes[at++] = (digit(hex.charCodeAt(2 * i)) << 4) | digit(hex.charCodeAt(2 * i + 1));
  }
  writer.at = at;
}

/** Of `0` to `9` and `a` to `f`. */
function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

/** @param lengthBytes what the length will probably take. @returns for `endMessage`. */
export function beginMessage(writer: ProtobufWriter, lengthBytes: 1 | 2 | 3 = 1): number {
  reserve(writer, lengthBytes);
  writer.at += lengthBytes;
  return writer.at;
}

export function endMessage(writer: ProtobufWriter, start: number, lengthBytes: 1 | 2 | 3 = 1): void {
  const size = writer.at - start;
  const needed = varintBytes(size);
  if (needed !== lengthBytes) {
    reserve(writer, needed);
    writer.bytes.copyWithin(start - lengthBytes + needed, start, writer.at);
  }
  const end = writer.at - lengthBytes + needed;
  const at = start - lengthBytes;
  if (needed === 1) {
    writer.bytes[at] = size;
  } else {
    writer.at = at;
    writeVarint(writer, size);
  }
  writer.at = end;
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}
