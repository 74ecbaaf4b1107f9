import type { GoKind } from './go-type.ts';

/**
 * Layout of the run-time type descriptors: src/internal/abi/type.go (before Go 1.21 src/runtime/type.go), the same from
 * Go 1.15 to 1.27 but for maps' tails. All descriptors begin with `abi.Type`, 48 bytes.
 */
export const typeBytes = 48;
export const uncommonBytes = 16;
export const fieldBytes = 24;
export const methodBytes = 16;
export const interfaceMethodBytes = 8;

/** abi.TFlag: TFlagUncommon, TFlagExtraStar, TFlagNamed. */
export const uncommonFlag = 1;
export const extraStarFlag = 2;
export const namedFlag = 4;
/** TFlagDirectIface since Go 1.26, before that the bit of Kind_ of the same value, kindDirectIface. */
export const directFlag = 0x20;

/** Size of the kind's own struct, behind which the uncommon part lies. */
export const kindBytes: Partial<Record<GoKind, number>> = {
  array: 72,
  chan: 64,
  func: 56,
  interface: 80,
  pointer: 56,
  slice: 56,
  struct: 80,
};

/** Words behind abi.Type that are addresses or counts. */
export const kindWords: Partial<Record<GoKind, number>> = {
  array: 3,
  chan: 2,
  interface: 3,
  map: 3,
  pointer: 1,
  slice: 1,
  struct: 3,
};

/** Name flags (abi.Name): embedded field; varint length and text follow the flag byte. */
export const embeddedNameFlag = 8;
