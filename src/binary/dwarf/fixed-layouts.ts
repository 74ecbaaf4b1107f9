import type { GoKind } from '../go-type.ts';

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
