import { flow, type InstructionDecoder, type InstructionEffect, type Instructions } from '../instruction.ts';
import { arm64ValueSteps } from './value-steps.ts';
import { signed, wordAt } from './word.ts';

/**
 * What sites need to know of arm64 instructions: branches, RET, words of data between them, and what the kernel does with a
 * probe there. Encodings: Arm Architecture Reference Manual for A-profile, C4.1 "A64 instruction set encoding".
 */
export class Arm64Decoder implements InstructionDecoder {
  sweep(code: Uint8Array): Instructions {
    const count = code.length >> 2;
    const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
    const offsets = new Int32Array(count);
    const flows = new Uint8Array(count);
    const targets = new Float64Array(count);
    // The assembler puts constants behind the code that loads them: they are known when the sweep gets there.
    const data = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const at = i * 4;
      offsets[i] = at;
      if (data[i] === 1) {
        flows[i] = flow.stop;
        continue;
      }
      const word = view.getUint32(at, true);
      const literal = literalOf(word);
      if (literal !== undefined)
        data.fill(1, (at + literal.offset) >> 2, (at + literal.offset + literal.sizeBytes) >> 2);
      const kind = flowOf(word, i === 0 ? 0 : view.getUint32(at - 4, true));
      flows[i] = kind;
      if (kind !== flow.next) targets[i] = at + (branchOffset(word) ?? -at);
    }
    const undecodable = count * 4 === code.length ? undefined : { offset: count * 4 };
    return { count, offset: offsets, flow: flows, target: targets, undecodable };
  }

  /** What is data among them, only a whole sweep tells. */
  sweepToBranch(): undefined {
    return undefined;
  }

  isEmulated(code: Uint8Array, offset: number): boolean {
    return offset + 4 <= code.length && isEmulated(wordAt(code, offset));
  }

  isNop(code: Uint8Array, offset: number): boolean {
    return wordAt(code, offset) === nop;
  }

  memory(code: Uint8Array, offset: number) {
    return memoryUse(wordAt(code, offset));
  }

  isShuffle(code: Uint8Array, offset: number): boolean {
    return isShuffle(wordAt(code, offset));
  }

  /** Not looked into: arm64 has many instructions with a condition. */
  mayBeSpeculated(): boolean {
    return true;
  }

  effect(code: Uint8Array, offset: number): InstructionEffect {
    if (offset + 4 > code.length) return { disturbsArguments: true, refused: true };
    const word = wordAt(code, offset);
    return { disturbsArguments: disturbsArguments(word), refused: isRefused(word) };
  }

  readonly values = arm64ValueSteps;

  /** Nothing to give back. */
  [Symbol.dispose](): void {}
}

const nop = 0xd503_201f;

/** C4.1.94 "Loads and Stores", but for those of the stack, and of constants by REGTMP (X27). */
function memoryUse(word: number): 'load' | 'store' | undefined {
  const base = (word >>> 5) & 31;
  if ((word & 0x0a00_0000) !== 0x0800_0000 || (word & 0x3b00_0000) === 0x1800_0000 || base === 31) return undefined;
  const isSingle = (word & 0x3a00_0000) === 0x3800_0000;
  const isAtomic = isSingle && (word & 0x0120_0c00) === 0x0020_0000;
  const isVector = (word & 0x0400_0000) !== 0;
  const operation = (word >>> 22) & 3;
  // 2: a load with its sign, of vectors a store of 16 bytes.
  const isStore = isSingle ? operation === 0 || (isVector && operation === 2) : (operation & 1) === 0;
  if (isAtomic || isStore) return 'store';
  return base === 27 ? undefined : 'load';
}

/** MOV (register), MOVZ, MOVN, loads and stores by SP, and addresses on the stack. */
function isShuffle(word: number): boolean {
  const isByStack = (word & 0x0a00_0000) === 0x0800_0000 && ((word >>> 5) & 31) === 31;
  const isAddress = (word & 0x7f80_03e0) === 0x1100_03e0;
  return (
    word === nop ||
    isByStack ||
    isAddress ||
    (word & 0x7fe0_ffe0) === 0x2a00_03e0 ||
    (word & 0x3f80_0000) === 0x1280_0000
  );
}

interface Encoding {
  readonly mask: number;
  readonly value: number;
  readonly flow: number;
}

/** C4.1.95 "Branches, Exception Generating and System instructions". The first row that fits counts. */
const branches: readonly Encoding[] = [
  { mask: 0xfc00_0000, value: 0x1400_0000, flow: flow.jump }, // B
  { mask: 0xfc00_0000, value: 0x9400_0000, flow: flow.call }, // BL
  { mask: 0xff00_001f, value: 0x5400_0009, flow: flow.stackCheckJump }, // B.LS
  { mask: 0xff00_0000, value: 0x5400_0000, flow: flow.conditional }, // B.cond, BC.cond
  { mask: 0x7e00_0000, value: 0x3400_0000, flow: flow.conditional }, // CBZ, CBNZ
  { mask: 0x7e00_0000, value: 0x3600_0000, flow: flow.conditional }, // TBZ, TBNZ
  { mask: 0xffff_fc1f, value: 0xd65f_0000, flow: flow.return }, // RET Xn
  { mask: 0xffff_fbff, value: 0xd65f_0bff, flow: flow.return }, // RETAA, RETAB
  { mask: 0xffff_fc1f, value: 0xd63f_0000, flow: flow.call }, // BLR
  { mask: 0xffff_fc1f, value: 0xd61f_0000, flow: flow.indirectJump }, // BR
  { mask: 0xffe0_001f, value: 0xd420_0000, flow: flow.stop }, // BRK
  { mask: 0xffff_0000, value: 0x0000_0000, flow: flow.stop }, // UDF, padding
];

