import { BinaryError } from './binary-error.ts';
import { Cursor } from './cursor.ts';
import type { ElfFile } from './elf-file.ts';

/** Elf64_Dyn tags (System V ABI, "Dynamic Section"). */
const dynamicTag = { null: 0, symbols: 6, rela: 7, relaSize: 8 } as const;
const knownTags: ReadonlySet<number> = new Set(Object.values(dynamicTag));
const dynamicEntryBytes = 16;
const maxDynamicBytes = 64 * 1024;

/** Elf64_Rela: r_offset, r_info (type in the low half, symbol in the high one), r_addend. */
const relaBytes = 24;
const relativeType = { amd64: 8, arm64: 1027 } as const;
/** The address of a symbol and the addend: plugins have them, for the loader takes the executable's where it has one of that name. */
const absoluteType = { amd64: 1, arm64: 257 } as const;

/** Elf64_Sym: st_shndx at 6, st_value at 8. */
const symbolBytes = 24;

/** Entries are read in pieces of this many, so that a large table never lies in memory as a whole. */
const piece = 32 * 1024;

/** Kubernetes' largest binaries have about a million. */
const maxRelocations = 16 * 1024 * 1024;

/**
 * The R_*_RELATIVE relocations of a PIE, and those of a plugin by symbols of its own: the word at `vaddr` holds, before the load bias, the linked address `addend`.
 * Linkers may leave that word zero in the file. In order of address, two numbers each: addend, vaddr.
 */
export interface RelativeRelocations {
  readonly pairs: Uint32Array;
}

/** Reads them by way of the dynamic table, which stripped files have too. Empty for what is not a PIE. */
export function readRelativeRelocations(elf: ElfFile): RelativeRelocations {
  const table = elf.positionIndependent ? relaTable(elf) : undefined;
  if (table === undefined) return { pairs: new Uint32Array(0) };
  const total = Math.floor(table.sizeBytes / relaBytes);
  if (total > maxRelocations) {
    throw new BinaryError(`${total} relocations are more than the limit of ${maxRelocations}`, place(elf));
  }
  // Ask for the last byte before memory is taken for the claimed count.
  if (total > 0) elf.read(table.vaddr + total * relaBytes - 1, 1);
  const pairs = new Uint32Array(total * 2);
  let used = 0;
  let sorted = true;
  for (let done = 0; done < total; done += piece) {
    const count = Math.min(piece, total - done);
    const bytes = elf.read(table.vaddr + done * relaBytes, count * relaBytes);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, count * 6);
    for (let at = 0; at < words.length; at += 6) {
      const isAbsolute = words[at + 2] === absoluteType[elf.arch];
      if (words[at + 2] !== relativeType[elf.arch] && !isAbsolute) continue;
      const symbol = isAbsolute ? symbolAddress(elf, table, words[at + 3] ?? 0) : 0;
      // Defined elsewhere.
      if (symbol === undefined) continue;
      if (words[at + 1] !== 0 || words[at + 5] !== 0 || symbol + (words[at + 4] ?? 0) > 0xffff_ffff) {
        throw new BinaryError('a relocation of a PIE lies beyond 4 GiB', place(elf));
      }
      sorted &&= used === 0 || (pairs[used - 1] ?? 0) <= (words[at] ?? 0);
      pairs[used++] = symbol + (words[at + 4] ?? 0);
      pairs[used++] = words[at] ?? 0;
    }
  }
  // As 64-bit little-endian numbers the pairs order by vaddr, and without a comparator the sort is native.
  if (!sorted) new BigUint64Array(pairs.buffer, 0, used / 2).sort();
  return { pairs: pairs.subarray(0, used) };
}

/** Writes the addends of all relocations that lie in the range into its bytes. */
export function applyRelocations(relocations: RelativeRelocations, vaddr: number, bytes: Uint8Array): void {
  const { pairs } = relocations;
  if (pairs.length === 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lastStart = vaddr + bytes.length - 8;
  for (let at = firstFrom(pairs, vaddr); at < pairs.length; at += 2) {
    const target = pairs[at + 1] ?? 0;
    if (target > lastStart) break;
    view.setUint32(target - vaddr, pairs[at] ?? 0, true);
    view.setUint32(target - vaddr + 4, 0, true);
  }
}

/** Index of the first pair whose vaddr is at least this one. */
function firstFrom(pairs: Uint32Array, vaddr: number): number {
  let low = 0;
  let high = pairs.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pairs[middle * 2 + 1] ?? 0) < vaddr) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}

interface RelaTable {
  readonly vaddr: number;
  readonly sizeBytes: number;
  readonly symbolsVaddr: number | undefined;
}

/** Undefined: the symbol is another file's. */
function symbolAddress(elf: ElfFile, { symbolsVaddr }: RelaTable, index: number): number | undefined {
  if (symbolsVaddr === undefined) return undefined;
  const cursor = new Cursor(elf.read(symbolsVaddr + index * symbolBytes, symbolBytes), place(elf));
  cursor.skip(6);
  return cursor.u16() === 0 ? undefined : cursor.u64();
}

function relaTable(elf: ElfFile): RelaTable | undefined {
  const dynamic = elf.segments.find((segment) => segment.type === 'dynamic');
  if (dynamic === undefined) return undefined;
  const sizeBytes = Math.min(dynamic.fileSizeBytes, maxDynamicBytes);
  const cursor = new Cursor(elf.readFile(dynamic.fileOffset, sizeBytes), place(elf));
  let vaddr: number | undefined;
  let symbolsVaddr: number | undefined;
  let size: number | undefined;
  while (cursor.remaining >= dynamicEntryBytes) {
    const tag = cursor.u32();
    // Tags above 2^32 are the operating system's; their values may be anything.
    const known = cursor.u32() === 0 && knownTags.has(tag);
    if (!known) cursor.skip(8);
    else if (tag === dynamicTag.null) break;
    else if (tag === dynamicTag.rela) vaddr = cursor.u64();
    else if (tag === dynamicTag.symbols) symbolsVaddr = cursor.u64();
    else size = cursor.u64();
  }
  return vaddr === undefined || size === undefined ? undefined : { vaddr, sizeBytes: size, symbolsVaddr };
}

function place(elf: ElfFile): { file: string; section: string } {
  return { file: elf.path, section: 'dynamic table' };
}
