import type { Found, GoBinary } from '../binary/go-binary.ts';
import { mapKind } from './wire.ts';

/** struct process of bpf/event.h. */
export interface ProcessOffsets {
  readonly goid: number;
  readonly stackHi: number;
  /** runtime.g._panic and runtime._panic.fp: which calls a recovered panic unwound. Not before Go 1.22. */
  readonly recovery: { readonly panic: number; readonly panicFp: number } | undefined;
  readonly mapKind: (typeof mapKind)[keyof typeof mapKind];
}

/** Offsets in the runtime's own structs, from the binary's type descriptors. */
export function processOffsets(binary: GoBinary): Found<ProcessOffsets> {
  const goid = offsetOf(binary, 'runtime.g', 'goid');
  const stack = offsetOf(binary, 'runtime.g', 'stack');
  const hi = offsetOf(binary, 'runtime.stack', 'hi');
  if (goid === undefined || stack === undefined || hi === undefined) {
    return { unavailable: 'its type descriptors have no runtime.g: goroutines could not be told apart' };
  }
  const panicFp = offsetOf(binary, 'runtime._panic', 'fp');
  const panic = panicFp === undefined ? undefined : offsetOf(binary, 'runtime.g', '_panic');
  // The swiss map's type is in every program that has a map since Go 1.24.
  const isSwiss = binary.runtimeType('internal/runtime/maps.Map') !== undefined || !hasBucketMaps(binary);
  return {
    value: {
      goid,
      stackHi: stack + hi,
      recovery: panic === undefined || panicFp === undefined ? undefined : { panic, panicFp },
      mapKind: isSwiss ? mapKind.swiss : mapKind.buckets,
    },
  };
}

function hasBucketMaps(binary: GoBinary): boolean {
  return binary.functionsNamed('runtime.hashGrow').length > 0 || binary.runtimeType('runtime.hmap') !== undefined;
}

function offsetOf(binary: GoBinary, type: string, field: string): number | undefined {
  return binary.runtimeType(type)?.fields?.find((candidate) => candidate.name === field)?.offsetBytes;
}
