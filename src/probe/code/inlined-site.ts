import type { Found, InlineTree, SourceLine } from '../../binary/go-binary.ts';
import { callAt } from '../../binary/inline-tree.ts';
import { alwaysLeadsTo, commonDominator, dominates, type FlowGraph, isInCycle, isLoopHead } from './flow-graph.ts';
import { flow, type InstructionDecoder, type Instructions, instructionIndex } from './instruction.ts';

/** Where an inlined call is counted: an instruction that is executed once for each call of it. Offset from the function's entry. */
export interface InlinedSite {
  readonly offset: number;
  readonly emulated: boolean;
  /** For people: `inline mark`, `inlined code`. */
  readonly why: string;
}

/** A function with calls inlined into it. */
export interface InliningFunction {
  readonly code: Uint8Array;
  readonly decoder: InstructionDecoder;
  readonly instructions: Instructions;
  readonly graph: FlowGraph;
  readonly tree: InlineTree;
  /** By instruction: see `describeInstructions`. */
  readonly ownerOf: Int32Array;
  readonly anchors: Uint8Array;
  /** Of an instruction at that offset, as tables of the run-time have it: in the innermost call's own source. */
  readonly lineAt: (offset: number) => SourceLine | undefined;
  readonly compiler: CompilerHabits;
}

/** What the compiler does with code that has no effects. */
export interface CompilerHabits {
  /** Runs code of a branch in front of the branch, and inline marks with it: Go 1.26 and later. */
  readonly speculates: boolean;
  /** Computes in front of a loop what is the same each time: Go 1.27 and later. Marks stay. */
  readonly hoists: boolean;
}

/**
 * Looks for an instruction that is executed exactly once for each inlined call, or tells why there is none.
 *
 * The compiler marks where an inlined call begins (OpInlMark, src/cmd/compile/internal/ssagen/ssa.go): by a NOP, or, if the
 * function has any other instruction of the same line, by naming that one, wherever it is. The NOP is in the place of the call. The
 * other one may be in another branch of `if ok && f(x)`, so it says nothing; then the body's own instructions are looked at.
 * Those that store, call or branch stay in the block that the source has them in. A value is computed in front of a branch
 * only where the compiler speculates, which it doesn't with what reads memory, and behind the branch that follows the call
 * only if the call stands in front of that one in the source (ssa/branchelim.go, fuse_comparisons.go, tighten.go).
 */
export function findInlinedSite(fn: InliningFunction, call: number): Found<InlinedSite> {
  const body = bodyOf(fn, call);
  const mark = markOf(fn, call);
  if (mark !== undefined) {
    if (mayRunWithoutCall(fn, body, blockAt(fn, mark))) return { unavailable: speculated };
    const offset = fn.instructions.offset[mark] ?? 0;
    return { value: { offset, emulated: fn.decoder.isEmulated(fn.code, offset), why: 'inline mark' } };
  }
  if (fn.graph.hasTableJump) return { unavailable: 'a jump through a table hides which code leads to it' };
  const first = commonDominator(fn.graph, body.blocks);
  if (first === undefined || !body.blocks.has(first)) {
    return { unavailable: 'the compiler mixed its code with the code around it' };
  }
  if (mayRunWithoutCall(fn, body, first) || mayBeHoisted(fn, body, first)) return { unavailable: speculated };
  if (!body.pinned.has(first) && !runsWithCall(fn, call, first)) {
    return { unavailable: 'the compiler may have moved its code behind a later branch' };
  }
  if (isInCycle(fn.graph, first, (block) => !body.foreign.has(block))) {
    return { unavailable: 'its code begins with a loop' };
  }
  return siteIn(fn, call, first);
}

const speculated = 'the compiler may run its code also where the call is not reached';

interface Body {
  /** Blocks with code of the call, or of calls inlined into it. */
  readonly blocks: ReadonlySet<number>;
  /** … with code of it that reads or writes memory, or calls: never executed without the call. */
  readonly stays: ReadonlySet<number>;
  /** … that stores, calls or branches: executed where the source has it. */
  readonly pinned: ReadonlySet<number>;
  /** Blocks with such code of others. */
  readonly foreign: ReadonlySet<number>;
}

