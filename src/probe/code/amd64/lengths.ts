import { flow } from '../instruction.ts';
import { chosenBy, layout, opcodes } from './opcodes.ts';

/** Longest instruction: Intel SDM vol. 2, 2.3.11. */
export const maxInstructionBytes = 15;

/** Bytes that are looked at, at most, to tell the length of an instruction, or that there is none. */
const lookaheadBytes = 20;

/** Filled by the sweep, in order of address. */
export interface Swept {
  readonly offsets: Int32Array;
  readonly flows: Uint8Array;
  readonly targets: Float64Array;
}

const { layouts, flows: opcodeFlows, forms, lockedForms, prefixes } = opcodes;
const twoByteOpcodes = 0x100;
const groupF6 = 0xf6;
const groupF7 = 0xf7;
const groupFf = 0xff;

/** Of the instruction that `knownLength` has just measured. */
let lastFlow: number = flow.next;

/** The end of a function, and zeros: an instruction that is cut off is looked at past the end. */
const tail = new Uint8Array(2 * lookaheadBytes);

/**
 * Finds the instructions of a function and what they do to the flow of control, if all of them are in the table.
 * @param into large enough for an instruction a byte
 * @param start offset of the first one
 * @param maxCount if it is given, no more than these, and none behind a jump or return
 * @returns how many there are; undefined: there is an instruction that the table lacks, or the last one is cut off
 */
export function sweepKnown(code: Uint8Array, into: Swept, start = 0, maxCount?: number): number | undefined {
  const { offsets, flows, targets } = into;
  const sizeBytes = code.length;
  const tailStart = Math.max(0, sizeBytes - lookaheadBytes);
  tail.fill(0).set(code.subarray(tailStart));
  let count = 0;
  for (let offset = start; offset < sizeBytes; count++) {
    if (maxCount !== undefined && (count === maxCount || (count > 0 && leaves(flows[count - 1] as number)))) break;
    const length = offset < tailStart ? knownLength(code, offset) : knownLength(tail, offset - tailStart);
    const end = offset + length;
    if (length === 0 || end > sizeBytes) return undefined;
    offsets[count] = offset;
    flows[count] = lastFlow;
    targets[count] = lastFlow !== flow.next && lastFlow <= flow.stackCheckJump ? relativeTarget(code, offset, end) : 0;
    offset = end;
  }
  return count;
}

/** Whether what stands behind the instruction may not be what is run next. */
function leaves(kind: number): boolean {
  return kind !== flow.next && kind !== flow.call;
}

/** 0: an instruction that the table lacks. There must be `lookaheadBytes` from `start` on. */
function knownLength(code: Uint8Array, start: number): number {
  let at = start;
  let opcode = code[at++] as number;
  let isLocked = false;
  let rex = 0;
  let hasOperandPrefix = false;
  let repeat = 0;
  for (; ; opcode = code[at++] as number) {
    if (opcode === 0x66) hasOperandPrefix = true;
    else if (opcode === 0xf3) repeat = chosenBy.f3;
    else if (opcode === 0xf2) repeat = chosenBy.f2;
    else if (opcode === 0xf0) isLocked = true;
    // CS, as compilers pad; FS and GS.
    else if (opcode !== 0x2e && opcode !== 0x64 && opcode !== 0x65) break;
    if (at - start === maxInstructionBytes) return 0;
  }
  // REX: only directly in front of the opcode.
  if ((opcode & 0xf0) === 0x40) {
    rex = opcode;
    opcode = code[at++] as number;
  }
  if (opcode === 0x0f) opcode = twoByteOpcodes | (code[at++] as number);
  const shape = layouts[opcode] as number;
  const operandBytes = (rex & 8) !== 0 ? 8 : hasOperandPrefix ? 2 : 4;
  const chosen = repeat !== 0 ? repeat : hasOperandPrefix ? chosenBy.operand : chosenBy.none;
  if (shape === layout.unknown || ((prefixes[opcode] as number) & chosen) === 0) return 0;
  lastFlow = opcodeFlows[opcode] as number;
  if ((shape & layout.modRm) !== 0) {
    const modRm = code[at++] as number;
    const mode = modRm >> 6;
    const reg = (modRm >> 3) & 7;
    const allowed = (isLocked ? lockedForms[opcode] : forms[opcode]) as number;
    if (((allowed >> ((mode === 3 ? 8 : 0) + reg)) & 1) === 0) return 0;
    if (opcode === groupFf) lastFlow = indirectFlow(mode, modRm, code[at] as number, rex);
    if (mode !== 3) {
      let base = modRm & 7;
      if (base === 4) base = (code[at++] as number) & 7;
      // Without a base, or relative to the next instruction.
      if (mode === 0) at += base === 5 ? 4 : 0;
      else at += mode === 1 ? 1 : 4;
    }
    if (reg < 2 && opcode === groupF6) at += 1;
    if (reg < 2 && opcode === groupF7) at += Math.min(operandBytes, 4);
  } else if (isLocked) {
    return 0;
  }
  if ((shape & layout.immediate8) !== 0) at += 1;
  else if ((shape & layout.immediate) !== 0) at += Math.min(operandBytes, 4);
  else if ((shape & layout.immediateFull) !== 0) at += operandBytes;
  else if ((shape & layout.immediate16) !== 0) at += 2;
  else if ((shape & (layout.relative8 | layout.relative32)) !== 0) {
    // Whatever prefix it has, its target is for others to tell.
    if (at - start !== (opcode < twoByteOpcodes ? 1 : 2)) return 0;
    at += (shape & layout.relative8) !== 0 ? 1 : 4;
  }
  return at - start > maxInstructionBytes ? 0 : at - start;
}

/** Of FF: CALL and JMP of what a register or memory holds. */
function indirectFlow(mode: number, modRm: number, sib: number, rex: number): number {
  const reg = (modRm >> 3) & 7;
  if (reg === 2) return flow.call;
  if (reg !== 4) return flow.next;
  // The compiler's jump tables are absolute addresses indexed by 8: JMP (table)(index*8).
  const isIndexed = (modRm & 7) === 4 && (((sib >> 3) & 7) !== 4 || (rex & 2) !== 0);
  return mode !== 3 && isIndexed && sib >> 6 === 3 ? flow.tableJump : flow.indirectJump;
}

/** Target of an unprefixed relative call or jump: its displacement is its last field. 0 of other calls. */
export function relativeTarget(code: Uint8Array, offset: number, end: number): number {
  const first = code[offset] as number;
  if (first === 0xeb || (first & 0xf0) === 0x70) return end + (((code[offset + 1] as number) << 24) >> 24);
  if (first !== 0xe8 && first !== 0xe9 && !(first === 0x0f && ((code[offset + 1] as number) & 0xf0) === 0x80)) return 0;
  const low = (code[end - 4] as number) | ((code[end - 3] as number) << 8) | ((code[end - 2] as number) << 16);
  return end + (low | ((code[end - 1] as number) << 24));
}
