import { type CodeBlock, codeBlocks, isInLoop } from './function-flow.ts';
import { flow, type InstructionDecoder, type Instructions } from './instruction.ts';
import { constantOf, type KnownValue, KnownValues, knownConstant, type ReadablePlace } from './known-values.ts';
import type { FunctionSites } from './site.ts';
import type { ReadConstant, RegisterName, ValueRules, ValueStep } from './value-step.ts';

/** Where a float is that BPF can read, at some site; a constant is the same in every call. */
export type FloatPlace = ReadablePlace | { readonly constant: bigint };

/** A float register that holds a part of an argument or result. */
export interface FloatPart {
  readonly floatRegister: number;
  readonly sizeBytes: number;
}

export interface FloatSite {
  /** Offset from the function's first byte. */
  readonly offset: number;
  /** By how much SP is below that of the entry. */
  readonly frameBytes: number;
  readonly emulated: boolean;
  /** By the index of the part. */
  readonly places: ReadonlyMap<number, FloatPlace>;
}

export interface FloatSites {
  /** Within the function: arguments that can be read there, each hit at most once a call. */
  readonly bodies: readonly FloatSite[];
  /** In place of the RET at that offset: where its results can be read. */
  readonly exits: ReadonlyMap<number, FloatSite>;
}

export interface FloatFunction {
  readonly code: Uint8Array;
  readonly entryVaddr: number;
  readonly sites: FunctionSites;
  readonly parameters: readonly FloatPart[];
  readonly results: readonly FloatPart[];
}

/** Sites within a function. */
const maxBodies = 8;
/** Larger functions are not worth the time: 10 us an instruction. */
const maxInstructions = 20_000;

/**
 * Where the floats are that a function gets and returns in registers, which BPF can't read.
 *
 * Arguments: behind the instruction that stores them, or moves them to an integer register, while that place still holds
 * them on every way from the entry. Results: where they came from before a RET, if that still holds the same: the stack, an
 * integer register, a constant of the program, other memory. In a program without data races nobody else writes to that
 * memory between the access and the site: no instruction in between could have let it.
 */
export function findFloatSites(
  decoder: InstructionDecoder,
  rules: ValueRules,
  fn: FloatFunction,
  readConstant: ReadConstant,
): FloatSites {
  const instructions = decoder.sweep(fn.code);
  const { entry } = fn.sites;
  const blocks =
    instructions.count > maxInstructions
      ? undefined
      : codeBlocks(instructions, entry.stackCheck ? entry.offset : undefined);
  if (blocks === undefined) return { bodies: [], exits: new Map() };
  const steps = new Map<number, ValueStep>();
  const stepAt = (index: number): ValueStep => {
    const known = steps.get(index);
    if (known !== undefined) return known;
    const step = rules.step(fn.code, instructions.offset[index] ?? 0, fn.entryVaddr, readConstant);
    steps.set(index, step);
    return step;
  };
  const { zeroRegister, epilogueWrites } = rules;
  const isEpilogue = (index: number): boolean => {
    if (instructions.flow[index] !== flow.next) return false;
    const { writes, memory } = stepAt(index);
    return memory === 'none' && writes.every((name) => epilogueWrites.has(name));
  };
  const walk: Walk = { decoder, fn, instructions, blocks, zeroRegister, stepAt };
  const known = knownAtStarts(walk);
  const exits = fn.results.length === 0 ? new Map<number, FloatSite>() : findExits(walk, known, isEpilogue);
  const taken = new Set([...fn.sites.exits, ...exits.values()].map(({ offset }) => offset));
  return { bodies: fn.parameters.length === 0 ? [] : findBodies(walk, known, taken), exits };
}

/** The function, and what each of its instructions does. */
interface Walk {
  readonly decoder: InstructionDecoder;
  readonly fn: FloatFunction;
  readonly instructions: Instructions;
  readonly blocks: readonly CodeBlock[];
  readonly zeroRegister: RegisterName | undefined;
  readonly stepAt: (index: number) => ValueStep;
}

function argumentId(part: number): string {
  return `argument ${part}`;
}

/** What is known at the start of each block, on every way to it; undefined: no known way leads there. */
function knownAtStarts(walk: Walk): (KnownValues | undefined)[] {
  const { fn, zeroRegister, blocks } = walk;
  const registers = new Map<RegisterName, KnownValue>(
    fn.parameters.map(({ floatRegister, sizeBytes }, i) => [`f${floatRegister}`, { id: argumentId(i), sizeBytes }]),
  );
  if (zeroRegister !== undefined) registers.set(zeroRegister, knownConstant(0n, 8));
  const starts: (KnownValues | undefined)[] = blocks.map(() => undefined);
  starts[0] = new KnownValues(0, registers);
  // Each round forgets something, so it ends.
  const changed = new Set([0]);
  const followWays = () => {
    for (const block of changed) {
      changed.delete(block);
      const end = starts[block]?.copy();
      if (end === undefined) continue;
      runBlock(walk, block, end);
      for (const next of blocks[block]?.next ?? []) {
        const there = starts[next];
        if (there === undefined) starts[next] = end.copy();
        if (there === undefined || !there.meet(end)) changed.add(next);
      }
    }
  };
  followWays();
  // The runtime goes on in blocks that no jump leads to, behind a recovered panic. Where they lead, SP is as on the other ways.
  for (const [block, { next }] of blocks.entries()) {
    if (starts[block] !== undefined) continue;
    for (const way of next) {
      starts[way]?.applyCall(zeroRegister);
      changed.add(way);
    }
  }
  followWays();
  return starts;
}

