import type { InstructionEffect } from '../instruction.ts';

/**
 * What the instructions do that functions without a stack check mostly begin with: moves, additions, comparisons of 32 and
 * 64 bits (Intel SDM vol. 2). All others are for iced-x86; `test/probe/code/amd64/lengths.test.ts` holds these beside it.
 */

/** By encoding numbers: RDX, RBP, R12, R13 and R15 carry no argument, nor are they g or SP. */
const isFree = (register: number) =>
  register === 2 || register === 5 || register === 12 || register === 13 || register === 15;

const operandSize = 0x66;
const nothing: InstructionEffect = { disturbsArguments: false, refused: false };
const disturbing: InstructionEffect = { disturbsArguments: true, refused: false };

/** Undefined: another instruction, or one that is cut off. */
export function knownEffect(code: Uint8Array, start: number): InstructionEffect | undefined {
  const first = code[start] as number;
  const rex = (first & 0xf0) === 0x40 ? first : 0;
  const at = rex === 0 ? start : start + 1;
  if (at + 8 > code.length || first === operandSize) return undefined;
  const opcode = code[at] as number;
  const isLong = opcode === 0x0f;
  const modRm = code[isLong ? at + 2 : at + 1] as number;
  const reg = ((modRm >> 3) & 7) | ((rex & 4) << 1);
  const isRegister = modRm >> 6 === 3;
  const rm = (modRm & 7) | ((rex & 1) << 3);
  const into = (register: number) => (isFree(register) ? nothing : disturbing);
  const intoOperand = () => (isRegister ? into(rm) : disturbing);
  if (isLong) {
    const second = code[at + 1] as number;
    // MOVZX, MOVSX; MOVUPS, MOVAPS from memory, XORPS into vector registers.
    if ((second & 0xf6) === 0xb6) return into(reg);
    return second === 0x10 || second === 0x28 || second === 0x57 ? nothing : undefined;
  }
  // ADD OR ADC SBB AND SUB XOR: into the operand, into the register; CMP.
  if (opcode < 0x40 && (opcode & 7) === 1) return opcode === 0x39 ? nothing : intoOperand();
  if (opcode < 0x40 && (opcode & 7) === 3) return opcode === 0x3b ? nothing : into(reg);
  switch (opcode) {
    case 0x81:
    case 0x83:
      return (reg & 7) === 7 ? nothing : intoOperand();
    case 0x85:
      return nothing;
    case 0x89:
      return intoOperand();
    case 0x63:
    case 0x8b:
      return into(reg);
    case 0x8d:
      return isRegister ? undefined : into(reg);
    case 0xc7:
      return (reg & 7) === 0 ? intoOperand() : undefined;
    default:
      return (opcode & 0xf8) === 0xb8 ? into((opcode & 7) | ((rex & 1) << 3)) : undefined;
  }
}
