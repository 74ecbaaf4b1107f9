import { captureOp } from '../probe/capture/capture-op.ts';
import type { MapShape } from '../probe/capture/shape.ts';
import { redacted } from '../redaction/redaction.ts';
import { type ChunkReader, chunkStatus } from './chunk-reader.ts';
import { type DecodeContext, decodeShape, itemContent } from './decode-value.ts';
import type { Value, ValueContent } from './value.ts';
import { notOk } from './value-parts.ts';

/** Entries in the order of their keys, as Go prints maps. */
export function decodeMap(shape: MapShape, name: string, reader: ChunkReader, context: DecodeContext): Value {
  const { type, goType } = shape;
  if (reader.next(captureOp.map, shape.entryBytes) !== chunkStatus.ok) return notOk(name, shape, reader);
  const { captured, payload, total } = reader;
  const entries: { key: ValueContent; value: ValueContent }[] = [];
  for (let i = 0; i < captured; i++) {
    const start = payload + i * shape.entryBytes;
    const key = decodeShape(shape.keyShape, '', start, reader, context);
    const value = decodeShape(shape.valueShape, '', start, reader, context);
    const isHidden = typeof key.value === 'string' && context.redaction?.hidesName(key.value, true) === true;
    entries.push({ key: itemContent(key), value: isHidden ? { unavailable: redacted } : itemContent(value) });
  }
  entries.sort((a, b) => compareKeys(a.key, b.key));
  return entries.length < total
    ? { name, type, goType, value: entries, truncated: { of: total } }
    : { name, type, goType, value: entries };
}

function compareKeys(a: ValueContent, b: ValueContent): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [a, b].map((key) => (typeof key === 'string' ? key : JSON.stringify(key))) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}