function flowOf(word: number, previous: number): number {
  for (const { mask, value, flow: kind } of branches) {
    if ((word & mask) >>> 0 !== value) continue;
    return kind === flow.indirectJump && isTableLoad(previous, (word >>> 5) & 31) ? flow.tableJump : kind;
  }
  return flow.next;
}

/** `ldr x27, [x0, x1, lsl #3]` in front of `br x27`: the compiler's switch by a table of addresses (Go 1.19 and later). */
function isTableLoad(word: number, register: number): boolean {
  return (word & 0xffe0_fc00) >>> 0 === 0xf860_7800 && (word & 31) === register;
}

/** From the branch to its target, in bytes; undefined where a register holds it. */
function branchOffset(word: number): number | undefined {
  if ((word & 0x7c00_0000) === 0x1400_0000) return signed(word, 0, 26) * 4;
  if ((word & 0xff00_0000) === 0x5400_0000 || (word & 0x7e00_0000) === 0x3400_0000) return signed(word, 5, 19) * 4;
  if ((word & 0x7e00_0000) === 0x3600_0000) return signed(word, 5, 14) * 4;
  return undefined;
}

/** The constant that an LDR (literal) behind it reads. */
function literalOf(word: number): { readonly offset: number; readonly sizeBytes: number } | undefined {
  if ((word & 0x3b00_0000) !== 0x1800_0000) return undefined;
  const size = word >>> 30;
  const isVector = (word & 0x0400_0000) !== 0;
  if (size === 3) return undefined; // PRFM
  const offset = signed(word, 5, 19) * 4;
  if (offset <= 0) return undefined;
  const sizeBytes = isVector ? 4 << size : size === 1 ? 8 : 4;
  return { offset, sizeBytes };
}

/** arch/arm64/kernel/probes/decode-insn.c, arm_probe_decode_insn: what is simulated on all kernels that have uprobes. */
function isEmulated(word: number): boolean {
  const kind = flowOf(word, 0);
  if (kind !== flow.next && kind !== flow.stop) return true;
  const isAddress = (word & 0x1f00_0000) === 0x1000_0000; // ADR, ADRP
  const isLiteral = (word & 0xbf00_0000) === 0x1800_0000 || (word & 0xff00_0000) >>> 0 === 0x9800_0000;
  return isAddress || isLiteral;
}

/** decode-insn.c, aarch64_insn_is_steppable: exclusive loads and stores, exceptions, system registers, most hints. */
function isRefused(word: number): boolean {
  if ((word & 0x3f00_0000) === 0x0800_0000) return true; // load/store exclusive
  if ((word & 0x3f00_0000) === 0x1c00_0000 || (word & 0xff00_0000) >>> 0 === 0xd800_0000) return true; // LDR (literal) of a vector, PRFM
  if ((word & 0xff00_0000) >>> 0 === 0xd400_0000) return true; // SVC, HVC, BRK, HLT
  if ((word & 0xffff_f01f) >>> 0 === 0xd503_201f) return !steppableHints.has((word >>> 5) & 0x7f);
  if ((word & 0xfff8_f01f) >>> 0 === 0xd500_401f || (word & 0xfff0_0000) >>> 0 === 0xd510_0000) return true; // MSR
  if ((word & 0xffff_ffe0) >>> 0 === 0xd53b_4220) return true; // MRS Xt, DAIF
  return (word & 0xffff_fbff) >>> 0 === 0xd69f_03e0 || (word & 0xffff_0000) >>> 0 === 0; // ERET, UDF
}

/** aarch64_insn_is_steppable_hint: NOP, XPACLRI, PAC* and AUT*, BTI. */
const steppableHints = new Set([0, 7, 8, 10, 12, 14, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 36, 38]);

/**
 * Everything may write an argument register, SP, g or memory, but for data processing whose destination is none of these:
 * X16 to X27, X29, X30, and the zero register of comparisons. X26 (the closure) is read by nobody here.
 */
function disturbsArguments(word: number): boolean {
  if (word === nop) return false;
  const group = (word >>> 25) & 15;
  const isImmediate = (group & 0b1110) === 0b1000;
  const isRegister = (group & 0b0111) === 0b0101;
  if (!isImmediate && !isRegister) return true;
  const destination = word & 31;
  // Register 31 is SP for additions and logical operations that set no flags.
  if (destination === 31) return (word & 0x2000_0000) === 0 || (word & 0x6000_0000) >>> 0 === 0x2000_0000;
  return destination < 16 || destination === 28;
}