function bodyOf({ graph, ownerOf, anchors, tree }: InliningFunction, call: number): Body {
  const blocks = new Set<number>();
  const stays = new Set<number>();
  const pinned = new Set<number>();
  const foreign = new Set<number>();
  const within = callsWithin(tree, call);
  for (let block = 0; block + 1 < graph.starts.length; block++) {
    if ((graph.dominators[block] ?? -1) === -1) continue;
    for (let i = graph.starts[block] ?? 0; i < (graph.starts[block + 1] ?? 0); i++) {
      const kind = anchors[i] ?? anchor.none;
      if (within.has(ownerOf[i] ?? -1)) {
        if (kind !== anchor.shuffle) blocks.add(block);
        if (kind >= anchor.branch) pinned.add(block);
        if (kind === anchor.load || kind >= anchor.store) stays.add(block);
      } else if (kind >= anchor.branch) {
        foreign.add(block);
      }
    }
  }
  return { blocks, stays, pinned, foreign };
}

/** What holds an instruction in its place; from `branch` on where the source has it. A shuffle may be anywhere. */
const anchor = { shuffle: 0, none: 1, load: 2, branch: 3, store: 4, call: 5 } as const;

/** The innermost call that each instruction is of, and its `anchor`. */
export function describeInstructions({
  instructions,
  code,
  decoder,
  tree,
}: Pick<InliningFunction, 'instructions' | 'code' | 'decoder' | 'tree'>): Pick<
  InliningFunction,
  'ownerOf' | 'anchors'
> {
  const { count, offset, flow: flows } = instructions;
  const ownerOf = new Int32Array(count).fill(-1);
  const anchors = new Uint8Array(count).fill(anchor.none);
  for (let i = 0; i < count; i++) {
    const at = offset[i] ?? 0;
    ownerOf[i] = callAt(tree.runs, at);
    const kind = flows[i];
    if (kind === flow.next) {
      anchors[i] = anchor[decoder.isShuffle(code, at) ? 'shuffle' : (decoder.memory(code, at) ?? 'none')];
    } else if (kind === flow.call) anchors[i] = anchor.call;
    else if (kind === flow.conditional || kind === flow.stackCheckJump) anchors[i] = anchor.branch;
  }
  return { ownerOf, anchors };
}

/** A call and those inlined into it. A parent's entry may come before or behind its children's. */
function callsWithin({ parents }: InlineTree, call: number): Set<number> {
  const within = new Set([call]);
  for (let grown = true; grown; ) {
    grown = false;
    for (let at = 0; at < parents.length; at++) {
      if (within.has(at) || !within.has(parents[at] ?? -1)) continue;
      within.add(at);
      grown = true;
    }
  }
  return within;
}

/** Index of the NOP that marks the call. */
function markOf({ tree, instructions, code, decoder }: InliningFunction, call: number): number | undefined {
  const offset = tree.parentPcs[call] ?? -1;
  if (offset < 0 || offset >= code.length || !decoder.isNop(code, offset)) return undefined;
  // Each mark is one call's own.
  if (tree.parentPcs.filter((pc) => pc === offset).length > 1) return undefined;
  return instructionIndex(instructions, offset);
}

function blockAt({ graph }: InliningFunction, index: number): number {
  return graph.starts.findLastIndex((start) => start <= index);
}

/** Whether the block may have been made of several: its code would be executed also where the call is not reached. */
function mayRunWithoutCall(fn: InliningFunction, { stays }: Body, block: number): boolean {
  const { compiler, graph, instructions, decoder, code } = fn;
  if (!compiler.speculates || stays.has(block)) return false;
  const joined = joinedBlocks(graph, block);
  const last = joined.at(-1) ?? block;
  const endsInCheck = (graph.successors[last] ?? []).some((to) => neverReturns(fn, to));
  const offsets: number[] = [];
  for (const at of joined) {
    for (let i = graph.starts[at] ?? 0; i < (graph.starts[at + 1] ?? 0); i++) offsets.push(instructions.offset[i] ?? 0);
  }
  return decoder.mayBeSpeculated(code, offsets, endsInCheck);
}

/** Whether the block leads into a loop, and may hold code of it. */
function mayBeHoisted({ compiler, graph }: InliningFunction, { stays }: Body, block: number): boolean {
  if (!compiler.hoists || stays.has(block)) return false;
  const last = joinedBlocks(graph, block).at(-1) ?? block;
  return (graph.successors[last] ?? []).some((to) => isLoopHead(graph, to) && !dominates(graph, to, block));
}

