import type { CodeFrame } from '../binary/go-binary.ts';
import { captureOp } from '../probe/capture/capture-op.ts';
import {
  type ArrayShape,
  byteName,
  type CaptureShape,
  type InterfaceShape,
  type PointerShape,
  type ReferenceShape,
  type Shape,
  type SliceShape,
  type StructShape,
} from '../probe/capture/shape.ts';
import { type Redaction, redacted } from '../redaction/redaction.ts';
import { openImage } from './capture-image.ts';
import { type ChunkReader, chunkStatus } from './chunk-reader.ts';
import type { ConcreteValues } from './concrete-value.ts';
import { bytesValue, decodeHeader, decodeTextValue } from './decode-bytes.ts';
import { decodeMap } from './decode-map.ts';
import { decodeScalar } from './decode-scalar.ts';
import { presented } from './present-value.ts';
import type { TextCache } from './text-cache.ts';
import type { Value, ValueContent } from './value.ts';
import { isZeroWord, nil, notOk, readLength, unavailable, wordText } from './value-parts.ts';

/** How the reader names what only the binary knows. */
export interface DecodeContext {
  /** The dynamic type that the kernel knows under that id. */
  dynamicType(id: number): DynamicValueShape | undefined;
  /** Name of the type whose descriptor has that linked address. */
  typeName(typeVaddr: number): string | undefined;
  /** Name of the function at that running address. */
  functionName(pc: number): string | undefined;
  /** The calls that the instruction at that running address is of, innermost first. */
  codeFrames?(pc: number): readonly CodeFrame[];
  /** Name of the type whose descriptor has that running address. */
  runningTypeName?(address: number): string | undefined;
  /** Bytes of the executable that never change, by the executable's linked address; undefined: they are none. */
  constantBytes?(vaddr: number, sizeBytes: number): Uint8Array | undefined;
  /** What stands before the first literal of texts that the kernel side has given this number. */
  textShape?(number: number): { readonly text: string; readonly isCut: boolean } | undefined;
  /** Names in a value of generic code by what the dictionary at that running address says. */
  readonly concrete?: ConcreteValues | undefined;
  /** What is not to be shown; undefined: nothing. */
  readonly redaction?: Redaction | undefined;
  /** Of all contexts with the same redaction. */
  readonly texts?: TextCache | undefined;
}

/** How to read a value behind an interface. */
export interface DynamicValueShape {
  readonly typeName: string;
  /** Of the image: of the value, or 8 for a pointer-shaped one. */
  readonly sizeBytes: number;
  readonly shape: Shape;
  /** The message of an `error`, or another text, made from its decoded fields; undefined: the fields are shown. */
  readonly present?: ((value: Value, context: DecodeContext) => ValueContent | undefined) | undefined;
}

/**
 * The values of a capture, one for each of the plan's.
 * @param absent why nothing was captured: `left by a tail call`, `panic` … Left out where that is not expected; values of
 * no size need no capture.
 * @param dictionary of generic code: the running address of the call's, see `dictionaryAddress` (capture-image.ts)
 */
export function decodeValues(
  capture: CaptureShape,
  reader: ChunkReader,
  context: DecodeContext,
  absent?: string,
  dictionary?: number,
): Value[] {
  const image = openImage(capture, reader, absent);
  return capture.values.map((captured) => {
    const { name, onStack } = captured;
    const concrete = dictionary === undefined ? undefined : context.concrete?.(captured, dictionary);
    const shape = concrete?.shape ?? captured.shape;
    if (shape.kind === 'missing') return unavailable(name, shape, shape.reason);
    if (image.absent !== undefined) return unavailable(name, shape, image.absent);
    // The chunks behind it were written and must be walked over.
    const value = decodeShape(shape, name, image.base, reader, context);
    if (concrete?.hidden) return unavailable(name, shape, redacted);
    return onStack && image.fault ? unavailable(name, shape, 'fault') : value;
  });
}

