import { assemblySources } from './assembly-sources.ts';
import { BinaryError, hex } from './binary-error.ts';
import type { GoFunction, NameEnds } from './go-binary.ts';
import type { Image } from './image.ts';
import type { ModuleData } from './module-data.ts';
import { endsFilter } from './name-ends.ts';
import { indexNames, type NameIndex } from './name-index.ts';
import { once } from './once.ts';

/** FuncFlag (src/internal/abi/symtab.go): FuncFlagAsm. */
const assemblyFlag = 4;

/** Symbol names of generic Go code pass 4 KiB. */
const maxNameBytes = 16 * 1024;

/**
 * The functions of a program. Numbers of all of them are kept in typed arrays, 14 bytes a function; names lie in their
 * table as they are in the file and are decoded when asked for.
 */
export interface FunctionTable {
  readonly module: ModuleData;
  readonly file: string;
  readonly count: number;
  /** From module.textVaddr; ascending, one more than there are functions. */
  readonly entryOffsets: Uint32Array;
  /** Of the _func record, from the start of module.functions. */
  readonly recordOffsets: Uint32Array;
  readonly nameOffsets: Uint32Array;
  readonly funcIds: Uint8Array;
  readonly flags: Uint8Array;
  readonly names: Buffer;
  readonly byName: () => NameIndex;
  /** A function is asked for its name several times in a row. */
  readonly lastNamed: { index: number; name: string };
  /** FuncIDWrapper, whose number changes with Go releases, but which is always the largest one. */
  readonly wrapperFuncId: number;
}

/** Reads pclntab's function table. Throws a BinaryError if offsets contradict each other. */
export function readFunctionTable(image: Image, module: ModuleData): FunctionTable {
  const { entryOffsets, recordOffsets } = readFunctab(image, module);
  const records = readRecords(image, module, recordOffsets);
  const { vaddr, length } = module.functionNames;
  const bytes = image.bytes(vaddr, length);
  const names = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!module.pclntab.knownMagic) checkNames(image, names, records.nameOffsets);
  const wrapperFuncId = records.funcIds.reduce((largest, id) => Math.max(largest, id), 0);
  const count = recordOffsets.length;
  const byName = once(() => indexNames(names, records.nameOffsets));
  const lastNamed = { index: -1, name: '' };
  const table = { module, file: image.path, count, entryOffsets, recordOffsets, ...records };
  return { ...table, names, byName, lastNamed, wrapperFuncId };
}

/**
 * A magic that nobody knows is an obfuscator's, or that of a new form, whose records are laid out otherwise: then what is
 * taken for the names' offsets leads into the middle of names.
 */
function checkNames(image: Image, names: Buffer, nameOffsets: Uint32Array): void {
  const odd = nameOffsets.findIndex((offset) => offset > 0 && names[offset - 1] !== 0);
  if (odd === -1) return;
  const what = `the function table has a form that is not known: the name of function ${odd} would begin within another`;
  const remedy = 'The program may be built by a newer Go than this release of Sidespan knows. Please report it.';
  throw new BinaryError(what, { file: image.path, section: 'pclntab' }, remedy, { kind: 'unsupported' });
}

function readFunctab(image: Image, module: ModuleData): Pick<FunctionTable, 'entryOffsets' | 'recordOffsets'> {
  const { functionCount: count, layout } = module.pclntab;
  const { functabVaddr, textVaddr, textEndVaddr } = module;
  const entryBytes = layout.functabEntryBytes;
  const functab = image.bytes(functabVaddr, count * entryBytes + entryBytes / 2);
  const view = new DataView(functab.buffer, functab.byteOffset, functab.byteLength);
  const entryOffsets = new Uint32Array(count + 1);
  const recordOffsets = new Uint32Array(count);
  let previous = 0;
  for (let index = 0; index <= count; index++) {
    const at = index * entryBytes;
    // Records lie within 4 GiB: of a word its lower half is enough, and one out of order is an error below.
    const entry = entryBytes === 8 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true)) - textVaddr;
    if (!(entry >= previous && entry <= textEndVaddr - textVaddr)) {
      const what = `functab's entry ${index} is ${hex(entry)}, behind ${hex(previous)} and outside of the text or out of order`;
      throw new BinaryError(what, { file: image.path, section: 'functab', offset: at });
    }
    entryOffsets[index] = previous = entry;
    if (index < count) recordOffsets[index] = view.getUint32(at + entryBytes / 2, true);
  }
  return { entryOffsets, recordOffsets };
}

function readRecords(
  image: Image,
  module: ModuleData,
  recordOffsets: Uint32Array,
): Pick<FunctionTable, 'nameOffsets' | 'funcIds' | 'flags'> {
  const { functions } = module;
  const { func: layout } = module.pclntab.layout;
  const count = recordOffsets.length;
  const nameOffsets = new Uint32Array(count);
  const funcIds = new Uint8Array(count);
  const flags = new Uint8Array(count);
  const isAssembly = assemblySources(image, module);
  const seen = visitRecords(image, module, recordOffsets, layout.sizeBytes, (index, piece, record) => {
    nameOffsets[index] = piece.getUint32(record + layout.name, true);
    funcIds[index] = piece.getUint8(record + layout.funcId);
    if (layout.flag !== undefined) {
      flags[index] = piece.getUint8(record + layout.flag);
      return;
    }
    const pcFile = piece.getUint32(record + layout.pcFile, true);
    const unit = layout.compileUnit === undefined ? 0 : piece.getUint32(record + layout.compileUnit, true);
    if (isAssembly(pcFile, unit)) flags[index] = assemblyFlag;
  });
  if (seen < count) {
    const what = `the _func record of function ${seen} is out of order or past the table's end ${hex(functions.length)}`;
    throw new BinaryError(what, { file: image.path, section: '_func records', offset: recordOffsets[seen] });
  }
  return { nameOffsets, funcIds, flags };
}

