import type { GoKind } from './go-type.ts';

/**
 * Kinds by their number in type descriptors, DW_AT_go_kind and reflect
 * (https://github.com/golang/go/blob/go1.26.0/src/internal/abi/type.go#L57).
 */
export const goKinds: readonly (GoKind | undefined)[] = [
  undefined,
  'bool',
  'int',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'uintptr',
  'float32',
  'float64',
  'complex64',
  'complex128',
  'array',
  'chan',
  'func',
  'interface',
  'map',
  'pointer',
  'slice',
  'string',
  'struct',
  'unsafe.Pointer',
];

/** The number's upper bits were flags, KindDirectIface and KindGCProg, in earlier releases. */
export const goKindMask = 0x1f;
