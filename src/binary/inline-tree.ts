import { BinaryError, hex, unlessDamaged } from './binary-error.ts';
import { FunctionData, pcdataIndex } from './function-data.ts';
import type { GoFunction, InlinedCall, InlineTree, NameEnds, PcRun } from './go-binary.ts';
import type { Image } from './image.ts';
import {
  functionsThatInline,
  inlinedCallLayout,
  inlineTreeFuncdata,
  maxCallsOfFunction,
  maxTableBytes,
  wantedNames,
} from './inlined-names.ts';
import { type FunctionTable, functionIndexAt, functionOfIndex, nameAt } from './pclntab.ts';
import type { PclntabLayout } from './pclntab-layout.ts';

/** A program of 100 MB has about a million. */
const maxCalls = 4 * 1024 * 1024;
/** Bytes of a pc-value table that are looked at first. */
const firstTableBytes = 256;

/**
 * Every inlined call of the functions whose name is wanted, by the inline trees that the runtime prints tracebacks with:
 * stripped programs have them too. A function whose tree is damaged is left out.
 */
export function* inlinedCalls(
  image: Image,
  table: FunctionTable,
  isWanted: (name: string) => boolean,
  ends?: readonly NameEnds[],
): Generator<InlinedCall> {
  const wanted = wantedNames(table, isWanted, ends);
  if (wanted.size === 0) return;
  let left = maxCalls;
  for (const index of functionsThatInline(image, table, wanted)) {
    const into = functionOfIndex(table, index);
    for (const { name, call, pc, parentPc } of unlessDamaged(() => callsWithin(image, table, index, wanted)) ?? []) {
      if (left-- === 0) return;
      yield { name, into, call, vaddr: into.entryVaddr + pc, callVaddr: into.entryVaddr + parentPc };
    }
  }
}

function treeOf(data: FunctionData, layout: PclntabLayout) {
  const treeVaddr = data.funcdata(inlineTreeFuncdata(layout));
  return { treeVaddr, tableOffset: treeVaddr === undefined ? undefined : data.pcdata(pcdataIndex.inlineTree) };
}

interface CallWithin {
  readonly name: string;
  readonly call: number;
  /** From the function's entry. */
  readonly pc: number;
  readonly parentPc: number;
}

function callsWithin(
  image: Image,
  table: FunctionTable,
  index: number,
  wanted: ReadonlyMap<number, string>,
): CallWithin[] {
  const found = treeWithNames(image, table, index);
  if (found === undefined) return [];
  const { runs, parentPcs, parents, nameOffset } = found;
  // The code of a call is that of the calls inlined into it as well.
  const firstPcs = new Map<number, number>();
  for (const { call: innermost, startPc } of runs) {
    for (let call = innermost, depth = 0; call >= 0 && depth <= parents.length; depth++) {
      if (!firstPcs.has(call)) firstPcs.set(call, startPc);
      call = parents[call] ?? -1;
    }
  }
  const calls: CallWithin[] = [];
  for (const [call, pc] of firstPcs) {
    const name = wanted.get(nameOffset(call));
    if (name !== undefined) calls.push({ name, call, pc, parentPc: Math.max(0, parentPcs[call] ?? 0) });
  }
  return calls;
}

/** The inline tree of a function; without calls if nothing was inlined into it. */
export function inlineTreeOf(image: Image, table: FunctionTable, fn: GoFunction): InlineTree {
  const index = functionIndexAt(table, fn.entryVaddr);
  const tree = index === undefined ? undefined : treeWithNames(image, table, index);
  return tree ?? { runs: [], parents: [], parentPcs: [] };
}

/** The same with the names of the calls. */
export function namedInlineTreeOf(
  image: Image,
  table: FunctionTable,
  fn: GoFunction,
): { readonly tree: InlineTree; readonly callName: (call: number) => string } {
  const index = functionIndexAt(table, fn.entryVaddr);
  const found = index === undefined ? undefined : treeWithNames(image, table, index);
  const tree = found ?? { runs: [], parents: [], parentPcs: [] };
  return { tree, callName: (call) => (found === undefined ? '?' : nameAt(table, found.nameOffset(call))) };
}

function treeWithNames(image: Image, table: FunctionTable, index: number) {
  const { layout: pclntab } = table.module.pclntab;
  const { treeVaddr, tableOffset } = treeOf(new FunctionData(image, table, index), pclntab);
  if (treeVaddr === undefined || tableOffset === undefined) return undefined;
  const layout = inlinedCallLayout(pclntab);
  const runs = pcRuns(image, table, tableOffset);
  const last = runs.reduce((largest, { call }) => Math.max(largest, call), -1);
  if (last >= maxCallsOfFunction) {
    throw new BinaryError(`a function has ${last} inlined calls`, { file: image.path, section: 'inline tree' });
  }
  const entries = image.cursor(treeVaddr, (last + 1) * layout.sizeBytes);
  const parentPcs = Array.from({ length: last + 1 }, (_, call) =>
    entries.seek(treeVaddr + call * layout.sizeBytes + layout.parentPc).i32(),
  );
  const parents = parentPcs.map((pc) => callAt(runs, pc));
  const nameOffset = (call: number) => entries.seek(treeVaddr + call * layout.sizeBytes + layout.name).u32();
  return { runs, parentPcs, parents, nameOffset };
}

/** The innermost inlined call that the instruction at a pc belongs to; -1: the function's own code. */
export function callAt(runs: readonly PcRun[], pc: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const run = runs[middle];
    if (run === undefined) break;
    if (pc < run.startPc) high = middle - 1;
    else if (pc >= run.endPc) low = middle + 1;
    else return run.call;
  }
  return -1;
}

/** A whole pc-value table: see source-lines.ts. */
function pcRuns(image: Image, { module }: FunctionTable, offset: number): PcRun[] {
  const { vaddr, length } = module.pcTables;
  if (offset >= length) {
    const what = `a pc-value table at ${hex(offset)} is past the end ${hex(length)}`;
    throw new BinaryError(what, { file: image.path, section: 'pctab', offset });
  }
  for (let size = firstTableBytes; ; size *= 16) {
    const available = Math.min(size, length - offset, maxTableBytes);
    const cursor = image.cursor(vaddr + offset, available);
    const isWhole = available < size;
    const runs: PcRun[] = [];
    for (let value = -1, startPc = 0; ; ) {
      if (!isWhole && cursor.remaining < 10) break;
      const delta = cursor.uleb();
      if (delta === 0 && runs.length > 0) return runs;
      value += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
      const advance = cursor.uleb() * module.pclntab.instructionBytes;
      if (advance === 0) cursor.fail('a pc-value table does not advance');
      runs.push({ startPc, endPc: startPc + advance, call: value });
      startPc += advance;
    }
  }
}
