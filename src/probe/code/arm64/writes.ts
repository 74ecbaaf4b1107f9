import type { RegisterName } from '../value-step.ts';

/**
 * Which registers arm64 instructions write.
 * Encodings: Arm Architecture Reference Manual for A-profile, C4.1 "A64 instruction set encoding".
 */

export type Group = 'immediate' | 'branch' | 'memory' | 'register' | 'vector';

/** C4.1, the main table; undefined: SVE, SME, reserved. */
export function groupOf(word: number): Group | undefined {
  const group = (word >>> 25) & 15;
  if ((group & 0b1110) === 0b1000) return 'immediate';
  if ((group & 0b1110) === 0b1010) return 'branch';
  if ((group & 0b0101) === 0b0100) return 'memory';
  if ((group & 0b0111) === 0b0101) return 'register';
  return (group & 0b0111) === 0b0111 ? 'vector' : undefined;
}

/** Registers that an instruction may write, but SP, and but plain loads and stores; undefined: not known. */
export function writesOf(word: number): RegisterName[] | undefined {
  const destination = word & 31;
  switch (groupOf(word)) {
    case 'immediate':
    case 'register':
      return destination === 31 ? [] : [`r${destination}`];
    case 'vector':
      return vectorWrites(word);
    case 'branch':
      return systemWrites(word);
    case 'memory':
      return exoticWrites(word);
    default:
      return undefined;
  }
}

/** Branches write nothing but the link register, in calls. */
function systemWrites(word: number): RegisterName[] | undefined {
  if ((word & 0xffc0_0000) >>> 0 !== 0xd500_0000 && word >>> 24 !== 0xd4) return [];
  if ((word & 0xfff0_0000) >>> 0 === 0xd530_0000) return [`r${word & 31}`]; // MRS
  return word === 0xd503_201f ? [] : undefined; // NOP
}

/** Exclusive, atomic, of several vectors: whatever its fields name. */
function exoticWrites(word: number): RegisterName[] {
  const [first, second, base, third] = [word & 31, (word >>> 10) & 31, (word >>> 5) & 31, (word >>> 16) & 31];
  if ((word & 0x0400_0000) !== 0) return [`r${base}`, ...[0, 1, 2, 3].map((n): RegisterName => `f${(first + n) % 32}`)];
  return [first, first + 1, second, base, third, third + 1].map((number): RegisterName => `r${number}`);
}

/** C4.1.97 "Data Processing -- Scalar Floating-Point and Advanced SIMD" */
function vectorWrites(word: number): RegisterName[] {
  const destination = word & 31;
  if ((word & 0xff20_fc07) >>> 0 === 0x1e20_2000) return []; // FCMP
  if ((word & 0xff20_0c00) >>> 0 === 0x1e20_0400) return []; // FCCMP
  // FCVT…, FMOV: from floats to integers but for SCVTF, UCVTF, FMOV to a float.
  const operation = (word >>> 16) & 7;
  const isConversion = (word & 0x5f20_fc00) === 0x1e20_0000 || (word & 0x5f20_0000) === 0x1e00_0000;
  const isFromInteger = operation === 2 || operation === 3 || operation === 7;
  // UMOV, SMOV
  const isElement = (word & 0xbfe0_fc00) === 0x0e00_3c00 || (word & 0xbfe0_fc00) === 0x0e00_2c00;
  if (!(isConversion && !isFromInteger) && !isElement) return [`f${destination}`];
  return destination === 31 ? [] : [`r${destination}`];
}
