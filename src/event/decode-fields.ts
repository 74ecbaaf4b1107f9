import { captureOp } from '../probe/capture/capture-op.ts';
import type { CaptureShape, NamedShape, Shape } from '../probe/capture/shape.ts';
import { openImage } from './capture-image.ts';
import { type ChunkReader, chunkStatus } from './chunk-reader.ts';
import { type DecodeContext, decodeShape } from './decode-value.ts';
import type { Value } from './value.ts';

/**
 * The named fields of a preset's capture, behind those that are there already. Structs and pointers without a name are only the way to them. A field behind a
 * nil pointer is null, or what the preset says that nil means. Fields that another one made needless are left out.
 */
export function decodeFields(
  capture: CaptureShape,
  reader: ChunkReader,
  context: DecodeContext,
  absent?: string,
  fields: Value[] = [],
): Value[] {
  const image = openImage(capture, reader, absent);
  for (const value of capture.values) {
    if (image.absent !== undefined) setAll(value, fields, (shape, name) => withReason(shape, name, image.absent ?? ''));
    else decodeField(value, image.base, reader, context, fields);
  }
  return fields;
}

/** Which of a probe's captures the reader stands at: the sizes of their first images differ (src/probe/preset/plan-preset.ts). */
export function captureOf(captures: readonly CaptureShape[], reader: ChunkReader): CaptureShape | undefined {
  if (captures.length <= 1) return captures[0];
  const imageBytes = reader.nextCaptured;
  return captures.find((capture) => capture.imageBytes === imageBytes) ?? captures[0];
}

/** The type and data words of a context's value. */
const contextValueBytes = 16;
/** Of messages of gRPC: each stream that is open needs a place. */
const notCounted = 'more streams at once than there are places (SIDESPAN_MAX_GOROUTINES)';

type Fields = Value[];

function decodeField(
  { name, shape }: NamedShape,
  base: number,
  reader: ChunkReader,
  context: DecodeContext,
  fields: Fields,
): void {
  if (name !== '') {
    const value = decodeShape(shape, name, base, reader, context);
    if (shape.kind === 'interface' && shape.spread) spread(value, shape.spread, fields);
    else fields.push(value);
    return;
  }
  switch (shape.kind) {
    case 'struct':
      for (const field of shape.fields) decodeField(field, base, reader, context, fields);
      break;
    case 'words': {
      const status = reader.next(captureOp.words);
      if (status !== chunkStatus.ok) {
        const reason = reader.reason();
        for (const field of shape.fields) setAll(field, fields, (leaf, name) => withReason(leaf, name, reason));
        break;
      }
      for (const field of shape.fields) decodeField(field, reader.payload, reader, context, fields);
      break;
    }
    case 'pointer':
    case 'context': {
      let status = reader.next(shape.kind === 'pointer' ? captureOp.pointer : captureOp.context);
      const sizeBytes = shape.kind === 'context' ? contextValueBytes : shape.unsent ? 0 : shape.sizeBytes;
      if (status === chunkStatus.ok && reader.captured < sizeBytes) {
        status = reader.lose(`${reader.captured} bytes where the plan has ${sizeBytes}`);
      }
      const target = { name: '', shape: shape.target };
      if (status === chunkStatus.ok) {
        decodeField(target, reader.payload, reader, context, fields);
      } else if (status === chunkStatus.needless) {
        // Another field says what these would.
      } else if (status === chunkStatus.nil || status === chunkStatus.absent) {
        setAll(target, fields, whenNil);
      } else {
        const isCount = shape.kind === 'pointer' && shape.messages && status === chunkStatus.noRoom;
        const reason = isCount ? notCounted : reader.reason();
        setAll(target, fields, (leaf, leafName) => withReason(leaf, leafName, reason));
      }
      break;
    }
  }
}

/** Fields of a value behind an interface under the preset's names. */
function spread(value: Value, names: Readonly<Record<string, string>>, fields: Fields): void {
  const inner = Array.isArray(value.value) ? (value.value as readonly Value[]) : [];
  for (const field of inner) {
    const name = names[field.name];
    if (name !== undefined) fields.push({ ...field, name });
  }
}

function setAll({ name, shape }: NamedShape, fields: Fields, makeValue: (shape: Shape, name: string) => Value): void {
  if (name !== '') {
    fields.push(makeValue(shape, name));
  } else if (shape.kind === 'struct' || shape.kind === 'words') {
    for (const field of shape.fields) setAll(field, fields, makeValue);
  } else if (shape.kind === 'pointer' || shape.kind === 'context') {
    setAll({ name: '', shape: shape.target }, fields, makeValue);
  }
}

function whenNil(shape: Shape, name: string): Value {
  const value = shape.kind === 'integer' ? (shape.whenNil ?? null) : null;
  return { name, type: shape.type, goType: shape.goType, value };
}

function withReason({ type, goType }: Shape, name: string, unavailable: string): Value {
  return { name, type, goType, unavailable };
}
