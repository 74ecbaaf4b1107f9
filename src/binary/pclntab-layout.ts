/**
 * Layouts of pclntab, by its magic. Sources in the Go repository, at the tag of a release: src/runtime/symtab.go
 * (`pcHeader`, `functab`), src/runtime/runtime2.go (`_func`), src/cmd/link/internal/ld/pcln.go.
 */

/** Offsets within `runtime._func`, which is followed by pcdata and funcdata. All are u32 except funcId and flag (u8). */
export interface FuncLayout {
  readonly name: number;
  readonly pcFile: number;
  readonly pcLine: number;
  /** What file numbers are counted from; until 1.15 they need nothing. */
  readonly compileUnit?: number;
  readonly funcId: number;
  /** With a bit for assembly: since 1.18. */
  readonly flag?: number;
  readonly sizeBytes: number;
}

/** Offsets of words within `runtime.pcHeader`; the words are offsets of tables from the header. */
export interface HeaderLayout {
  readonly funcnameOffset: number;
  readonly cuOffset: number;
  readonly filetabOffset: number;
  readonly pctabOffset: number;
  readonly pclnOffset: number;
  readonly sizeBytes: number;
}

export interface PclntabLayout {
  /** The minor releases of Go 1 that write this form; the last one is open. */
  readonly firstMinor: number;
  readonly lastMinor: number;
  /** Undefined until 1.15: functab follows the count of functions, and all offsets are those of the one table. */
  readonly header: HeaderLayout | undefined;
  /** functab is pairs of an entry and its record's offset. 16: two words, an address first; 8: two u32, from the text. */
  readonly functabEntryBytes: 8 | 16;
  readonly func: FuncLayout;
}

/** Behind magic u32, 0 u16, minimum instruction size u8, pointer size u8: in all forms. */
export const functionCountOffset = 8;

/** Where functab begins in a table without a header. */
export const functabAt = 16;

const header118 = {
  funcnameOffset: 32,
  cuOffset: 40,
  filetabOffset: 48,
  pctabOffset: 56,
  pclnOffset: 64,
  sizeBytes: 72,
} as const;

/** Without textStart. */
const header116 = {
  funcnameOffset: 24,
  cuOffset: 32,
  filetabOffset: 40,
  pctabOffset: 48,
  pclnOffset: 56,
  sizeBytes: 64,
} as const;

const func120 = { name: 4, pcFile: 20, pcLine: 24, compileUnit: 32, funcId: 40, flag: 41, sizeBytes: 44 } as const;

/** Go 1.20 and later, and what a magic is read by that nobody knows: obfuscators write a random one. */
export const newestPclntabLayout: PclntabLayout = {
  firstMinor: 20,
  lastMinor: Number.POSITIVE_INFINITY,
  header: header118,
  functabEntryBytes: 8,
  func: func120,
};

/** By magic (src/internal/abi/symtab.go). */
export const pclntabLayouts: Readonly<Record<number, PclntabLayout>> = {
  0xfffffff1: newestPclntabLayout,
  0xfffffff0: {
    firstMinor: 18,
    lastMinor: 19,
    header: header118,
    functabEntryBytes: 8,
    func: { ...func120, funcId: 36, flag: 37, sizeBytes: 40 },
  },
  0xfffffffa: {
    firstMinor: 16,
    lastMinor: 17,
    header: header116,
    functabEntryBytes: 16,
    func: { name: 8, pcFile: 24, pcLine: 28, compileUnit: 36, funcId: 40, sizeBytes: 44 },
  },
  0xfffffffb: {
    firstMinor: 2,
    lastMinor: 15,
    header: undefined,
    functabEntryBytes: 16,
    func: { name: 8, pcFile: 24, pcLine: 28, funcId: 36, sizeBytes: 40 },
  },
};
