import type { RegisterName } from '../value-step.ts';
import { signed } from './word.ts';

/**
 * A load or store of arm64 by a register and a constant, or by one of which the place is not told.
 * Encodings: Arm Architecture Reference Manual for A-profile, C4.1.94 "Loads and Stores".
 */
export interface Arm64Access {
  readonly isStore: boolean;
  /** In order of address; undefined: the zero register. */
  readonly registers: readonly (RegisterName | undefined)[];
  /** In memory, of each. */
  readonly sizeBytes: number;
  /** The bytes go as they are to or from the registers' lowest. */
  readonly isCopy: boolean;
  /** 31 is SP; undefined: the place is at `displacement` from the instruction. */
  readonly base: number | undefined;
  /** Of the first byte, from the base as it is before the instruction; undefined: another register is added to it. */
  readonly displacement: number | undefined;
  /** What the instruction adds to the base. */
  readonly writeBack: number;
}

/** Undefined: no load or store, or one of another kind: exclusive, atomic, of vectors' parts. */
export function arm64Access(word: number): Arm64Access | undefined {
  if ((word & 0x3b00_0000) === 0x1800_0000) return literal(word);
  if ((word & 0x3a00_0000) === 0x2800_0000) return pair(word);
  if ((word & 0x3a00_0000) === 0x3800_0000) return single(word);
  return undefined;
}

/** C4.1.94.19 "Load register (literal)" */
function literal(word: number): Arm64Access {
  const size = word >>> 30;
  const isVector = isOfVector(word);
  // 3: a prefetch.
  const registers = size === 3 ? [] : [registerOf(word & 31, isVector)];
  const sizeBytes = isVector ? 4 << size : size === 1 ? 8 : 4;
  const displacement = signed(word, 5, 19) * 4;
  const isCopy = isVector || size < 2;
  return { isStore: false, registers, sizeBytes, isCopy, base: undefined, displacement, writeBack: 0 };
}

/** C4.1.94.21 to .24, pairs of registers */
function pair(word: number): Arm64Access | undefined {
  const size = word >>> 30;
  const isVector = isOfVector(word);
  if (size === 3) return undefined;
  const isStore = (word & 0x0040_0000) === 0;
  // A load of two words with their signs, or a store with tags.
  const isCopy = isVector || size !== 1;
  if (!isCopy && isStore) return undefined;
  const sizeBytes = isVector ? 4 << size : size === 2 ? 8 : 4;
  const registers = [registerOf(word & 31, isVector), registerOf((word >>> 10) & 31, isVector)];
  const mode = (word >>> 23) & 3;
  const amount = signed(word, 15, 7) * sizeBytes;
  return { isStore, registers, sizeBytes, isCopy, ...addressed(word, mode, amount) };
}

/** C4.1.94.26 to .33, one register */
function single(word: number): Arm64Access | undefined {
  const size = word >>> 30;
  const operation = (word >>> 22) & 3;
  const isVector = isOfVector(word);
  const isWide = isVector && operation >= 2;
  if (isWide && size !== 0) return undefined;
  const sizeBytes = isWide ? 16 : 1 << size;
  const isStore = isVector ? operation % 2 === 0 : operation === 0;
  const isPrefetch = !isVector && size === 3 && operation === 2;
  const registers = isPrefetch ? [] : [registerOf(word & 31, isVector)];
  const isCopy = sizeBytes >= 4 && (isVector || operation < 2);
  const access = { isStore, registers, sizeBytes, isCopy };
  if ((word & 0x0100_0000) !== 0) return { ...access, ...addressed(word, 2, ((word >>> 10) & 0xfff) * sizeBytes) };
  const form = (word >>> 10) & 3;
  if ((word & 0x0020_0000) === 0) {
    // 2: as from user space, which Go never does.
    return form === 2 ? undefined : { ...access, ...addressed(word, form, signed(word, 12, 9)) };
  }
  if (form !== 2) return undefined;
  return { ...access, base: (word >>> 5) & 31, displacement: undefined, writeBack: 0 };
}

/** @param mode 1: the base itself, which then grows; 3: the base grows first; else it stays */
function addressed(word: number, mode: number, amount: number) {
  return {
    base: (word >>> 5) & 31,
    displacement: mode === 1 ? 0 : amount,
    writeBack: mode === 1 || mode === 3 ? amount : 0,
  };
}

function isOfVector(word: number): boolean {
  return (word & 0x0400_0000) !== 0;
}

function registerOf(number: number, isVector: boolean): RegisterName | undefined {
  if (isVector) return `f${number}`;
  return number === 31 ? undefined : `r${number}`;
}
