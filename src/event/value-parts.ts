import type { Shape } from '../probe/capture/shape.ts';
import { type ChunkReader, chunkStatus } from './chunk-reader.ts';
import type { Value, ValueContent } from './value.ts';

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

/** An address, also one that no program has: all digits of what is there. */
export function wordText(view: DataView, at: number): string {
  return `0x${view.getBigUint64(at, true).toString(16)}`;
}

/** The fields of a struct, or of one that a pointer or interface leads to; none of any other value. */
export function fieldsOf({ value }: Value): readonly Value[] {
  return isValueList(value) ? value : [];
}

export function fieldNamed(value: Value, name: string): Value | undefined {
  return fieldsOf(value).find((field) => field.name === name);
}

export function textOf(value: Value | undefined): string | undefined {
  return typeof value?.value === 'string' ? value.value : undefined;
}

function isValueList(content: ValueContent | undefined): content is readonly Value[] {
  return (
    Array.isArray(content) && content.every((item) => item !== null && typeof item === 'object' && 'goType' in item)
  );
}
