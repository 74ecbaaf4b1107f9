/**
 * Whether a block may hold code of a branch that the compiler executes before it is known whether the branch is taken (Go
 * 1.26 and later). Two passes do that, and both leave a trace. ssa/branchelim.go has a conditional move choose between the
 * old value and the new one, or adds the condition as a number. ssa/fuse_comparisons.go makes one comparison of two with
 * constants, which ends the block: an unsigned one, or one for equality behind an OR with a constant.
 *
 * @param offsets of the block's instructions
 * @param endsInCheck it ends in the compiler's own check of an index
 */
export function mayBeSpeculated(code: Uint8Array, offsets: readonly number[], endsInCheck: boolean): boolean {
  let hasOr = false;
  for (const offset of offsets) {
    const { isTwoBytes, opcode, digit } = opcodeAt(code, offset);
    if (isTwoBytes ? isConditional(opcode) : usesCarry(opcode, digit)) return true;
    if (isTwoBytes ? opcode === 0xba && digit === 5 : isOr(opcode, digit)) hasOr = true;
  }
  const last = offsets.at(-1);
  if (last === undefined || endsInCheck) return false;
  const { isTwoBytes, opcode } = opcodeAt(code, last);
  const condition = isTwoBytes ? opcode - 0x80 : opcode - 0x70;
  if (condition < 0 || condition > 15) return false;
  if (condition === 4 || condition === 5) return hasOr; // JE, JNE
  return !signedConditions.has(condition);
}

/** JS, JNS, JL, JGE, JLE, JG */
const signedConditions = new Set([8, 9, 12, 13, 14, 15]);

/** CMOVcc, SETcc */
function isConditional(opcode: number): boolean {
  return (opcode & 0xf0) === 0x40 || (opcode & 0xf0) === 0x90;
}

/** ADC, SBB */
function usesCarry(opcode: number, digit: number): boolean {
  if (opcode >= 0x10 && opcode <= 0x1d) return true;
  return opcode >= 0x80 && opcode <= 0x83 && (digit === 2 || digit === 3);
}

function isOr(opcode: number, digit: number): boolean {
  return opcode === 0x0c || opcode === 0x0d || (opcode >= 0x80 && opcode <= 0x83 && digit === 1);
}

function opcodeAt(code: Uint8Array, offset: number) {
  let at = offset;
  while (prefixes.has(code[at] ?? 0)) at++;
  if (((code[at] ?? 0) & 0xf0) === 0x40) at++; // REX
  const isTwoBytes = code[at] === 0x0f;
  if (isTwoBytes) at++;
  return { isTwoBytes, opcode: code[at] ?? 0, digit: ((code[at + 1] ?? 0) >> 3) & 7 };
}

const prefixes = new Set([0xf0, 0xf2, 0xf3, 0x66]);
