import type { ValueRules } from './value-step.ts';

/** What an instruction does to the flow of control, as far as sites depend on it. */
export const flow = {
  /** Goes on to the next instruction. */
  next: 0,
  call: 1,
  /** To a known target. */
  jump: 2,
  conditional: 3,
  /** The conditional jump that ends Go's stack check: amd64 JBE, arm64 B.LS. */
  stackCheckJump: 4,
  return: 5,
  /** Through a table of addresses inside the function: amd64 `jmp [table+index*8]`. */
  tableJump: 6,
  /** Through a register or a pointer: a tail call. */
  indirectJump: 7,
  /** Traps, padding. */
  stop: 8,
} as const;

/**
 * A function's instructions in parallel arrays, in order of address. Offsets are from the function's first byte. The arrays
 * are longer than `count`, and the decoder's: good until its next sweep.
 */
export interface Instructions {
  readonly count: number;
  readonly offset: Int32Array;
  /** Values of `flow`. */
  readonly flow: Uint8Array;
  /** Of calls and jumps: the target's offset, which may lie outside the function; else 0. */
  readonly target: Float64Array;
  /** Why the sweep stopped before the end. */
  readonly undecodable?: { readonly offset: number } | undefined;
}

/** Index of the instruction at an offset from the function's first byte; undefined: none begins there. */
export function instructionIndex({ offset, count }: Instructions, wanted: number): number | undefined {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = offset[middle] ?? 0;
    if (at === wanted) return middle;
    if (at < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** What one instruction does, for the choice of an entry site. Costs more than the sweep. */
export interface InstructionEffect {
  /** Writes an argument register, SP or g, or memory: what stands behind it can't be read as at entry. */
  readonly disturbsArguments: boolean;
  /** The kernel refuses a uprobe here. */
  readonly refused: boolean;
}

/** Decoder of one architecture; holds native memory. */
export interface InstructionDecoder extends Disposable {
  /** All instructions of a function. */
  sweep(code: Uint8Array): Instructions;
  /** The instructions from an offset on, up to the first jump or return; undefined where that takes a whole sweep. */
  sweepToBranch(code: Uint8Array, start: number, maxCount: number): Instructions | undefined;
  /** Whether the kernel emulates the instruction at that offset: a hit costs one trap instead of two. */
  isEmulated(code: Uint8Array, offset: number): boolean;
  /** Whether the instruction at that offset is the NOP that the compiler marks inlined calls with. */
  isNop(code: Uint8Array, offset: number): boolean;
  /** A plain load or a store of the instruction at that offset, not on the stack; undefined: neither, or unknown. */
  memory(code: Uint8Array, offset: number): 'load' | 'store' | undefined;
  /** Whether the register allocator may have added the instruction: a move between registers, to or from the stack, a constant, a NOP. */
  isShuffle(code: Uint8Array, offset: number): boolean;
  /**
   * Whether the instructions of a block leave it open that some of them were computed in front of the branch that they stand
   * behind in the source.
   * @param endsInCheck it ends in the compiler's own check of an index
   */
  mayBeSpeculated(code: Uint8Array, offsets: readonly number[], endsInCheck: boolean): boolean;
  /** The effect of the instruction at that offset. */
  effect(code: Uint8Array, offset: number): InstructionEffect;
  /** How values move through instructions. */
  readonly values: ValueRules;
}
