import { arm64Access } from './access.ts';
import { signed, wordAt } from './word.ts';
import { groupOf, writesOf } from './writes.ts';

/** What arm64 code adds to SP, and what the assembler's own register holds: Go's assembler makes large numbers in parts. */

export const stackPointer = 31;
/** REGTMP, which nothing else uses: from one instruction to the next of those that one is made of. */
export const assemblersRegister = 27;
/** Takes what SP will be where a frame begins. */
const nextStackPointer = 20;
/** Longest known: a constant of two words, the subtraction, a store of two registers. */
const maxLookBack = 6;

/** An instruction of a function. */
export interface At {
  readonly code: Uint8Array;
  readonly offset: number;
  readonly entryVaddr: number;
}

/** A constant, or one above SP. */
export interface Sum {
  readonly fromSp: boolean;
  readonly amount: number;
}

/** What a register holds in front of an instruction by those right before it, which no jump leads between. */
export function sumBefore(at: At, register: number): Sum | undefined {
  for (let n = 1; n <= maxLookBack && at.offset >= 4 * n; n++) {
    const before = { ...at, offset: at.offset - 4 * n };
    const word = wordAt(at.code, before.offset);
    const access = arm64Access(word);
    if (access?.base === stackPointer && access.writeBack !== 0) return undefined;
    const writes = access === undefined ? writesOf(word) : access.isStore ? [] : access.registers;
    if (writes === undefined || (access === undefined && changesSp(word))) return undefined;
    if (writes.includes(`r${register}`)) return access === undefined ? sumAt(before, word) : undefined;
  }
  return undefined;
}

/** What an instruction puts into its register. */
function sumAt(at: At, word: number): Sum | undefined {
  const source = (word >>> 5) & 31;
  const half = ((word >>> 21) & 3) * 16;
  const immediate = (word >>> 5) & 0xffff;
  switch ((word & 0xff80_0000) >>> 0) {
    case 0xd280_0000: // MOVZ
      return half < 48 ? { fromSp: false, amount: immediate * 2 ** half } : undefined;
    case 0xf280_0000: {
      // MOVK of bits that were zero
      const low = sumBefore(at, word & 31);
      if (low === undefined || low.fromSp || half === 0 || half >= 48 || low.amount >= 2 ** half) return undefined;
      return { fromSp: false, amount: low.amount + immediate * 2 ** half };
    }
  }
  if ((word & 0x9f00_0000) >>> 0 === 0x9000_0000) {
    const pages = signed(word, 5, 19) * 4 + ((word >>> 29) & 3); // ADRP
    return { fromSp: false, amount: Math.floor((at.entryVaddr + at.offset) / 4096) * 4096 + pages * 4096 };
  }
  const added = addedBy(at, word);
  const before = source === stackPointer ? { fromSp: true, amount: 0 } : sumBefore(at, source);
  return added === undefined || before === undefined ? undefined : { ...before, amount: before.amount + added };
}

/** What ADD and SUB add to the register that they take: an immediate, or the assembler's register. */
function addedBy(at: At, word: number): number | undefined {
  const sign = (word & 0x4000_0000) === 0 ? 1 : -1;
  if ((word & 0xbf80_0000) >>> 0 === 0x9100_0000) {
    return sign * ((word >>> 10) & 0xfff) * ((word & 0x0040_0000) === 0 ? 1 : 4096);
  }
  const term = (word >>> 16) & 31;
  // UXTX without a shift
  if ((word & 0xbfe0_fc00) >>> 0 !== 0x8b20_6000 || term !== assemblersRegister) return undefined;
  const known = sumBefore(at, term);
  return known === undefined || known.fromSp ? undefined : sign * known.amount;
}

/** By how much SP grows, but by what arm64Access knows; undefined: not known. */
export function spChange(at: At): number | undefined {
  const word = wordAt(at.code, at.offset);
  if (!changesSp(word)) return 0;
  const source = (word >>> 5) & 31;
  if (source === stackPointer) return addedBy(at, word);
  const isMove = (word & 0xffff_fc00) >>> 0 === 0x9100_0000;
  const known = isMove && source === nextStackPointer ? sumBefore(at, source) : undefined;
  return known?.fromSp ? known.amount : undefined;
}

/** Register 31 is SP for additions by an immediate or an extended register and for logical immediates, if they set no flags. */
function changesSp(word: number): boolean {
  // Some loads and stores of other kinds than those of arm64Access change their base.
  if (groupOf(word) === 'memory') return ((word >>> 5) & 31) === stackPointer;
  if ((word & 31) !== stackPointer) return false;
  const isAddition = (word & 0x3f00_0000) === 0x1100_0000 || (word & 0x3fe0_0000) === 0x0b20_0000;
  return isAddition || ((word & 0x1f80_0000) === 0x1200_0000 && (word & 0x6000_0000) !== 0x6000_0000);
}