/**
 * Visits the _func records in order, each with `recordBytes` bytes at least, if the table has as many behind its fixed part.
 * @param visit with the record's place in a piece of the table, which is not to be kept, and its linked address
 * @returns the number of records up to one that is out of order or not in the table
 */
export function visitRecords(
  image: Image,
  { functions, pclntab }: ModuleData,
  recordOffsets: Uint32Array,
  recordBytes: number,
  visit: (index: number, piece: DataView, record: number, recordVaddr: number) => void,
): number {
  const fixedBytes = pclntab.layout.func.sizeBytes;
  // Aligned: words that the dynamic loader fills in lie whole in a piece.
  const start = Math.floor((recordOffsets[0] ?? 0) / 8) * 8;
  let index = 0;
  let previous = -1;
  for (const piece of image.pieces(functions.vaddr + start, Math.max(0, functions.length - start), recordBytes)) {
    const { buffer, byteOffset, byteLength } = piece.bytes;
    const view = new DataView(buffer, byteOffset, byteLength);
    const base = piece.vaddr - functions.vaddr;
    const isLast = base + byteLength === functions.length;
    for (; index < recordOffsets.length; index++) {
      const offset = recordOffsets[index] ?? 0;
      if (offset <= previous) return index;
      if (offset - base + (isLast ? fixedBytes : recordBytes) > byteLength) break;
      visit(index, view, offset - base, functions.vaddr + offset);
      previous = offset;
    }
  }
  return index;
}

/** All functions, in order of address; if `ends` are given, those whose names begin and end so. */
export function* allFunctions(table: FunctionTable, ends?: readonly NameEnds[]): Generator<GoFunction> {
  const { count, names, nameOffsets } = table;
  const fits = ends && endsFilter(names, ends);
  for (let index = 0; index < count; index++) {
    const start = nameOffsets[index] ?? 0;
    const end = fits && start < names.length ? names.indexOf(0, start) : -1;
    // A name without an end is not passed over: it is said when it is asked for.
    if (fits === undefined || end === -1 || fits(start, end)) yield new TableFunction(table, index);
  }
}

/** Every function of exactly that name, in order of address. */
export function functionsByName(table: FunctionTable, name: string): GoFunction[] {
  if (name === '' || name.includes('\0')) return [];
  const indices = table.byName().find(name).reverse();
  return indices.map((index) => new TableFunction(table, index));
}

/** Index of the function whose code holds the linked address; undefined outside of the text. */
export function functionIndexAt(table: FunctionTable, vaddr: number): number | undefined {
  const offset = vaddr - table.module.textVaddr;
  const { entryOffsets, count } = table;
  if (!(offset >= (entryOffsets[0] ?? 0)) || offset >= (entryOffsets[count] ?? 0)) return undefined;
  let low = 0;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((entryOffsets[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

export function functionOfIndex(table: FunctionTable, index: number): GoFunction {
  return new TableFunction(table, index);
}

/** The name at an offset in the table of names. */
export function nameAt({ names, file }: FunctionTable, start: number): string {
  const end = names.indexOf(0, start);
  if (start >= names.length || end === -1 || end - start > maxNameBytes) {
    const what = `a function's name at ${hex(start)} is not in the table, which ends at ${hex(names.length)}`;
    throw new BinaryError(what, { file, section: 'function names', offset: start });
  }
  return names.toString('utf8', start, end);
}

/** A view of one row. It does not keep its name: a listing of all functions keeps no 100,000 strings alive. */
class TableFunction implements GoFunction {
  readonly entryVaddr: number;
  readonly endVaddr: number;
  readonly #table: FunctionTable;
  readonly #index: number;

  constructor(table: FunctionTable, index: number) {
    this.#table = table;
    this.#index = index;
    this.entryVaddr = table.module.textVaddr + (table.entryOffsets[index] ?? 0);
    this.endVaddr = table.module.textVaddr + (table.entryOffsets[index + 1] ?? 0);
  }

  get name(): string {
    const { lastNamed } = this.#table;
    if (lastNamed.index !== this.#index) {
      lastNamed.name = nameAt(this.#table, this.#table.nameOffsets[this.#index] ?? 0);
      lastNamed.index = this.#index;
    }
    return lastNamed.name;
  }

  get funcId(): number {
    return this.#table.funcIds[this.#index] ?? 0;
  }

  get flags(): number {
    return this.#table.flags[this.#index] ?? 0;
  }

  get isWrapper(): boolean {
    return this.funcId === this.#table.wrapperFuncId;
  }

  get isAssembly(): boolean {
    return (this.flags & assemblyFlag) !== 0;
  }

  /** Getters of a class are not seen by JSON.stringify. */
  toJSON(): GoFunction {
    const { name, entryVaddr, endVaddr, funcId, flags, isWrapper, isAssembly } = this;
    return { name, entryVaddr, endVaddr, funcId, flags, isWrapper, isAssembly };
  }
}