/** A value of the image at `base` (an offset in the reader's bytes). Takes the chunks that the shape's ops wrote. */
export function decodeShape(
  shape: Shape,
  name: string,
  base: number,
  reader: ChunkReader,
  context: DecodeContext,
): Value {
  switch (shape.kind) {
    case 'integer':
    case 'bool':
    case 'float':
    case 'complex':
    case 'address':
    case 'time':
    case 'word':
    case 'present':
      return decodeScalar(shape, name, base, reader.view);
    case 'text':
      return decodeTextValue(shape, name, reader, context);
    case 'struct':
      return presented(
        { name, type: shape.type, goType: shape.goType, value: decodeFieldList(shape, base, reader, context) },
        context,
      );
    case 'array':
      return decodeArray(shape, name, base, reader, context);
    case 'slice':
      return decodeSlice(shape, name, base, reader, context);
    case 'pointer':
      return decodePointer(shape, name, reader, context);
    case 'entries':
      return decodeMap(shape, name, reader, context);
    case 'map':
    case 'chan':
    case 'func':
      return decodeReference(shape, name, reader, context);
    case 'interface':
      return decodeInterface(shape, name, reader, context);
    case 'header':
      return decodeHeader(shape, name, reader, context);
    case 'context':
      if (reader.next(captureOp.context) !== chunkStatus.ok) return notOk(name, shape, reader);
      if (reader.captured < 16) {
        reader.lose(`${reader.captured} bytes of a context's value`);
        return notOk(name, shape, reader);
      }
      return decodeShape(shape.target, name, reader.payload, reader, context);
    case 'unfollowed':
      if (isZeroWord(reader.view, base + shape.at)) return nil(name, shape);
      return unavailable(name, shape, shape.reason);
    case 'words':
      // A group of a preset's fields (decode-fields.ts), no value by itself.
      reader.next(captureOp.words);
      return unavailable(name, shape, 'a group of fields');
    case 'traceparent':
    case 'label':
    case 'missing':
      return unavailable(name, shape, shape.kind === 'missing' ? shape.reason : 'kept in the kernel');
  }
}

function decodeFieldList(shape: StructShape, base: number, reader: ChunkReader, context: DecodeContext): Value[] {
  const fields = shape.fields;
  const values: Value[] = new Array(fields.length);
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field !== undefined) values[i] = decodeShape(field.shape, field.name, base, reader, context);
  }
  return values;
}

function decodeArray(
  shape: ArrayShape,
  name: string,
  base: number,
  reader: ChunkReader,
  context: DecodeContext,
): Value {
  const { type, goType, items, length, item } = shape;
  if (item.kind === 'integer' && byteName.test(item.goType) && length > 0) {
    const part = { bytes: reader.bytes, payload: base + shape.at, captured: items, total: length };
    return presented(bytesValue(shape, name, part, true, context), context);
  }
  const value = decodeItems(shape, items, base + shape.at, reader, context);
  return items < length ? { name, type, goType, value, truncated: { of: length } } : { name, type, goType, value };
}

function decodeSlice(
  shape: SliceShape,
  name: string,
  base: number,
  reader: ChunkReader,
  context: DecodeContext,
): Value {
  const { type, goType } = shape;
  const at = base + shape.at;
  const isNil = isZeroWord(reader.view, at);
  const length = readLength(reader.view, at + 8);
  const capacity = readLength(reader.view, at + 16);
  let value: ValueContent[] = [];
  if (shape.maxItems > 0) {
    const status = reader.next(captureOp.slice, shape.itemBytes);
    if (status === chunkStatus.ok) {
      value = decodeItems(shape, reader.captured, reader.payload, reader, context);
    } else if (status !== chunkStatus.nil || !(isNil || length === 0)) return notOk(name, shape, reader);
  }
  if (isNil) return nil(name, shape);
  return value.length < length
    ? { name, type, goType, value, capacity, truncated: { of: length } }
    : { name, type, goType, value, capacity };
}

function decodeItems(
  shape: ArrayShape | SliceShape,
  count: number,
  start: number,
  reader: ChunkReader,
  context: DecodeContext,
): ValueContent[] {
  const items: ValueContent[] = [];
  for (let i = 0; i < count; i++) {
    items.push(itemContent(decodeShape(shape.item, '', start + i * shape.itemBytes, reader, context)));
  }
  return items;
}

