import { unlessDamaged } from './binary-error.ts';
import { funcdataIndex, functionDataBase, pcdataIndex } from './function-data.ts';
import type { NameEnds } from './go-binary.ts';
import type { Image } from './image.ts';
import { endsFilter } from './name-ends.ts';
import { type FunctionTable, visitRecords } from './pclntab.ts';
import type { PclntabLayout } from './pclntab-layout.ts';

// Which functions have calls of wanted ones inlined: a hasty look at the inline trees of all, 100,000 in a large program.
// What it finds is read properly by inline-tree.ts.

/** Calls inlined into one function; the runtime's own largest functions have some hundred. */
export const maxCallsOfFunction = 16 * 1024;
/** Of a pc-value table. */
export const maxTableBytes = 1024 * 1024;
const maxNameBytes = 16 * 1024;
/** For more names than that all trees are read: most have one of them. */
const maxSearched = 10_000;
/** A first look at a word is at its lower bits. */
const likelyMask = 0xffff;
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

/**
 * Indices of the functions whose inline tree may have one of the names: nearly always it has. The trees lie side by side, so
 * that the names' offsets are looked for in all of them at once; where each tree ends only its function's table tells.
 */
export function* functionsThatInline(
  image: Image,
  table: FunctionTable,
  wanted: ReadonlyMap<number, string>,
): Generator<number> {
  const { sizeBytes, name } = inlinedCallLayout(table.module.pclntab.layout);
  const trees = inlineTrees(image, table);
  const places = wanted.size > maxSearched ? undefined : placesOf(image, trees, wanted);
  const chosen = places && treesAround(trees, places, { name, sizeBytes });
  for (let index = 0; index < trees.length; index++) {
    const tree = trees[index] ?? 0;
    if (tree !== 0 && (chosen?.has(tree) !== false || tree % 4 !== 0)) yield index;
  }
}

/** Of each function the linked address of its tree; 0 where it has none. */
function inlineTrees(image: Image, table: FunctionTable): Float64Array {
  const { module, recordOffsets } = table;
  const trees = new Float64Array(recordOffsets.length);
  const { func: layout, firstMinor } = module.pclntab.layout;
  const hasAddresses = firstMinor < 18;
  const base = hasAddresses ? 0 : (unlessDamaged(() => functionDataBase(image, table)) ?? 0);
  const wanted = inlineTreeFuncdata(module.pclntab.layout);
  const wordBytes = hasAddresses ? 8 : 4;
  visitRecords(image, module, recordOffsets, maxRecordBytes, (index, piece, record, recordVaddr) => {
    const pcdata = record + layout.sizeBytes;
    const pcdataCount = piece.getUint32(record + layout.pcLine + 4, true);
    const funcdataCount = piece.getUint8(pcdata - 1);
    if (pcdataCount <= pcdataIndex.inlineTree || funcdataCount <= wanted) return;
    const at = pcdata + pcdataCount * 4 + wanted * wordBytes;
    // Addresses are aligned.
    const treeAt = at + (hasAddresses ? (8 - ((recordVaddr + at - record) % 8)) % 8 : 0);
    if (!(treeAt + wordBytes <= Math.min(piece.byteLength, record + maxRecordBytes))) return;
    const tableOffset = piece.getUint32(pcdata + pcdataIndex.inlineTree * 4, true);
    const low = piece.getUint32(treeAt, true);
    if (low === noTable || tableOffset === 0 || tableOffset === noTable) return;
    trees[index] = hasAddresses ? low + piece.getUint32(treeAt + 4, true) * 2 ** 32 : base + low;
  });
  return trees;
}

/** Linked addresses, ascending in each segment, of all words among the trees that may be an offset of these names. */
function placesOf(image: Image, trees: Float64Array, wanted: ReadonlyMap<number, string>): number[] {
  const ranges = new Map<number, { first: number; last: number }>();
  for (const tree of trees) {
    const end = tree === 0 || tree % 4 !== 0 ? undefined : image.segmentEnd(tree);
    if (end === undefined) continue;
    const range = ranges.get(end);
    if (range === undefined) {
      ranges.set(end, { first: tree, last: tree });
    } else if (tree < range.first) {
      range.first = tree;
    } else if (tree > range.last) {
      range.last = tree;
    }
  }
  const isLikely = new Uint8Array(likelyMask + 1);
  for (const offset of wanted.keys()) isLikely[offset & likelyMask] = 1;
  const places: number[] = [];
  for (const [segmentEnd, { first, last }] of [...ranges].sort(([a], [b]) => a - b)) {
    const end = Math.min(segmentEnd, last + maxCallsOfFunction * inlinedCall115.sizeBytes);
    for (const { vaddr, bytes } of image.pieces(first, end - first)) {
      const words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
      for (let at = 0; at < words.length; at++) {
        const word = words[at] as number;
        if (isLikely[word & likelyMask] === 1 && wanted.has(word)) places.push(vaddr + at * 4);
      }
    }
  }
  return places;
}

/** The trees in which these places are names: of each the last tree in front of it. */
function treesAround(
  trees: Float64Array,
  places: readonly number[],
  { name, sizeBytes }: { readonly name: number; readonly sizeBytes: number },
): ReadonlySet<number> {
  const before = new Float64Array(places.length);
  for (const tree of trees) {
    if (tree === 0) continue;
    const next = lowerBound(places, tree + name);
    if (next < places.length && tree > (before[next] ?? 0)) before[next] = tree;
  }
  const found = new Set<number>();
  let tree = 0;
  for (const [index, place] of places.entries()) {
    tree = Math.max(tree, before[index] ?? 0);
    if (tree !== 0 && (place - name - tree) % sizeBytes === 0) found.add(tree);
  }
  return found;
}

/** Index of the first of the ascending numbers that is not below the wanted one. */
function lowerBound(numbers: readonly number[], wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
