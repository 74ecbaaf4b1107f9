import { flow, type Instructions } from './instruction.ts';

/** Instructions that always run one after the other, by their indices: [first, end). */
export interface CodeBlock {
  readonly first: number;
  readonly end: number;
  /** Indices of the blocks that may come next. */
  readonly next: readonly number[];
}

/**
 * A function's blocks in order of address, but for the way to morestack, which starts it over. Undefined where it has jumps
 * whose targets are not known, or leads back to its entry.
 * @param checkOffset of the stack check's jump, which is taken for not taken; undefined: there is none
 */
export function codeBlocks(instructions: Instructions, checkOffset: number | undefined): CodeBlock[] | undefined {
  const { count, offset: offsets, flow: flows, target: targets } = instructions;
  if (count === 0 || instructions.undecodable !== undefined) return undefined;
  const indexOf = new Map<number, number>();
  for (let i = 0; i < count; i++) indexOf.set(offsets[i] ?? 0, i);
  const check = checkOffset === undefined ? undefined : indexOf.get(checkOffset);
  const slowPath = check === undefined ? undefined : (targets[check] ?? 0);
  const restart = slowPath === undefined ? count : (indexOf.get(slowPath) ?? count);
  const restartEnd = endOfRestart(instructions, restart);
  const isRestart = (index: number) => index >= restart && index < restartEnd;

  const jumpTarget = (i: number): number | undefined => {
    const kind = flows[i];
    const jumps = kind === flow.jump || kind === flow.conditional || kind === flow.stackCheckJump;
    return jumps ? indexOf.get(targets[i] ?? 0) : undefined;
  };
  const starts = new Uint8Array(count + 1);
  starts[0] = 1;
  for (let i = 0; i < count; i++) {
    if (flows[i] === flow.tableJump) return undefined;
    if (isRestart(i)) {
      starts[i] = 1;
      continue;
    }
    const target = jumpTarget(i);
    if (target === 0) return undefined;
    if (target !== undefined) starts[target] = 1;
    if (flows[i] !== flow.next && flows[i] !== flow.call) starts[i + 1] = 1;
  }
  const blockAt = new Int32Array(count).fill(-1);
  const bounds: { first: number; end: number }[] = [];
  for (let i = 0; i < count; ) {
    let end = i + 1;
    while (end < count && starts[end] === 0) end += 1;
    if (!isRestart(i)) blockAt[i] = bounds.push({ first: i, end }) - 1;
    i = end;
  }
  return bounds.map(({ first, end }) => {
    const last = end - 1;
    const kind = flows[last];
    const goesOn =
      kind === flow.next || kind === flow.call || kind === flow.conditional || kind === flow.stackCheckJump;
    const next = [jumpTarget(last), goesOn && end < count ? end : undefined]
      .map((index) => (index === undefined ? -1 : (blockAt[index] ?? -1)))
      .filter((block) => block >= 0);
    return { first, end, next };
  });
}

/** Behind the jump back to the entry. */
function endOfRestart({ count, flow: flows }: Instructions, start: number): number {
  for (let i = start; i < count; i++) if (flows[i] === flow.jump) return i + 1;
  return count;
}

/** Whether a block may run again in the same call. */
export function isInLoop(blocks: readonly CodeBlock[], block: number): boolean {
  const seen = new Set<number>();
  const open = [...(blocks[block]?.next ?? [])];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === block) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(blocks[at]?.next ?? []));
  }
  return false;
}
