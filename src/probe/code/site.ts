import type { Found } from '../../binary/go-binary.ts';
import type { Abi } from './calling-convention.ts';
import { flow, type InstructionDecoder, type Instructions, instructionIndex } from './instruction.ts';

export interface EntrySite {
  /** Offset from the function's first byte. */
  readonly offset: number;
  /** At the conditional jump to morestack: a taken jump restarts the function and is no call. */
  readonly stackCheck: boolean;
  /** The kernel emulates the instruction: a hit costs one trap instead of two. */
  readonly emulated: boolean;
  /** For people: `stack check`, `first instruction`, `push at +4` … */
  readonly why: string;
}

export interface ExitSite {
  readonly offset: number;
  /** A tail jump leaves before the results are known. */
  readonly kind: 'return' | 'tail jump';
}

export interface FunctionSites {
  /** Where arguments and results are at the sites, and g. */
  readonly abi: Abi;
  readonly entry: EntrySite;
  /** None: the function never returns. */
  readonly exits: readonly ExitSite[];
}

export interface FunctionCode {
  readonly code: Uint8Array;
  readonly entryVaddr: number;
  readonly abi: Abi;
  readonly isAssembly: boolean;
}

/** Instructions looked at behind the first one when there is no stack check. */
const maxEntryInstructions = 8;
/** Longest stack check in front of the jump, in instructions: huge frames have mov, sub, jb, cmp. */
const maxCheckInstructions = 8;
/** Longest way from the check to its call of morestack and back: one spill and one reload an argument register. */
const maxSlowPathInstructions = 64;

/**
 * Where to probe a function.
 *
 * Entry: the stack check's conditional jump if its target calls morestack and returns to the first instruction; there all
 * arguments are in place and the saved flags tell a restart from a call. Else the first instruction that the kernel
 * emulates while arguments, g and SP are still as at entry, or the very first one.
 *
 * Exits: every RET, and every jump out of the function. SP is there what it was at entry. A jump through a table indexed
 * by 8 bytes is the compiler's switch and stays inside; a jump through a register or pointer is a tail call, except in
 * assembly, where it may be anything: such functions are refused. A function without exits never returns: it loops, panics
 * or ends its goroutine.
 */
export function findSites(
  decoder: InstructionDecoder,
  fn: FunctionCode,
  isMorestack: (vaddr: number) => boolean,
): Found<FunctionSites> {
  const instructions = decoder.sweep(fn.code);
  const exits = findExits(instructions, fn.code.length, fn.isAssembly);
  if (exits.unavailable !== undefined) return exits;
  const entry = entryOf(decoder, fn, instructions, isMorestack);
  if (entry.unavailable !== undefined) return entry;
  if (exits.value.some((exit) => exit.offset === entry.value.offset)) {
    return { unavailable: 'does nothing that could be timed: its first instruction leaves it' };
  }
  return { value: { abi: fn.abi, entry: entry.value, exits: exits.value } };
}

/** The entry alone: also of a function whose exits can't be told. */
export function findEntrySite(
  decoder: InstructionDecoder,
  fn: FunctionCode,
  isMorestack: (vaddr: number) => boolean,
): Found<FunctionSites> {
  const check = findUsualStackCheck(decoder, fn, isMorestack);
  if (check !== undefined) return { value: { abi: fn.abi, entry: check, exits: [] } };
  const entry = entryOf(decoder, fn, decoder.sweep(fn.code), isMorestack);
  return entry.value === undefined ? entry : { value: { abi: fn.abi, entry: entry.value, exits: [] } };
}

function entryOf(
  decoder: InstructionDecoder,
  { code, entryVaddr }: FunctionCode,
  instructions: Instructions,
  isMorestack: (vaddr: number) => boolean,
): Found<EntrySite> {
  if (instructions.undecodable) {
    return { unavailable: `the instruction at +0x${instructions.undecodable.offset.toString(16)} can't be decoded` };
  }
  const check = findStackCheck(instructions, entryVaddr, isMorestack);
  if (check !== undefined) return { value: check };
  const plain = findPlainEntry(decoder, code, instructions);
  return typeof plain === 'string' ? { unavailable: plain } : { value: plain };
}

function findExits(instructions: Instructions, sizeBytes: number, isAssembly: boolean): Found<ExitSite[]> {
  const exits: ExitSite[] = [];
  for (let i = 0; i < instructions.count; i++) {
    const offset = instructions.offset[i] ?? 0;
    const target = instructions.target[i] ?? 0;
    const leaves = target < 0 || target >= sizeBytes;
    switch (instructions.flow[i]) {
      case flow.return:
        exits.push({ offset, kind: 'return' });
        break;
      case flow.jump:
        if (leaves) exits.push({ offset, kind: 'tail jump' });
        break;
      case flow.indirectJump:
        if (isAssembly) return { unavailable: `assembly with an indirect jump at +0x${offset.toString(16)}` };
        exits.push({ offset, kind: 'tail jump' });
        break;
      case flow.conditional:
      case flow.stackCheckJump:
        if (leaves) return { unavailable: `a conditional jump at +0x${offset.toString(16)} leaves it` };
        break;
    }
  }
  return { value: exits };
}

