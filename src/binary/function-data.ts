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

/** Where a function's own tables are. */
export interface FunctionData {
  /** Of parameters, results and spill slots together; nonsense for assembly that doesn't say. */
  readonly argumentBytes: number;
  /** Offset in the pc-value tables; 0 and undefined: none. */
  pcdata(index: number): number | undefined;
  /** Linked address; undefined: none. */
  funcdata(index: number): number | undefined;
}

/**
 * The variable part behind a `_func` record (src/runtime/runtime2.go, `_func`): u32 offsets of pc-value tables, then the
 * other data: u32 offsets from moduledata's `gofunc`, until Go 1.17 addresses.
 */
export function functionData(image: Image, table: FunctionTable, index: number): FunctionData {
  const { module } = table;
  const { func: layout, firstMinor } = module.pclntab.layout;
  const record = module.functions.vaddr + (table.recordOffsets[index] ?? 0);
  const fixed = image.cursor(record, layout.sizeBytes);
  // `npcdata` lies behind `pcln`, and `nfuncdata` is the last byte.
  const pcdataCount = fixed.seek(record + layout.pcLine + 4).u32();
  const funcdataCount = fixed.seek(record + layout.sizeBytes - 1).u8();
  if (pcdataCount > maxTables || funcdataCount > maxTables) {
    const what = `function ${index} claims ${pcdataCount} and ${funcdataCount} tables, more than the limit of ${maxTables}`;
    throw new BinaryError(what, { file: image.path, section: '_func records', offset: record });
  }
  const start = record + layout.sizeBytes;
  const end = start + pcdataCount * 4;
  const hasAddresses = firstMinor < 18;
  const funcdataStart = hasAddresses ? Math.ceil(end / 8) * 8 : end;
  const cursor = image.cursor(start, funcdataStart - start + funcdataCount * (hasAddresses ? 8 : 4));
  return {
    argumentBytes: fixed.seek(record + layout.name + 4).u32(),
    pcdata(wanted) {
      if (wanted >= pcdataCount) return undefined;
      const offset = cursor.seek(start + wanted * 4).u32();
      return offset === 0 || offset === none ? undefined : offset;
    },
    funcdata(wanted) {
      if (wanted >= funcdataCount) return undefined;
      if (hasAddresses) {
        const vaddr = cursor.seek(funcdataStart + wanted * 8).u64();
        return vaddr === 0 ? undefined : vaddr;
      }
      const offset = cursor.seek(funcdataStart + wanted * 4).u32();
      return offset === none ? undefined : functionDataBase(image, table) + offset;
    },
  };
}

const bases = new WeakMap<FunctionTable, number>();

/** moduledata's `gofunc`: the second word behind the types' tables, in every release that has it (Go 1.18 and later). */
function functionDataBase(image: Image, table: FunctionTable): number {
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
  const bytes = index === undefined ? maxArgumentBytes : functionData(image, table, index).argumentBytes;
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
    const vaddr = functionData(image, table, index).funcdata(funcdataIndex.argumentInfo);
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
