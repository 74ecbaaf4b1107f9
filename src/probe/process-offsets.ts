import { unlessDamaged } from '../binary/binary-error.ts';
import type { AddressRange, Found, GoBinary } from '../binary/go-binary.ts';
import { minorOfVersion } from '../binary/go-layout.ts';
import type { GoType } from '../binary/go-type.ts';
import { measuredOffset } from '../binary/runtime-offsets.ts';
import type { CallingConvention } from './code/calling-convention.ts';
import { mapKind } from './wire.ts';

/** struct process of bpf/event.h. */
export interface ProcessOffsets {
  readonly goid: number;
  readonly stackHi: number;
  /**
   * Which calls a recovered panic unwound: runtime.g._panic and runtime._panic.fp, or before Go 1.22 runtime.g.sigcode0,
   * which gopanic sets to the SP of the function that recovers.
   */
  readonly recovery: { readonly panic: number; readonly panicFp: number } | { readonly recoverySp: number } | undefined;
  /** Where a thread keeps g in code of ABI0, from its FS base. 0 if no site needs it. */
  readonly threadG: number;
  readonly mapKind: (typeof mapKind)[keyof typeof mapKind];
  /** Where the program keeps what is never written: its code and its constants, strings too. */
  readonly constants: AddressRange;
}

/** Offsets in the runtime's own structs, from the binary's type descriptors. */
export function processOffsets(binary: GoBinary, { abi, threadG }: CallingConvention): Found<ProcessOffsets> {
  if (abi === 'stack' && threadG.value === undefined) return threadG;
  const goid = offsetOf(binary, 'runtime.g', 'goid');
  const stack = offsetOf(binary, 'runtime.g', 'stack');
  const hi = offsetOf(binary, 'runtime.stack', 'hi');
  if (goid === undefined || stack === undefined || hi === undefined) {
    return { unavailable: 'its type descriptors have no runtime.g: goroutines could not be told apart' };
  }
  // The swiss map's type is in every program that has a map since Go 1.24.
  const isSwiss = typeOf(binary, 'internal/runtime/maps.Map') !== undefined || !hasBucketMaps(binary);
  return {
    value: {
      goid,
      stackHi: stack + hi,
      recovery: recoveryOf(binary),
      threadG: threadG.value ?? 0,
      mapKind: isSwiss ? mapKind.swiss : mapKind.buckets,
      constants: binary.constants,
    },
  };
}

/** Offset of runtime.g.parentGoid; undefined before Go 1.21. */
export function measuredParentGoid(binary: GoBinary): number | undefined {
  return offsetOf(binary, 'runtime.g', 'parentGoid');
}

/** Offset of runtime.g.waitreason. */
export function measuredWaitReason(binary: GoBinary): number | undefined {
  return offsetOf(binary, 'runtime.g', 'waitreason');
}

function recoveryOf(binary: GoBinary): ProcessOffsets['recovery'] {
  const panic = offsetOf(binary, 'runtime.g', '_panic');
  const panicFp = offsetOf(binary, 'runtime._panic', 'fp');
  if (panicFp !== undefined) return panic === undefined ? undefined : { panic, panicFp };
  const recoverySp = offsetOf(binary, 'runtime.g', 'sigcode0');
  return recoverySp === undefined ? undefined : { recoverySp };
}

function hasBucketMaps(binary: GoBinary): boolean {
  return binary.functionsNamed('runtime.hashGrow').length > 0 || typeOf(binary, 'runtime.hmap') !== undefined;
}

/** Undefined where the program has no such type, or none that can be read. */
function typeOf(binary: GoBinary, name: string): GoType | undefined {
  return unlessDamaged(() => binary.runtimeType(name));
}

/** By the program's own descriptor; without one, as a linker may have left it out, as it was measured. */
function offsetOf(binary: GoBinary, type: string, field: string): number | undefined {
  const described = typeOf(binary, type);
  if (described !== undefined) return described.fields?.find(({ name }) => name === field)?.offsetBytes;
  const minor = minorOfVersion(binary.buildInfo.goVersion);
  return minor === undefined ? undefined : measuredOffset(minor, `${type}.${field}`);
}
