import type { Shape } from '../probe/shape.ts';
import { type ChunkReader, chunkStatus } from './chunk-reader.ts';
import type { Value } from './value.ts';

/** A chunk that is not OK: nil is a value, all else a reason. */
export function notOk(name: string, shape: Shape, reader: ChunkReader): Value {
  return reader.status === chunkStatus.nil ? nil(name, shape) : unavailable(name, shape, reader.reason());
}

export function nil(name: string, { type, goType }: Shape): Value {
  return { name, type, goType, value: null };
}

export function unavailable(name: string, { type, goType }: Shape, reason: string): Value {
  return { name, type, goType, unavailable: reason };
}

export function isZeroWord(view: DataView, at: number): boolean {
  return view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) === 0;
}

/** A length, count or address: exact below 2^53. */
export function readLength(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}