/** An item has no name and the slice's type says its own; what the content alone can't say makes it an object. */
export function itemContent(item: Value): ValueContent {
  const isInterface = item.type === 'INTERFACE';
  if (item.unavailable !== undefined) {
    return { ...(isInterface ? { goType: item.goType } : {}), unavailable: item.unavailable };
  }
  const value = item.value ?? null;
  const isDynamic = isInterface && value !== null;
  if (!isDynamic && item.truncated === undefined && item.encoding === undefined) return value;
  return {
    ...(isDynamic ? { goType: item.goType } : {}),
    value,
    ...(item.encoding === undefined ? {} : { encoding: item.encoding }),
    ...(item.truncated === undefined ? {} : { truncated: { of: item.truncated.of } }),
  };
}

function decodePointer(shape: PointerShape, name: string, reader: ChunkReader, context: DecodeContext): Value {
  if (reader.next(captureOp.pointer) !== chunkStatus.ok) return notOk(name, shape, reader);
  if (reader.captured < shape.sizeBytes) {
    reader.lose(`${reader.captured} bytes behind a pointer where the plan has ${shape.sizeBytes}`);
    return notOk(name, shape, reader);
  }
  return {
    ...decodeShape(shape.target, name, reader.payload, reader, context),
    type: shape.type,
    goType: shape.goType,
  };
}

function decodeReference(shape: ReferenceShape, name: string, reader: ChunkReader, context: DecodeContext): Value {
  const { type, goType } = shape;
  if (reader.next(captureOp.pointer) !== chunkStatus.ok) return notOk(name, shape, reader);
  const wanted = shape.kind === 'chan' ? 16 : 8;
  if (reader.captured < wanted) {
    reader.lose(`${reader.captured} bytes of a ${shape.kind} where the plan has ${wanted}`);
    return notOk(name, shape, reader);
  }
  const { view, payload } = reader;
  if (shape.kind === 'func') {
    const pc = readLength(view, payload);
    return { name, type, goType, value: context.functionName(pc) ?? wordText(view, payload) };
  }
  const first = readLength(view, payload);
  // Of its entries none were captured.
  if (shape.kind === 'map') return { name, type, goType, value: [], ...(first > 0 && { truncated: { of: first } }) };
  return { name, type, goType, value: { length: first, capacity: readLength(view, payload + 8) } };
}

function decodeInterface(shape: InterfaceShape, name: string, reader: ChunkReader, context: DecodeContext): Value {
  const { type } = shape;
  const status = reader.next(captureOp.interface);
  if (reader.captured < 8) {
    if (status === chunkStatus.nil) return nil(name, shape);
    // A header without the type's address: there was no room for it.
    if (status === chunkStatus.ok) reader.status = chunkStatus.noRoom;
    return unavailable(name, shape, reader.reason());
  }
  const typeVaddr = readLength(reader.view, reader.payload);
  if (status !== chunkStatus.ok) {
    const goType = context.typeName(typeVaddr) ?? `type at 0x${typeVaddr.toString(16)}`;
    return { name, type, goType, unavailable: reader.reason() };
  }
  const dynamic = context.dynamicType(reader.total);
  if (dynamic === undefined) {
    reader.lose(`dynamic type ${reader.total} is unknown`);
    return notOk(name, shape, reader);
  }
  const goType = dynamic.typeName;
  const imageStatus = reader.next(captureOp.image);
  const fault = imageStatus === chunkStatus.fault || imageStatus === chunkStatus.notResident;
  const reason = reader.reason();
  if ((!fault && imageStatus !== chunkStatus.ok) || reader.captured < dynamic.sizeBytes) {
    if (imageStatus === chunkStatus.ok) reader.lose(`${reader.captured} bytes of a ${goType}`);
    return { name, type, goType, unavailable: reader.reason() };
  }
  // After a fault the plan ran over zeros: its chunks must be walked over all the same.
  const inner = decodeShape(dynamic.shape, name, reader.payload, reader, context);
  if (fault) return { name, type, goType, unavailable: reason };
  const shown = dynamic.present?.(inner, context);
  if (shown !== undefined) return { name, type, goType, value: shown };
  return { ...inner, type, goType };
}
