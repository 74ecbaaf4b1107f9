import { flow, type Instructions } from './instruction.ts';

/**
 * A function's blocks: runs of instructions that are executed one after the other, once each, whenever the first one is. A
 * call ends a block, as it may not return. Block 0 is the entry.
 */
export interface FlowGraph {
  /** By block: index of its first instruction; one more at the end. */
  readonly starts: readonly number[];
  readonly successors: readonly (readonly number[])[];
  readonly predecessors: readonly (readonly number[])[];
  /** By block: the last block that every way to it passes; of the entry itself; -1: no way leads to it. */
  readonly dominators: readonly number[];
  /** A jump through a table may lead to more blocks than the graph says. */
  readonly hasTableJump: boolean;
}

/** What the graph must know of calls, by the target's offset from the function's first byte. */
export interface CallTargets {
  /** What leads to it starts the function over. */
  readonly isMorestack: (offset: number) => boolean;
  /** It ends in a panic, say. */
  readonly neverReturns: (offset: number) => boolean;
}

/** Undefined for code that can't be decoded to its end. */
export function flowGraph(instructions: Instructions, sizeBytes: number, targets: CallTargets): FlowGraph | undefined {
  const { count, offset: offsets, flow: flows, target } = instructions;
  if (instructions.undecodable !== undefined || count === 0) return undefined;
  const indexAt = new Map<number, number>();
  for (let i = 0; i < count; i++) indexAt.set(offsets[i] ?? 0, i);

  const isLeader = new Uint8Array(count + 1);
  isLeader[0] = 1;
  for (let i = 0; i < count; i++) {
    const kind = flows[i] ?? flow.next;
    if (kind === flow.next) continue;
    isLeader[i + 1] = 1;
    const to = isBranch(kind) ? indexAt.get(target[i] ?? 0) : undefined;
    if (to !== undefined) isLeader[to] = 1;
  }
  const starts: number[] = [];
  const blockOf = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) {
    if (isLeader[i] === 1) starts.push(i);
    blockOf[i] = starts.length - 1;
  }
  const blocks = starts.length;
  starts.push(count);

  const callsMorestack = (block: number) => {
    const last = (starts[block + 1] ?? count) - 1;
    return flows[last] === flow.call && targets.isMorestack(target[last] ?? 0);
  };
  const successors = Array.from({ length: blocks }, (_, block) => {
    const last = (starts[block + 1] ?? count) - 1;
    const kind = flows[last] ?? flow.next;
    const next: number[] = [];
    if (isBranch(kind)) {
      const at = target[last] ?? 0;
      const to = at >= 0 && at < sizeBytes ? indexAt.get(at) : undefined;
      if (to !== undefined) next.push(blockOf[to] ?? 0);
    }
    const goesOn =
      kind === flow.next ||
      kind === flow.conditional ||
      kind === flow.stackCheckJump ||
      (kind === flow.call && !targets.neverReturns(target[last] ?? 0));
    if (goesOn && block + 1 < blocks) next.push(block + 1);
    return [...new Set(next)].filter((to) => !callsMorestack(to));
  });
  const predecessors: number[][] = Array.from({ length: blocks }, () => []);
  for (const [block, next] of successors.entries()) for (const to of next) predecessors[to]?.push(block);
  const hasTableJump = flows.subarray(0, count).includes(flow.tableJump);
  return { starts, successors, predecessors, dominators: dominatorsOf(successors, predecessors), hasTableJump };
}

function isBranch(kind: number): boolean {
  return kind === flow.jump || kind === flow.conditional || kind === flow.stackCheckJump;
}

/** Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm (2001). */
function dominatorsOf(
  successors: readonly (readonly number[])[],
  predecessors: readonly (readonly number[])[],
): number[] {
  const order = postorder(successors);
  const rank = new Int32Array(successors.length).fill(-1);
  for (const [position, block] of order.entries()) rank[block] = position;
  const dominators = new Array<number>(successors.length).fill(-1);
  dominators[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = order.length - 1; i >= 0; i--) {
      const block = order[i] ?? 0;
      if (block === 0) continue;
      let found = -1;
      for (const from of predecessors[block] ?? []) {
        if (dominators[from] === -1) continue;
        found = found === -1 ? from : meet(from, found, dominators, rank);
      }
      if (found !== -1 && dominators[block] !== found) {
        dominators[block] = found;
        changed = true;
      }
    }
  }
  return dominators;
}

/** The last block that both are dominated by. */
function meet(a: number, b: number, dominators: readonly number[], rank: Int32Array): number {
  let [left, right] = [a, b];
  while (left !== right) {
    while ((rank[left] ?? 0) < (rank[right] ?? 0)) left = dominators[left] ?? 0;
    while ((rank[right] ?? 0) < (rank[left] ?? 0)) right = dominators[right] ?? 0;
  }
  return left;
}

function postorder(successors: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(successors.length);
  const open: { readonly block: number; next: number }[] = [{ block: 0, next: 0 }];
  seen[0] = 1;
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const to = successors[top.block]?.[top.next++];
    if (to === undefined) {
      order.push(top.block);
      open.pop();
    } else if (seen[to] === 0) {
      seen[to] = 1;
      open.push({ block: to, next: 0 });
    }
  }
  return order;
}

export function dominates({ dominators }: FlowGraph, above: number, below: number): boolean {
  for (let block = below; ; ) {
    if (block === above) return true;
    const up = dominators[block] ?? -1;
    if (up === block || up === -1) return false;
    block = up;
  }
}

/** Whether a way leads back to the block from one that can only be reached through it. */
export function isLoopHead(graph: FlowGraph, block: number): boolean {
  return (graph.predecessors[block] ?? []).some(
    (from) => graph.dominators[from] !== -1 && dominates(graph, block, from),
  );
}

/** The last block that every way to each of them passes; undefined if no way leads to one of them. */
export function commonDominator({ dominators }: FlowGraph, blocks: Iterable<number>): number | undefined {
  let chain: number[] | undefined;
  for (const block of blocks) {
    const ways: number[] = [];
    for (let at = block; ; ) {
      if ((dominators[at] ?? -1) === -1) return undefined;
      ways.push(at);
      const up = dominators[at] ?? 0;
      if (up === at) break;
      at = up;
    }
    const known = new Set(ways);
    chain = chain === undefined ? ways : chain.filter((at) => known.has(at));
  }
  return chain?.[0];
}

/** Whether every way from the first block that does not end in a panic passes the other one. */
export function alwaysLeadsTo(
  { successors }: FlowGraph,
  from: number,
  to: number,
  ends: (block: number) => boolean,
): boolean {
  const seen = new Set<number>([from]);
  const open = [from];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    const next = successors[block] ?? [];
    if (next.length === 0 && ends(block)) return false;
    for (const at of next) {
      if (at === to || seen.has(at)) continue;
      seen.add(at);
      open.push(at);
    }
  }
  return true;
}

/** Whether a way leads from a block back to it through blocks that all may be passed. */
export function isInCycle({ successors }: FlowGraph, block: number, mayPass: (block: number) => boolean): boolean {
  if (!mayPass(block)) return false;
  const seen = new Set<number>();
  const open = [block];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const to of successors[at] ?? []) {
      if (to === block) return true;
      if (seen.has(to) || !mayPass(to)) continue;
      seen.add(to);
      open.push(to);
    }
  }
  return false;
}
