/**
 * Layouts of `runtime.moduledata` and of the type descriptors, one row for each release of Go that changed one. Sources:
 * src/runtime/symtab.go (`moduledata`), src/internal/abi/type.go, at the tag of the release.
 *
 * Which row is right is found out, not trusted: module-data.ts checks what a row leads to, so a program whose version is
 * unknown or odd is read as well. A release newer than the last row is read by what it says of itself
 * (described-layout.ts).
 */
import type { PclntabLayout } from './pclntab-layout.ts';

/** Field offsets within `runtime.moduledata` of the function tables. Slices are pointer, length, capacity. */
export const moduledataTables = {
  /** One table for everything, until 1.15. */
  single: { pclntable: 0, ftab: 24, filetab: 48, text: 96, etext: 104 },
  /** Has not moved since 1.16. */
  several: { funcnametab: 8, cutab: 32, filetab: 56, pctab: 80, pclntable: 104, ftab: 128, text: 176, etext: 184 },
} as const;

/** The largest moduledata that any row is of. */
export const maxModuledataBytes = 592;

/** Field offsets within `runtime.moduledata` of the types. */
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
  /** How a name's length is written behind its flags: two bytes big-endian until 1.16, since then a varint. */
  readonly nameLength: 'u16' | 'varint';
  /** A struct field's offset is shifted left by one, the lowest bit says `embedded`: until 1.18. */
  readonly embeddedInFieldOffset: boolean;
  /** Size of `abi.MapType` (src/internal/abi/map.go, older: map_noswiss.go), behind which a named map's methods lie. */
  readonly mapTypeBytes: number;
}

const row19 = {
  sinceMinor: 19,
  moduledata: { types: 280, etypes: 288, typelinks: 336, itablinks: 360 },
  nameLength: 'varint',
  embeddedInFieldOffset: false,
  mapTypeBytes: 88,
} as const;
const row20 = {
  ...row19,
  sinceMinor: 20,
  moduledata: { types: 296, etypes: 304, typelinks: 352, itablinks: 376 },
} as const;
const row18 = { ...row19, sinceMinor: 18, embeddedInFieldOffset: true } as const;
const row17 = {
  ...row18,
  sinceMinor: 17,
  moduledata: { types: 280, etypes: 288, typelinks: 320, itablinks: 344 },
} as const;
const row16 = { ...row17, sinceMinor: 16, nameLength: 'u16' } as const;

/** Newest first. */
export const goLayouts: readonly GoLayout[] = [
  {
    ...row20,
    sinceMinor: 27,
    moduledata: { types: 296, typedesclen: 304, etypes: 312, itaboffset: 320, itabsize: 328 },
    mapTypeBytes: 136,
  },
  {
    ...row20,
    sinceMinor: 26,
    moduledata: { types: 296, etypes: 304, typelinks: 360, itablinks: 384 },
    mapTypeBytes: 112,
  },
  { ...row20, sinceMinor: 24, mapTypeBytes: 112 },
  row20,
  row19,
  row18,
  row17,
  row16,
  { ...row16, sinceMinor: 15, moduledata: { types: 200, etypes: 208, typelinks: 240, itablinks: 264 } },
];

/** The last release whose layouts are known. */
export const newestKnownMinor = goLayouts[0]?.sinceMinor ?? 0;

/** 26 of `go1.26.8`; undefined for versions that say nothing of it (`devel +a1b2c3d`, `unknown`). */
export function minorOfVersion(goVersion: string): number | undefined {
  const digits = /\bgo1\.(\d{1,3})/.exec(goVersion)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The rows that a program with this form of pclntab may have, in the order in which to try them: the version's own row,
 * then the others, newest first.
 */
export function layoutsFor(goVersion: string, { firstMinor, lastMinor }: PclntabLayout): readonly GoLayout[] {
  const minor = minorOfVersion(goVersion) ?? Number.NaN;
  // GOEXPERIMENT=noswissmap, in 1.24 and 1.25, brings back the older maps; the version then ends in `X:noswissmap`.
  const oldMaps = goVersion.includes('noswissmap') ? { mapTypeBytes: 88 } : {};
  const own = goLayouts.find((layout) => minor >= layout.sinceMinor);
  const possible = goLayouts.filter((layout, index) => {
    const nextMinor = goLayouts[index - 1]?.sinceMinor ?? Number.POSITIVE_INFINITY;
    return layout !== own && layout.sinceMinor <= lastMinor && nextMinor > firstMinor;
  });
  return own === undefined ? possible : [{ ...own, ...oldMaps }, ...possible];
}
