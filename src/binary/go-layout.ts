/**
 * Layouts of the tables that the Go linker and runtime share, one row for each release that changed one. Sources in the
 * Go repository, at the tag of the release: src/runtime/symtab.go (`moduledata`, `pcHeader`), src/runtime/runtime2.go
 * (`_func`), src/cmd/link/internal/ld/pcln.go. A release that is not listed is read by the row before it.
 *
 * Which row is right is found out, not trusted: module-data.ts checks what a row leads to, so a program whose version is
 * unknown or odd is read as well.
 */

/** Field offsets within `runtime._func`, by pclntab's magic. All are u32 except funcId and flag (u8). */
export interface FuncLayout {
  readonly entryOffset: number;
  readonly name: number;
  readonly pcFile: number;
  readonly pcLine: number;
  readonly compileUnit: number;
  readonly funcId: number;
  readonly flag: number;
  readonly sizeBytes: number;
}

/** Field offsets within `runtime.moduledata` that moved since Go 1.18. */
export interface TypesLayout {
  readonly types: number;
  readonly etypes: number;
  /** Slices of offsets from types, and of itab addresses: until 1.26. */
  readonly typelinks?: number;
  readonly itablinks?: number;
  /** Descriptors lie one after the other from `types`, itabs from `types + itaboffset`: since 1.27. */
  readonly typedesclen?: number;
  readonly itaboffset?: number;
  readonly itabsize?: number;
}

export interface GoLayout {
  /** The minor release of Go 1 that brought this layout. */
  readonly sinceMinor: number;
  readonly moduledata: TypesLayout;
  /** A struct field's offset is shifted left by one, the lowest bit says `embedded`: in 1.18 only. */
  readonly embeddedInFieldOffset: boolean;
  /** Size of `abi.MapType` (src/internal/abi/map.go, older: map_noswiss.go), behind which a named map's methods lie. */
  readonly mapTypeBytes: number;
}

/** The fields of `runtime.moduledata` that have not moved since Go 1.16. Slices are pointer, length, capacity. */
export const moduledataFixed = {
  pcHeader: 0,
  funcnametab: 8,
  cutab: 32,
  filetab: 56,
  pctab: 80,
  pclntable: 104,
  ftab: 128,
  text: 176,
  etext: 184,
  sizeBytes: 192,
} as const;

/** At least so many bytes of moduledata are needed for any row. */
export const moduledataBytes = 408;

/** `runtime.pcHeader` since Go 1.18: magic u32, 0 u16, minimum instruction size u8, pointer size u8, then words. */
export const pcHeaderLayout = {
  functionCount: 8,
  fileCount: 16,
  funcnameOffset: 32,
  cuOffset: 40,
  filetabOffset: 48,
  pctabOffset: 56,
  pclnOffset: 64,
  sizeBytes: 72,
} as const;

/** pclntab's magics (src/internal/abi/symtab.go). `-1` stands for any other: obfuscators replace it by a random one. */
const func120 = {
  entryOffset: 0,
  name: 4,
  pcFile: 20,
  pcLine: 24,
  compileUnit: 32,
  funcId: 40,
  flag: 41,
  sizeBytes: 44,
} as const;

export const funcLayouts: Readonly<Record<number, FuncLayout>> = {
  0xfffffff0: { ...func120, funcId: 36, flag: 37, sizeBytes: 40 },
  0xfffffff1: func120,
};

/** For a magic that nobody knows: the one that serves since 1.20. */
export const newestFuncLayout: FuncLayout = func120;

/** Go 1.2 to 1.15, and 1.16 and 1.17: recognised, to be refused by name. */
export const oldMagics: Readonly<Record<number, string>> = {
  0xfffffffb: 'Go 1.15 or older',
  0xfffffffa: 'Go 1.16 or 1.17',
};

/** Newest first. */
const goLayouts: readonly GoLayout[] = [
  {
    sinceMinor: 27,
    moduledata: { types: 296, typedesclen: 304, etypes: 312, itaboffset: 320, itabsize: 328 },
    embeddedInFieldOffset: false,
    mapTypeBytes: 136,
  },
  {
    sinceMinor: 26,
    moduledata: { types: 296, etypes: 304, typelinks: 360, itablinks: 384 },
    embeddedInFieldOffset: false,
    mapTypeBytes: 112,
  },
  {
    sinceMinor: 24,
    moduledata: { types: 296, etypes: 304, typelinks: 352, itablinks: 376 },
    embeddedInFieldOffset: false,
    mapTypeBytes: 112,
  },
  {
    sinceMinor: 20,
    moduledata: { types: 296, etypes: 304, typelinks: 352, itablinks: 376 },
    embeddedInFieldOffset: false,
    mapTypeBytes: 88,
  },
  {
    sinceMinor: 19,
    moduledata: { types: 280, etypes: 288, typelinks: 336, itablinks: 360 },
    embeddedInFieldOffset: false,
    mapTypeBytes: 88,
  },
  {
    sinceMinor: 18,
    moduledata: { types: 280, etypes: 288, typelinks: 336, itablinks: 360 },
    embeddedInFieldOffset: true,
    mapTypeBytes: 88,
  },
];

/** The rows in the order in which to try them: first the version's own, then the others, newest first. */
export function layoutsFor(goVersion: string): readonly GoLayout[] {
  const minor = Number(/\bgo1\.(\d+)/.exec(goVersion)?.[1] ?? Number.NaN);
  // GOEXPERIMENT=noswissmap, in 1.24 and 1.25, brings back the older maps; the version then ends in `X:noswissmap`.
  const oldMaps = goVersion.includes('noswissmap') ? { mapTypeBytes: 88 } : {};
  const own = goLayouts.find((layout) => minor >= layout.sinceMinor);
  const others = goLayouts.filter((layout) => layout !== own);
  return own === undefined ? others : [{ ...own, ...oldMaps }, ...others];
}
