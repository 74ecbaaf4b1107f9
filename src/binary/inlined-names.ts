import { unlessDamaged } from './binary-error.ts';
import { funcdataIndex, functionDataBase, pcdataIndex } from './function-data.ts';
import type { NameEnds } from './go-binary.ts';
import type { Image } from './image.ts';
import { endsFilter } from './name-ends.ts';
import type { FunctionTable } from './pclntab.ts';
import type { PclntabLayout } from './pclntab-layout.ts';

// Which functions have calls of wanted ones inlined: a hasty look at the inline trees of all, 100,000 in a large program.
// What it finds is read properly by inline-tree.ts.

/** Calls inlined into one function; the runtime's own largest functions have some hundred. */
export const maxCallsOfFunction = 16 * 1024;
/** Of a pc-value table. */
export const maxTableBytes = 1024 * 1024;
const maxNameBytes = 16 * 1024;
/** Records are read in pieces of this size. */
const pieceBytes = 1024 * 1024;
/** A record and its tables' places: 44 bytes, and a dozen words behind. More is a damaged one. */
const maxRecordBytes = 1024;
const noTable = 0xffffffff;

/** Offsets within `inlinedCall` (src/runtime/symtabinl.go; until Go 1.19 src/cmd/internal/objabi/funcdata.go). */
const inlinedCall120 = { sizeBytes: 16, name: 4, parentPc: 8 } as const;
const inlinedCall115 = { sizeBytes: 20, name: 12, parentPc: 16 } as const;

export function inlinedCallLayout({ firstMinor }: PclntabLayout) {
  return firstMinor >= 20 ? inlinedCall120 : inlinedCall115;
}

/** Go 1.15 has the tree in the place behind. */
export function inlineTreeFuncdata({ lastMinor }: PclntabLayout): number {
  return funcdataIndex.inlineTree + (lastMinor < 16 ? 1 : 0);
}

/**
 * Names by their offset in the table of names: functions that are only inlined have theirs there as well.
 * @param ends what all of the wanted names begin and end with
 */
export function wantedNames(
  { names }: FunctionTable,
  isWanted: (name: string) => boolean,
  ends?: readonly NameEnds[],
): Map<number, string> {
  const wanted = new Map<number, string>();
  const fits = ends && endsFilter(names, ends);
  for (let start = 0; start < names.length; ) {
    const end = names.indexOf(0, start);
    if (end === -1) break;
    if (end > start && end - start <= maxNameBytes && fits?.(start, end) !== false) {
      const name = names.toString('utf8', start, end);
      if (isWanted(name)) wanted.set(start, name);
    }
    start = end + 1;
  }
  return wanted;
}

/** Indices of the functions whose inline tree has one of the names. */
export function* functionsThatInline(
  image: Image,
  table: FunctionTable,
  wanted: ReadonlyMap<number, string>,
): Generator<number> {
  const { pclntab, pcTables } = table.module;
  const { sizeBytes, name } = inlinedCallLayout(pclntab.layout);
  const { trees, tables } = inlineTrees(image, table);
  const bytes = image.bytes(pcTables.vaddr, pcTables.length);
  for (let index = 0; index < trees.length; index++) {
    const tree = trees[index] ?? 0;
    const count = tree === 0 ? 0 : 1 + largestValue(bytes, tables[index] ?? 0);
    if (count < 1 || count > maxCallsOfFunction) continue;
    const found = unlessDamaged(() => {
      for (let call = 0, at = tree + name; call < count; call++, at += sizeBytes) {
        if (wanted.has(image.u32(at))) return true;
      }
      return false;
    });
    if (found) yield index;
  }
}

/** Of each function: its tree's linked address, 0 where it has none, and the offset of the table that leads into it. */
function inlineTrees(image: Image, table: FunctionTable) {
  const { module, recordOffsets } = table;
  const trees = new Float64Array(recordOffsets.length);
  const tables = new Uint32Array(recordOffsets.length);
  const { functions, pclntab } = module;
  const { func: layout, firstMinor } = pclntab.layout;
  const hasAddresses = firstMinor < 18;
  const base = hasAddresses ? 0 : (unlessDamaged(() => functionDataBase(image, table)) ?? 0);
  const wanted = inlineTreeFuncdata(pclntab.layout);
  const wordBytes = hasAddresses ? 8 : 4;
  let pieceStart = 0;
  let pieceVaddr = 0;
  let piece: DataView = new DataView(new ArrayBuffer(0));
  for (let index = 0; index < recordOffsets.length; index++) {
    const offset = recordOffsets[index] ?? 0;
    const needed = Math.min(offset + maxRecordBytes, functions.length);
    if (needed > pieceStart + piece.byteLength) {
      const bytes = image.bytes(functions.vaddr + offset, Math.min(pieceBytes, functions.length - offset));
      pieceStart = offset;
      pieceVaddr = functions.vaddr + offset;
      piece = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const record = offset - pieceStart;
    const pcdata = record + layout.sizeBytes;
    const pcdataCount = piece.getUint32(record + layout.pcLine + 4, true);
    const funcdataCount = piece.getUint8(pcdata - 1);
    if (pcdataCount <= pcdataIndex.inlineTree || funcdataCount <= wanted) continue;
    const at = pcdata + pcdataCount * 4 + wanted * wordBytes;
    // Addresses are aligned.
    const treeAt = at + (hasAddresses ? (8 - ((pieceVaddr + at) % 8)) % 8 : 0);
    if (!(treeAt + wordBytes <= needed - pieceStart)) continue;
    const tableOffset = piece.getUint32(pcdata + pcdataIndex.inlineTree * 4, true);
    const low = piece.getUint32(treeAt, true);
    if (low === noTable || tableOffset === 0 || tableOffset === noTable) continue;
    trees[index] = hasAddresses ? low + piece.getUint32(treeAt + 4, true) * 2 ** 32 : base + low;
    tables[index] = tableOffset;
  }
  return { trees, tables };
}

/** Of a pc-value table, -1 if it is damaged or has none above. */
function largestValue(tables: Uint8Array, offset: number): number {
  let value = -1;
  let largest = -1;
  const end = Math.min(tables.length, offset + maxTableBytes);
  for (let at = offset, first = true; at < end; first = false) {
    let delta = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = tables[at++] ?? 0;
      delta += (byte & 127) * shift;
      if (byte < 128) break;
    }
    if (delta === 0 && !first) break;
    while ((tables[at++] ?? 0) > 127);
    value += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
    if (value > largest) largest = value;
  }
  return largest;
}
