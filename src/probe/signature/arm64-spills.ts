import type { SpilledArgument } from './spilled-arguments.ts';

/**
 * arm64 instructions of the way to morestack: Arm Architecture Reference Manual, C4.1 and C6.2. Each is a word.
 */
const stackPointer = 31;
/** `mov x3, x30`: morestack wants the return address there. */
const moveLinkRegister = 0xaa1e03e3;
/** Bytes that lie between SP and the argument frame. */
const linkRegisterBytes = 8;

/** B.LS: the offset that it jumps to. */
export function arm64JumpTarget(word: number, at: number): number | undefined {
  if ((word & 0xff00001f) >>> 0 !== 0x54000009) return undefined;
  return at + ((word << 8) >> 13) * 4;
}

/** What the instruction is for the way to morestack: the arguments that it stores, the call, or neither. */
export function arm64Step(word: number): readonly SpilledArgument[] | 'call' | undefined {
  if ((word & 0xfc000000) >>> 0 === 0x94000000) return 'call';
  if (word >>> 0 === moveLinkRegister) return [];
  if (((word >>> 5) & 31) !== stackPointer) return undefined;
  return storeOf(word) ?? pairOf(word);
}

/** STR, STRH, STRB, unsigned offset. */
function storeOf(word: number): SpilledArgument[] | undefined {
  const form = word >>> 22;
  if ((form & 0xef) !== 0xe4) return undefined;
  const scale = form >>> 8;
  return [spill(word & 31, (form & 0x10) !== 0, ((word >>> 10) & 0xfff) << scale, 1 << scale)];
}

/** STP of two 8-byte registers, signed offset. */
function pairOf(word: number): SpilledArgument[] | undefined {
  const form = (word & 0xffc00000) >>> 0;
  const isFloat = form === 0x6d000000;
  if (!isFloat && form !== 0xa9000000) return undefined;
  const offset = ((word << 10) >> 25) * 8;
  return [spill(word & 31, isFloat, offset, 8), spill((word >>> 10) & 31, isFloat, offset + 8, 8)];
}

function spill(number: number, isFloat: boolean, fromSp: number, sizeBytes: number): SpilledArgument {
  const place = { offset: fromSp - linkRegisterBytes, sizeBytes };
  return isFloat ? { ...place, floatRegister: number } : { ...place, register: number };
}
