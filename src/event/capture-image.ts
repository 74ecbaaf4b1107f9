import { captureOp } from '../probe/capture/capture-op.ts';
import type { CaptureShape, Shape } from '../probe/capture/shape.ts';
import { type ChunkReader, chunkStatus } from './chunk-reader.ts';
import { readLength } from './value-parts.ts';

/** Where a capture's first image is, or why it is not there. */
export interface CaptureImage {
  /** Offset in the reader's bytes. */
  readonly base: number;
  readonly fault: boolean;
  readonly absent?: string | undefined;
}

/** The chunk of the plan's first image. */
export function openImage(capture: CaptureShape, reader: ChunkReader, absent: string | undefined): CaptureImage {
  if (reader.isEmpty && capture.imageBytes === 0) return { base: 0, fault: false, absent };
  if (reader.isEmpty) return { base: 0, fault: false, absent: absent ?? 'not captured' };
  const status = reader.next(captureOp.image);
  const fault = status === chunkStatus.fault;
  if (!fault && status !== chunkStatus.ok) return { base: 0, fault, absent: reader.reason() };
  if (reader.captured < capture.imageBytes) {
    reader.lose(`image of ${reader.captured} bytes where the plan has ${capture.imageBytes}`);
    return { base: 0, fault, absent: reader.reason() };
  }
  return { base: reader.payload, fault };
}

/** Where the dictionary of a call of generic code is, by its capture at entry. Leaves the reader where it was. */
export function dictionaryAddress({ dictionaryAt, imageBytes }: CaptureShape, reader: ChunkReader): number | undefined {
  if (dictionaryAt === undefined) return undefined;
  const payload = reader.peek(captureOp.image, imageBytes);
  return payload === undefined ? undefined : readLength(reader.view, payload + dictionaryAt);
}

/** Whether some value is decoded from the first image itself. Else it has but the addresses of what the kernel side read. */
export function isImageRead({ values, dictionaryAt }: CaptureShape): boolean {
  return dictionaryAt !== undefined || values.some(({ shape }) => readsImage(shape));
}

function readsImage(shape: Shape): boolean {
  switch (shape.kind) {
    case 'struct':
      return shape.fields.some((field) => readsImage(field.shape));
    case 'text':
    case 'pointer':
    case 'words':
    case 'context':
    case 'map':
    case 'entries':
    case 'chan':
    case 'func':
    case 'interface':
    case 'header':
    case 'traceparent':
    case 'label':
    case 'missing':
      return false;
    default:
      return true;
  }
}
