/** What an instruction does to memory that is not the goroutine's stack. */
export type MemoryUse = 'load' | 'store';

/** Opcodes behind REX, by their map: plain moves and what the compiler makes of stores. Digits of groups 80-83, FE and FF apart. */
const oneByte: ReadonlyMap<number, MemoryUse> = new Map([
  [0x8a, 'load'], // MOV r8, m
  [0x8b, 'load'], // MOV r, m
  [0x63, 'load'], // MOVSXD
  [0x84, 'load'], // TEST m8, r8: the compiler's check for nil
  [0x88, 'store'], // MOV m8, r8
  [0x89, 'store'], // MOV m, r
  [0xc6, 'store'], // MOV m8, imm
  [0xc7, 'store'], // MOV m, imm
  [0x01, 'store'], // ADD m, r
  [0x09, 'store'], // OR
  [0x21, 'store'], // AND
  [0x29, 'store'], // SUB
  [0x31, 'store'], // XOR
  [0x87, 'store'], // XCHG
]);
const twoBytes: ReadonlyMap<number, MemoryUse> = new Map([
  [0xb6, 'load'], // MOVZX
  [0xb7, 'load'],
  [0xbe, 'load'], // MOVSX
  [0xbf, 'load'],
  [0x10, 'load'], // MOVUPS, MOVSD, MOVSS
  [0x11, 'store'],
  [0x7f, 'store'], // MOVDQU
  [0xb0, 'store'], // CMPXCHG
  [0xb1, 'store'],
  [0xc0, 'store'], // XADD
  [0xc1, 'store'],
]);

const repeat = new Set([0xf0, 0xf2, 0xf3, 0x66]);

/**
 * Whether an instruction is a plain load from memory or a store to it (Intel SDM vol. 2, 2.1 and appendix A); undefined for the
 * stack, for loads of constants beside the code, and for all that also computes: an operand of such may be another line's.
 */
export function memoryUse(code: Uint8Array, offset: number): MemoryUse | undefined {
  const { isTwoBytes, opcode, digit, operand } = partsOf(code, offset);
  const use = isTwoBytes ? twoBytes.get(opcode) : (oneByte.get(opcode) ?? groupUse(opcode, digit));
  if (use === undefined || operand === 'register' || operand === 'stack') return undefined;
  return operand === 'constant' && use === 'load' ? undefined : use;
}

/** Moves, also of vectors, and LEA. */
const moves = new Set([0x88, 0x89, 0x8a, 0x8b, 0x8d, 0xc6, 0xc7]);
const vectorMoves = new Set([0x10, 0x11, 0x28, 0x29, 0x6e, 0x6f, 0x7e, 0x7f, 0xd6]);

/**
 * Whether the instruction may be one that the register allocator added where it saw fit: a move between registers or to and
 * from the stack, or a constant. Or it only fills a gap.
 */
export function isShuffle(code: Uint8Array, offset: number): boolean {
  const { isTwoBytes, opcode, operand, isSame } = partsOf(code, offset);
  if (isTwoBytes ? vectorMoves.has(opcode) : moves.has(opcode)) return operand === 'register' || operand === 'stack';
  if (isTwoBytes) return opcode === 0x1f || ((opcode === 0x57 || opcode === 0xef) && isSame); // NOP, XORPS, PXOR
  return opcode === 0x90 || (opcode >= 0xb8 && opcode <= 0xbf) || ((opcode === 0x31 || opcode === 0x33) && isSame);
}

function partsOf(code: Uint8Array, offset: number) {
  let at = offset;
  while (repeat.has(code[at] ?? 0)) at++;
  let rex = 0;
  if (((code[at] ?? 0) & 0xf0) === 0x40) rex = code[at++] ?? 0;
  const isTwoBytes = code[at] === 0x0f;
  const opcode = code[isTwoBytes ? at + 1 : at] ?? 0;
  at += isTwoBytes ? 2 : 1;
  const modrm = code[at] ?? 0;
  const [mode, digit, rm] = [modrm >> 6, (modrm >> 3) & 7, modrm & 7];
  const isSame = mode === 3 && digit === rm && ((rex >> 2) & 1) === (rex & 1);
  return { isTwoBytes, opcode, digit, operand: operandOf(mode, rm, code[at + 1] ?? 0, rex), isSame };
}

/** What the r/m of an instruction is; `constant` beside the code. */
function operandOf(mode: number, rm: number, sib: number, rex: number): 'register' | 'stack' | 'constant' | 'memory' {
  if (mode === 3) return 'register';
  if (mode === 0 && rm === 5) return 'constant';
  const base = (rm === 4 ? sib & 7 : rm) | ((rex & 1) << 3);
  return base === 4 ? 'stack' : 'memory';
}

/** 80, 81, 83: arithmetic with a constant, 7 is CMP. FE, FF: 0 INC, 1 DEC. */
function groupUse(opcode: number, digit: number): MemoryUse | undefined {
  if (opcode === 0x80 || opcode === 0x81 || opcode === 0x83) return digit === 7 ? undefined : 'store';
  return (opcode === 0xfe || opcode === 0xff) && digit <= 1 ? 'store' : undefined;
}
