import { captureOp } from '../probe/capture/capture-op.ts';
import type { HeaderShape, Shape, TextShape } from '../probe/capture/shape.ts';
import { type Redaction, redacted } from '../redaction/redaction.ts';
import { type ChunkReader, chunkStatus } from './chunk-reader.ts';
import { decodeText, isText } from './decode-text.ts';
import type { DecodeContext } from './decode-value.ts';
import { presented } from './present-value.ts';
import type { Value } from './value.ts';
import { nil, notOk, readLength, unavailable } from './value-parts.ts';

/** From its chunk alone: the image with the header may not have been sent. */
export function decodeTextValue(
  shape: TextShape,
  name: string,
  reader: ChunkReader,
  givenContext: DecodeContext,
): Value {
  const context = shape.raw ? { ...givenContext, redaction: undefined } : givenContext;
  const status = reader.next(captureOp.string);
  if (isInFile(status)) return constantValue(shape, name, shape.maxBytes, reader, context);
  if (status !== chunkStatus.ok && status !== chunkStatus.nil) return notOk(name, shape, reader);
  if (status === chunkStatus.nil && shape.isBytes) return nil(name, shape);
  if (reader.total === 0) return { name, type: shape.type, goType: shape.goType, value: '' };
  if (status === chunkStatus.nil) return unavailable(name, shape, 'fault');
  const value = chunkValue(shape, name, reader, shape.isBytes, context);
  return shape.isBytes ? presented(value, context) : value;
}

/** Whether the kernel side sent the bytes' address in their place. */
function isInFile(status: number): boolean {
  return status === chunkStatus.constant || status === chunkStatus.notResident;
}

/** Bytes of which the address came: a constant's are in the file. */
function constantValue(
  shape: Shape,
  name: string,
  maxBytes: number,
  reader: ChunkReader,
  context: DecodeContext,
): Value {
  // Where another module lies differs from process to process.
  const texts = reader.status === chunkStatus.constant ? context.texts : undefined;
  const known = texts?.find(reader, shape, name);
  if (known !== undefined) return known;
  const isBytes = shape.kind === 'text' && shape.isBytes;
  const { total } = reader;
  const captured = Math.min(total, maxBytes);
  const vaddr = reader.captured < 8 ? 0 : readLength(reader.view, reader.payload);
  const constant = context.constantBytes?.(vaddr, captured);
  if (constant === undefined) return notOk(name, shape, reader);
  const bytes = Buffer.from(constant.buffer, constant.byteOffset, constant.byteLength);
  const decoded = bytesValue(shape, name, { bytes, payload: 0, captured, total }, isBytes, context);
  if (isBytes) return presented(decoded, context);
  const isRaw = shape.kind === 'text' && shape.raw;
  const value: Value = isRaw && reader.status === chunkStatus.constant ? { ...decoded, constant: true } : decoded;
  texts?.offer(value);
  return value;
}

export function decodeHeader(shape: HeaderShape, name: string, reader: ChunkReader, context: DecodeContext): Value {
  const first = headerLine(reader.next(captureOp.header), shape, name, reader, context);
  if (reader.peek(captureOp.headerLine, 0) === undefined) return first;
  const lines: string[] = [];
  let { truncated } = first;
  let hasMoreLines = false;
  while (reader.peek(captureOp.headerLine, 0) !== undefined) {
    const status = reader.next(captureOp.headerLine);
    const line = headerLine(status, shape, name, reader, context);
    truncated ??= line.truncated;
    hasMoreLines ||= typeof line.value !== 'string';
    if (typeof line.value === 'string') lines.push(line.value);
  }
  return { ...first, ...(truncated && { truncated }), lines, ...(hasMoreLines && { hasMoreLines }) };
}

function headerLine(
  status: number,
  shape: HeaderShape,
  name: string,
  reader: ChunkReader,
  context: DecodeContext,
): Value {
  if (status === chunkStatus.ok) return chunkValue(shape, name, reader, false, context);
  if (isInFile(status)) return constantValue(shape, name, shape.maxBytes, reader, context);
  // A line without a text has no address.
  if (status === chunkStatus.nil) return { ...nil(name, shape), value: '' };
  // A header that isn't there is known not to be there.
  if (status === chunkStatus.absent) return nil(name, shape);
  return notOk(name, shape, reader);
}

function chunkValue(shape: Shape, name: string, reader: ChunkReader, isBytes: boolean, context: DecodeContext): Value {
  const known = context.texts?.find(reader, shape, name);
  if (known !== undefined) return known;
  const value = bytesValue(shape, name, reader, isBytes, context);
  context.texts?.offer(value);
  return value;
}

/** Part of a text or of bytes. */
interface CapturedBytes {
  readonly bytes: Buffer;
  /** Offset of the first one that was captured. */
  readonly payload: number;
  readonly captured: number;
  /** Of which these are the first. */
  readonly total: number;
}

export function bytesValue(
  { type, goType }: Shape,
  name: string,
  { bytes, payload, captured, total }: CapturedBytes,
  isBytes: boolean,
  { redaction }: DecodeContext,
): Value {
  const end = payload + captured;
  const isCut = captured < total;
  if (isBytes && !isText(bytes, payload, end, isCut)) {
    const hidden = redaction !== undefined && holdsSecret(redaction, bytes, payload, end, isCut);
    if (hidden) return { name, type, goType, unavailable: redacted };
    const hex = bytes.toString('hex', payload, end);
    return { name, type, goType, value: hex, encoding: 'hex', ...(isCut ? { truncated: { of: total } } : {}) };
  }
  const text = decodeText(bytes, payload, end, isCut);
  const value = redaction === undefined ? text : redaction.text(text, isCut);
  return isCut ? { name, type, goType, value, truncated: { of: total } } : { name, type, goType, value };
}

/** Whether there is one among bytes that are no text as a whole, as in a message that a protocol wrapped. */
function holdsSecret(redaction: Redaction, bytes: Buffer, start: number, end: number, isCut: boolean): boolean {
  const text = bytes.toString('latin1', start, end);
  return redaction.text(text, isCut) !== text;
}
