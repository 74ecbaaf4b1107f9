import { captureOp, chunkHeaderBytes } from '../probe/capture/capture-op.ts';
import { bodyPartAt } from '../probe/capture/float-plan.ts';
import type { CapturedFloats } from '../probe/capture/shape.ts';
import { ChunkReader, chunkStatus } from './chunk-reader.ts';

/**
 * Puts the floats of a capture within a function (float-plan.ts, bodyOps) into the image of the capture at its entry. Leaves
 * out what was not read, or has no place there: its image was cut short.
 */
export function addFloats(entry: Uint8Array, floats: CapturedFloats, body: Uint8Array): void {
  const from = new ChunkReader(body).start(0, body.length);
  const image = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  if (from.next(captureOp.image) !== chunkStatus.ok || from.captured < 8) return;
  const known = from.view.getUint32(from.payload, true);
  for (const { part, at, sizeBytes } of floats.parts) {
    const source = from.payload + bodyPartAt(part);
    const isThere = (known & (2 ** part)) !== 0 && source + sizeBytes <= from.payload + from.captured;
    const knownAt = chunkHeaderBytes + floats.knownAt;
    const target = chunkHeaderBytes + at;
    if (!isThere || Math.max(knownAt + 8, target + sizeBytes) > entry.length) continue;
    entry.set(from.bytes.subarray(source, source + sizeBytes), target);
    image.setUint32(knownAt, image.getUint32(knownAt, true) | (2 ** part), true);
  }
}