/** The block with those that are executed whenever it is, as one follows the other: the compiler's own blocks go on behind calls. */
function joinedBlocks({ successors, predecessors }: FlowGraph, block: number): number[] {
  const joined = [block];
  const only = (list: readonly number[] | undefined) => (list?.length === 1 ? list[0] : undefined);
  for (let from = only(predecessors[block]); from !== undefined && !joined.includes(from); ) {
    if (successors[from]?.length !== 1) break;
    joined.unshift(from);
    from = only(predecessors[from]);
  }
  for (let to = only(successors[block]); to !== undefined && !joined.includes(to); ) {
    if (predecessors[to]?.length !== 1) break;
    joined.push(to);
    to = only(successors[to]);
  }
  return joined;
}

/** The block ends in a call of what panics. */
function neverReturns({ graph, instructions }: InliningFunction, block: number): boolean {
  const last = (graph.starts[block + 1] ?? 0) - 1;
  return instructions.flow[last] === flow.call && graph.successors[block]?.length === 0;
}

/**
 * Whether the block is executed as often as the call: up to where it is decided that it will be executed there is no branch,
 * or one that stands in front of the call in the source.
 */
function runsWithCall(fn: InliningFunction, call: number, first: number): boolean {
  const { graph, instructions } = fn;
  const isReturn = (block: number) => {
    const kind = instructions.flow[(graph.starts[block + 1] ?? 0) - 1];
    return kind !== flow.stop && kind !== flow.call;
  };
  for (let block = first; ; ) {
    const above = graph.dominators[block] ?? block;
    if (above === block) return true;
    const isDecided = (graph.successors[above] ?? []).length > 1 && !alwaysLeadsTo(graph, above, block, isReturn);
    const branch = (graph.starts[above + 1] ?? 0) - 1;
    if (isDecided) return isInFront(fn, instructions.offset[branch] ?? 0, call);
    block = above;
  }
}

/** Whether an instruction stands on an earlier line than the call, in the source of the innermost function that has both. */
function isInFront({ tree, lineAt }: InliningFunction, offset: number, call: number): boolean {
  const branch = placesOf(tree, callAt(tree.runs, offset), offset);
  const called = placesOf(tree, tree.parents[call] ?? -1, tree.parentPcs[call] ?? 0);
  for (const [inside, calledAt] of called) {
    const at = branch.get(inside);
    if (at === undefined) continue;
    const [earlier, later] = [lineAt(at), lineAt(calledAt)];
    return earlier !== undefined && later !== undefined && earlier.file === later.file && earlier.line < later.line;
  }
  return false;
}

/** By the calls that an instruction is within, from the innermost one to the function (-1): an instruction of its own line there. */
function placesOf({ parents, parentPcs }: InlineTree, innermost: number, offset: number): Map<number, number> {
  const places = new Map([[innermost, offset]]);
  for (let call = innermost; call !== -1; ) {
    const up = parents[call] ?? -1;
    // A damaged tree may lead in a circle.
    if (places.has(up)) break;
    places.set(up, parentPcs[call] ?? 0);
    call = up;
  }
  return places;
}

/** The instruction of the block to probe: one that the kernel emulates if there is one. A RET is the site of an exit. */
function siteIn(fn: InliningFunction, call: number, block: number): Found<InlinedSite> {
  const { graph, instructions, ownerOf, decoder, code } = fn;
  const within = callsWithin(fn.tree, call);
  let found: InlinedSite | undefined;
  for (let i = graph.starts[block] ?? 0; i < (graph.starts[block + 1] ?? 0); i++) {
    const offset = instructions.offset[i] ?? 0;
    if (instructions.flow[i] === flow.return) continue;
    if (decoder.isEmulated(code, offset)) return { value: { offset, emulated: true, why: 'inlined code' } };
    if (within.has(ownerOf[i] ?? -1) && found === undefined && !decoder.effect(code, offset).refused) {
      found = { offset, emulated: false, why: 'inlined code' };
    }
  }
  return found === undefined ? { unavailable: 'the kernel allows no probe in its code' } : { value: found };
}
