import type { GoKind } from '../go-type.ts';

/** Kinds by their number in DW_AT_go_kind and reflect (https://github.com/golang/go/blob/go1.26.0/src/internal/abi/type.go#L57). */
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

/** The number's upper bits were flags before Go 1.24. */
export const goKindMask = 0x1f;

interface Layout {
  readonly sizeBytes: number;
  readonly alignBytes: number;
}

const word = { sizeBytes: 8, alignBytes: 8 } as const;

/**
 * Kinds whose layout is the same for every type of that kind, on amd64 and arm64
 * (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/types/size.go#L390).
 */
export const fixedLayouts: Readonly<Partial<Record<GoKind, Layout>>> = {
  bool: { sizeBytes: 1, alignBytes: 1 },
  int: word,
  int8: { sizeBytes: 1, alignBytes: 1 },
  int16: { sizeBytes: 2, alignBytes: 2 },
  int32: { sizeBytes: 4, alignBytes: 4 },
  int64: word,
  uint: word,
  uint8: { sizeBytes: 1, alignBytes: 1 },
  uint16: { sizeBytes: 2, alignBytes: 2 },
  uint32: { sizeBytes: 4, alignBytes: 4 },
  uint64: word,
  uintptr: word,
  float32: { sizeBytes: 4, alignBytes: 4 },
  float64: word,
  complex64: { sizeBytes: 8, alignBytes: 4 },
  complex128: { sizeBytes: 16, alignBytes: 8 },
  chan: word,
  func: word,
  interface: { sizeBytes: 16, alignBytes: 8 },
  map: word,
  pointer: word,
  slice: { sizeBytes: 24, alignBytes: 8 },
  string: { sizeBytes: 16, alignBytes: 8 },
  'unsafe.Pointer': word,
};
