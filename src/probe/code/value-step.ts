/** Where a value can be: `f0` … float registers, `r0` … integer registers by their numbers in instructions. */
export type RegisterName = `f${number}` | `r${number}`;

/** Memory, in bytes above SP as it is before the instruction. */
export interface StackPlace {
  readonly fromSp: number;
}

/**
 * Other memory, near what an integer register points at, or at a linked address. Only for what is accessed without atomic
 * operations: other goroutines then write there only after this one has let them, by an operation that writes memory.
 */
export type MemoryPlace = { readonly base: number; readonly displacement: number } | { readonly vaddr: number };

export type ValuePlace = RegisterName | StackPlace | MemoryPlace;

/** What an instruction does, for following values through a function. */
export interface ValueStep {
  /** By how much SP grows; undefined: not known. */
  readonly spChange: number | undefined;
  /** Registers written, those of `moves` too. */
  readonly writes: readonly RegisterName[];
  /** Memory written: `elsewhere` may be anywhere. */
  readonly memory: 'none' | 'elsewhere' | (StackPlace & { readonly sizeBytes: number });
  /** At once: each reads what was there before. */
  readonly moves: readonly ValueMove[];
}

/** The lowest bytes of a value copied as they are, or known ones put somewhere. */
export type ValueMove =
  | { readonly from: ValuePlace; readonly to: ValuePlace; readonly sizeBytes: number }
  | { readonly constant: bigint; readonly to: ValuePlace; readonly sizeBytes: number };

/** Bytes of the program that never change; undefined where they might. */
export type ReadConstant = (vaddr: number, sizeBytes: number) => bigint | undefined;

/** What is known of registers at a function's entry, after a call, and at its end. */
export interface ValueRules {
  step(code: Uint8Array, offset: number, entryVaddr: number, readConstant: ReadConstant): ValueStep;
  /** Holds zero wherever Go's own code runs. */
  readonly zeroRegister?: RegisterName | undefined;
  /** Written between the last result and the RET: no part of the results. */
  readonly epilogueWrites: ReadonlySet<RegisterName>;
}