/** As findStackCheck, without what is between the check and the way to morestack; undefined: that may have to be looked at. */
function findUsualStackCheck(
  decoder: InstructionDecoder,
  { code, entryVaddr }: FunctionCode,
  isMorestack: (vaddr: number) => boolean,
): EntrySite | undefined {
  const first = decoder.sweepToBranch(code, 0, maxCheckInstructions);
  const last = (first?.count ?? 0) - 1;
  if (first?.flow[last] !== flow.stackCheckJump || first.flow.subarray(0, last).includes(flow.call)) return undefined;
  const offset = first.offset[last] ?? 0;
  const target = first.target[last] ?? 0;
  const way = target > offset ? decoder.sweepToBranch(code, target, maxSlowPathInstructions) : undefined;
  return way && isWayToMorestack(way, 0, entryVaddr, isMorestack) ? stackCheckAt(offset) : undefined;
}

function findStackCheck(
  instructions: Instructions,
  entryVaddr: number,
  isMorestack: (vaddr: number) => boolean,
): EntrySite | undefined {
  for (let i = 0; i < Math.min(instructions.count, maxCheckInstructions); i++) {
    const kind = instructions.flow[i];
    if (kind === flow.stackCheckJump) {
      if (!leadsToMorestack(instructions, instructions.target[i] ?? 0, entryVaddr, isMorestack)) return undefined;
      return stackCheckAt(instructions.offset[i] ?? 0);
    }
    // Huge frames have a first jump to morestack for an SP underflow; the last one decides.
    const underflow =
      kind === flow.conditional && leadsToMorestack(instructions, instructions.target[i] ?? 0, entryVaddr, isMorestack);
    if (kind !== flow.next && !underflow) return undefined;
  }
  return undefined;
}

function stackCheckAt(offset: number): EntrySite {
  return { offset, stackCheck: true, emulated: true, why: 'stack check' };
}

function leadsToMorestack(
  instructions: Instructions,
  target: number,
  entryVaddr: number,
  isMorestack: (vaddr: number) => boolean,
): boolean {
  const start = instructionIndex(instructions, target);
  return start !== undefined && isWayToMorestack(instructions, start, entryVaddr, isMorestack);
}

/** From the instruction of that index on the code only spills registers, calls morestack, reloads them and jumps to the first one. */
function isWayToMorestack(
  instructions: Instructions,
  start: number,
  entryVaddr: number,
  isMorestack: (vaddr: number) => boolean,
): boolean {
  let called = false;
  for (let i = start; i < Math.min(instructions.count, start + maxSlowPathInstructions); i++) {
    const kind = instructions.flow[i];
    if (kind === flow.call && !called) {
      if (!isMorestack(entryVaddr + (instructions.target[i] ?? 0))) return false;
      called = true;
    } else if (kind === flow.jump) {
      return called && instructions.target[i] === 0;
    } else if (kind !== flow.next) {
      return false;
    }
  }
  return false;
}

/** A site in front of everything that disturbs the arguments, or the reason why there is none. */
function findPlainEntry(decoder: InstructionDecoder, code: Uint8Array, instructions: Instructions): EntrySite | string {
  const { count, offset: offsets, flow: flows } = instructions;
  const earliest = earliestJumpTarget(instructions);
  // Hit once a round instead of once a call.
  if (earliest === 0) return 'its first instruction is the head of a loop';
  let refused = false;
  for (let i = 0; i < Math.min(count, maxEntryInstructions); i++) {
    const offset = offsets[i] ?? 0;
    if (earliest <= offset) break;
    // An exit: another site.
    const kind = flows[i];
    if (i > 0 && (kind === flow.return || kind === flow.jump || kind === flow.indirectJump)) break;
    if (decoder.isEmulated(code, offset)) {
      const why = i === 0 ? 'first instruction' : `first emulated instruction, +0x${offset.toString(16)}`;
      return { offset, stackCheck: false, emulated: true, why };
    }
    const effect = decoder.effect(code, offset);
    if (i === 0) refused = effect.refused;
    if (effect.disturbsArguments || kind !== flow.next) break;
  }
  if (refused) return 'the kernel allows no probe at its first instruction';
  return { offset: 0, stackCheck: false, emulated: false, why: 'first instruction' };
}

function earliestJumpTarget({ count, flow: flows, target }: Instructions): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const kind = flows[i];
    if (kind !== flow.jump && kind !== flow.conditional && kind !== flow.stackCheckJump) continue;
    const t = target[i] ?? 0;
    if (t >= 0 && t < earliest) earliest = t;
  }
  return earliest;
}