/** Runs the block; `visit` gets the index of each instruction, `known` being what is known in front of it. */
function runBlock(
  walk: Walk,
  block: number,
  known: KnownValues,
  visit?: (index: number, offset: number) => void,
): void {
  const { instructions, blocks } = walk;
  const { first, end } = blocks[block] ?? { first: 0, end: 0 };
  for (let i = first; i < end; i++) {
    const offset = instructions.offset[i] ?? 0;
    visit?.(i, offset);
    if (instructions.flow[i] === flow.call) known.applyCall(walk.zeroRegister);
    else known.apply(walk.stepAt(i), offset);
  }
}

const none: ReadonlySet<number> = new Set();

function findBodies(walk: Walk, starts: readonly (KnownValues | undefined)[], taken: ReadonlySet<number>): FloatSite[] {
  const { blocks } = walk;
  const bodies: FloatSite[] = [];
  /** Parts that every way to the block's end has passed a site for. */
  const passed: ReadonlySet<number>[] = [];
  const ways: number[][] = blocks.map(() => []);
  for (const [block, { next }] of blocks.entries()) for (const to of next) ways[to]?.push(block);
  const before = (block: number): ReadonlySet<number> => {
    const [first = none, ...others] = (ways[block] ?? []).map((way) => passed[way] ?? none);
    return new Set([...first].filter((part) => others.every((way) => way.has(part))));
  };
  for (const [block, start] of starts.entries()) {
    if (start === undefined) continue;
    const known = new Set(before(block));
    passed[block] = known;
    for (let isOnce = false; bodies.length < maxBodies; ) {
      const site = bestBody(walk, block, start.copy(), known, taken);
      isOnce ||= site !== undefined && !isInLoop(blocks, block);
      if (site === undefined || !isOnce) break;
      bodies.push(site);
      for (const part of site.places.keys()) known.add(part);
    }
  }
  return bodies;
}

/** The instruction of the block at which most parts can be read that were not before; the cheapest and first one. */
function bestBody(
  walk: Walk,
  block: number,
  known: KnownValues,
  before: ReadonlySet<number>,
  taken: ReadonlySet<number>,
): FloatSite | undefined {
  const { fn, decoder } = walk;
  let best: { site: FloatSite; rank: number } | undefined;
  runBlock(walk, block, known, (_, offset) => {
    if (known.depth === undefined || offset <= fn.sites.entry.offset || taken.has(offset)) return;
    const places = new Map<number, FloatPlace>();
    for (const [part, { sizeBytes }] of fn.parameters.entries()) {
      const place = known.readable({ id: argumentId(part), sizeBytes });
      if (place !== undefined) places.set(part, place);
    }
    const added = [...places.keys()].filter((part) => !before.has(part)).length;
    if (added === 0 || added * 2 + 1 <= (best?.rank ?? 0)) return;
    const { refused } = decoder.effect(fn.code, offset);
    const emulated = decoder.isEmulated(fn.code, offset);
    const rank = added * 2 + (emulated ? 1 : 0);
    if (!refused && rank > (best?.rank ?? 0)) {
      best = { site: { offset, frameBytes: known.depth, emulated, places }, rank };
    }
  });
  return best?.site;
}

function findExits(
  walk: Walk,
  starts: readonly (KnownValues | undefined)[],
  isEpilogue: (index: number) => boolean,
): Map<number, FloatSite> {
  const { instructions, blocks } = walk;
  const exits = new Map<number, FloatSite>();
  for (const [block, { end }] of blocks.entries()) {
    if (instructions.flow[end - 1] !== flow.return) continue;
    const start = starts[block]?.copy() ?? unknownStart(walk, block);
    const site = start && bestExit(walk, block, start, isEpilogue);
    if (site !== undefined) exits.set(instructions.offset[end - 1] ?? 0, site);
  }
  return exits;
}

/** A block that the runtime goes on at, behind a recovered panic: SP at its RET is that of the entry. */
function unknownStart(walk: Walk, block: number): KnownValues | undefined {
  const known = new KnownValues(0);
  let atReturn: number | undefined;
  runBlock(walk, block, known, () => {
    atReturn = known.depth;
  });
  return atReturn === undefined ? undefined : new KnownValues(-atReturn);
}

/**
 * The latest place from which nothing but the epilogue leads to the RET and at which most results can be read. Undefined:
 * none can.
 */
function bestExit(
  walk: Walk,
  block: number,
  known: KnownValues,
  isEpilogue: (index: number) => boolean,
): FloatSite | undefined {
  const { fn, blocks, decoder } = walk;
  const last = (blocks[block]?.end ?? 1) - 1;
  let best: FloatSite | undefined;
  runBlock(walk, block, known, (i, offset) => {
    if (i !== last && !isEpilogue(i)) {
      best = undefined;
      return;
    }
    // At a RET, SP is what it was at the entry; anything else was misread.
    if (i === last && known.depth !== 0) best = undefined;
    if (known.depth === undefined || (i === last && known.depth !== 0) || offset === fn.sites.entry.offset) return;
    const places = new Map<number, FloatPlace>();
    for (const [part, { floatRegister, sizeBytes }] of fn.results.entries()) {
      const value = known.register(`f${floatRegister}`);
      if (value === undefined || value.sizeBytes < sizeBytes) continue;
      const constant = constantOf(value);
      const place = constant === undefined ? known.readable({ id: value.id, sizeBytes }) : { constant };
      if (place !== undefined) places.set(part, place);
    }
    if (places.size === 0 || places.size < (best?.places.size ?? 0)) return;
    if (decoder.effect(fn.code, offset).refused) return;
    best = { offset, frameBytes: known.depth, emulated: decoder.isEmulated(fn.code, offset), places };
  });
  return best;
}
