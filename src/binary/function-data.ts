import { maxArgumentInfoBytes, readArgumentInfo } from './argument-info.ts';
import type { ArgumentInfo } from './argument-slot.ts';
import { BinaryError, hex } from './binary-error.ts';
import type { Found, GoFunction } from './go-binary.ts';
import type { Image } from './image.ts';
import { type FunctionTable, functionIndexAt } from './pclntab.ts';

/** Indices of a function's tables: src/internal/abi/symtab.go, `PCDATA_…` and `FUNCDATA_…`, the same since Go 1.16. */
export const pcdataIndex = { inlineTree: 2 } as const;
export const funcdataIndex = { inlineTree: 3, argumentInfo: 5 } as const;

const noArguments: ArgumentInfo = { slots: [], complete: true, isAbsent: true };

/** A function has 8 of each at most; the counts are a byte and a word. */
const maxTables = 64;
/** Larger parameters are passed by nobody; assembly without a declaration has 2^31 here. */
const maxArgumentBytes = 1 << 24;
/** No such table. */
const none = 0xffffffff;

/**
 * Where a function's own tables are: the variable part behind a `_func` record (src/runtime/runtime2.go, `_func`). u32
 * offsets of pc-value tables, then the other data: u32 offsets from moduledata's `gofunc`, until Go 1.17 addresses.
 */
export class FunctionData {
  readonly #image: Image;
  readonly #table: FunctionTable;
  readonly #recordVaddr: number;
  readonly #pcdataCount: number;
  readonly #funcdataCount: number;

  /** @throws BinaryError: there is no such record, or it claims too much */
  constructor(image: Image, table: FunctionTable, index: number) {
    const { module, recordOffsets } = table;
    const { func: layout } = module.pclntab.layout;
    const record = module.functions.vaddr + (recordOffsets[index] ?? 0);
    // `npcdata` lies behind `pcln`, and `nfuncdata` is the last byte.
    const pcdataCount = image.u32(record + layout.pcLine + 4);
    const funcdataCount = image.u32(record + layout.sizeBytes - 4) >>> 24;
    if (pcdataCount > maxTables || funcdataCount > maxTables) {
      const what = `function ${index} claims ${pcdataCount} and ${funcdataCount} tables, more than the limit of ${maxTables}`;
      throw new BinaryError(what, { file: image.path, section: '_func records', offset: record });
    }
    this.#image = image;
    this.#table = table;
    this.#recordVaddr = record;
    this.#pcdataCount = pcdataCount;
    this.#funcdataCount = funcdataCount;
  }

  /** Of parameters, results and spill slots together; nonsense for assembly that doesn't say. */
  get argumentBytes(): number {
    return this.#image.u32(this.#recordVaddr + this.#layout.name + 4);
  }

  /** Offset in the pc-value tables; undefined: none. */
  pcdata(index: number): number | undefined {
    if (index >= this.#pcdataCount) return undefined;
    const offset = this.#image.u32(this.#tablesVaddr + index * 4);
    return offset === 0 || offset === none ? undefined : offset;
  }

  /** Linked address; undefined: none. */
  funcdata(index: number): number | undefined {
    if (index >= this.#funcdataCount) return undefined;
    const start = this.#tablesVaddr + this.#pcdataCount * 4;
    if (this.#table.module.pclntab.layout.firstMinor < 18) {
      const vaddr = this.#image.cursor(Math.ceil(start / 8) * 8 + index * 8, 8).u64();
      return vaddr === 0 ? undefined : vaddr;
    }
    const offset = this.#image.u32(start + index * 4);
    return offset === none ? undefined : functionDataBase(this.#image, this.#table) + offset;
  }

  get #layout() {
    return this.#table.module.pclntab.layout.func;
  }

  get #tablesVaddr(): number {
    return this.#recordVaddr + this.#layout.sizeBytes;
  }
}

const bases = new WeakMap<FunctionTable, number>();

/** moduledata's `gofunc`: the second word behind the types' tables, in every release that has it (Go 1.18 and later). */
export function functionDataBase(image: Image, table: FunctionTable): number {
  let base = bases.get(table);
  if (base === undefined) {
    const { vaddr, types } = table.module;
    if (types === undefined) throw new BinaryError('no known layout fits moduledata', { file: image.path });
    const { etypes, itabsize } = types.layout.moduledata;
    base = image.cursor(vaddr + (itabsize ?? etypes) + 16, 8).u64();
    if (!image.has(base, 1)) {
      const what = `the functions' data is said to be at ${hex(base)}, which is not in the file`;
      throw new BinaryError(what, { file: image.path, section: 'moduledata', offset: vaddr });
    }
    bases.set(table, base);
  }
  return base;
}

/** `_func.args`: bytes of the argument frame; undefined where assembly does not say. */
export function argumentBytesOf(image: Image, table: FunctionTable, fn: GoFunction): number | undefined {
  const index = functionIndexAt(table, fn.entryVaddr);
  const bytes = index === undefined ? maxArgumentBytes : new FunctionData(image, table, index).argumentBytes;
  return bytes < maxArgumentBytes ? bytes : undefined;
}

/**
 * A function's argument info, or why there is none. The compiler writes none for a function without parameters; until
 * Go 1.16 it wrote none at all.
 */
export function argumentInfoOf(image: Image, table: FunctionTable, fn: GoFunction): Found<ArgumentInfo> {
  const index = functionIndexAt(table, fn.entryVaddr);
  if (index === undefined) return { unavailable: 'not in the function table' };
  try {
    if (table.module.pclntab.layout.lastMinor < 17) return { unavailable: 'Go 1.16 and older record no arguments' };
    const vaddr = new FunctionData(image, table, index).funcdata(funcdataIndex.argumentInfo);
    if (vaddr === undefined) {
      const isCompiled = !fn.isAssembly && fn.name.includes('.');
      return isCompiled ? { value: noArguments } : { unavailable: 'not compiled from Go' };
    }
    return { value: readArgumentInfo(image.cursorUpTo(vaddr, maxArgumentInfoBytes)) };
  } catch (error) {
    if (error instanceof BinaryError) return { unavailable: error.message };
    throw error;
  }
}
