import {
  Code,
  Decoder,
  DecoderOptions,
  EncodingKind,
  FlowControl,
  Instruction,
  InstructionInfoFactory,
  OpAccess,
  OpKind,
  Register,
  RegisterExt,
} from 'iced-x86';
import { flow, type InstructionDecoder, type InstructionEffect, type Instructions } from './instruction.ts';

/** Longest instruction: Intel SDM vol. 2, 2.3.11. */
const maxInstructionBytes = 15;

/** RAX, RBX, RCX, RDI, RSI, R8 … R11 carry arguments, R14 is g, RSP must be what it was at entry. */
const argumentRegisters = new Set<number>([
  Register.RAX,
  Register.RBX,
  Register.RCX,
  Register.RDI,
  Register.RSI,
  Register.R8,
  Register.R9,
  Register.R10,
  Register.R11,
  Register.R14,
  Register.RSP,
]);

/** amd64 instructions by iced-x86. One wasm Instruction is reused; every Decoder is freed after its function. */
export class Amd64Decoder implements InstructionDecoder {
  readonly #instruction = new Instruction();
  readonly #info = new InstructionInfoFactory();
  /** For the largest function so far: arrays for each byte of each function would be most of the time. */
  #offsets = new Int32Array(0);
  #flows = new Uint8Array(0);
  #targets = new Float64Array(0);

  sweep(code: Uint8Array): Instructions {
    if (code.length > this.#offsets.length) {
      this.#offsets = new Int32Array(code.length);
      this.#flows = new Uint8Array(code.length);
      this.#targets = new Float64Array(code.length);
    }
    const offsets = this.#offsets;
    const flows = this.#flows;
    const targets = this.#targets;
    const decoder = new Decoder(64, code, DecoderOptions.None);
    const instruction = this.#instruction;
    let count = 0;
    let offset = 0;
    let undecodable: { offset: number } | undefined;
    try {
      while (offset < code.length) {
        decoder.decodeOut(instruction);
        const length = instruction.length;
        const control = instruction.flowControl;
        // Each question is a call into wasm; what is no instruction counts as an exception.
        if (length === 0 || (control === FlowControl.Exception && instruction.code === Code.INVALID)) {
          undecodable = { offset };
          break;
        }
        offsets[count] = offset;
        const end = offset + length;
        const kind = control === FlowControl.Next ? flow.next : this.#flowOf(control);
        flows[count] = kind;
        targets[count] = 0;
        if (kind !== flow.next && kind <= flow.stackCheckJump) {
          targets[count] = relativeTarget(code, offset, end) ?? this.#branchTarget();
        }
        offset = end;
        count += 1;
      }
    } finally {
      decoder.free();
    }
    return {
      count,
      offset: offsets.slice(0, count),
      flow: flows.slice(0, count),
      target: targets.slice(0, count),
      undecodable,
    };
  }

  #flowOf(control: number): number {
    const instruction = this.#instruction;
    switch (control) {
      case FlowControl.UnconditionalBranch:
        return flow.jump;
      case FlowControl.ConditionalBranch:
        return instruction.code === Code.Jbe_rel8_64 || instruction.code === Code.Jbe_rel32_64
          ? flow.stackCheckJump
          : flow.conditional;
      case FlowControl.Return:
        return flow.return;
      case FlowControl.Call:
      case FlowControl.IndirectCall:
        return flow.call;
      case FlowControl.IndirectBranch:
        // The compiler's jump tables are absolute addresses indexed by 8: JMP (table)(index*8).
        return instruction.op0Kind === OpKind.Memory &&
          instruction.memoryIndex !== Register.None &&
          instruction.memoryIndexScale === 8
          ? flow.tableJump
          : flow.indirectJump;
      default:
        return flow.stop;
    }
  }

  /** For branches with prefixes, which Go does not emit. 0 for calls through registers. */
  #branchTarget(): number {
    const isNear = this.#instruction.op0Kind === OpKind.NearBranch64;
    return isNear ? Number(BigInt.asIntN(64, this.#instruction.nearBranchTarget)) : 0;
  }

  effect(code: Uint8Array, offset: number): InstructionEffect {
    const decoder = new Decoder(64, code.subarray(offset, offset + maxInstructionBytes), DecoderOptions.None);
    try {
      decoder.decodeOut(this.#instruction);
    } finally {
      decoder.free();
    }
    return {
      emulated: isEmulated(code, offset),
      disturbsArguments: this.#disturbsArguments(),
      refused: this.#isRefused(),
    };
  }

  #disturbsArguments(): boolean {
    const info = this.#info.info(this.#instruction);
    let disturbs = false;
    for (const used of info.usedRegisters()) {
      if (isWrite(used.access) && argumentRegisters.has(RegisterExt.fullRegister(used.register))) disturbs = true;
      used.free();
    }
    for (const used of info.usedMemory()) {
      if (isWrite(used.access)) disturbs = true;
      used.free();
    }
    info.free();
    return disturbs;
  }

  /** arch/x86/kernel/uprobes.c: is_prefix_bad (LOCK, ES, CS, SS, DS), good_insns_64 (EVEX, INT3). */
  #isRefused(): boolean {
    const { code, encoding, hasLockPrefix, segmentPrefix } = this.#instruction;
    if (code === Code.INVALID || code === Code.Int3 || encoding === EncodingKind.EVEX) return true;
    return (
      hasLockPrefix ||
      segmentPrefix === Register.ES ||
      segmentPrefix === Register.CS ||
      segmentPrefix === Register.SS ||
      segmentPrefix === Register.DS
    );
  }

  [Symbol.dispose](): void {
    this.#info.free();
    this.#instruction.free();
  }
}

function isWrite(access: number): boolean {
  return (
    access === OpAccess.Write ||
    access === OpAccess.CondWrite ||
    access === OpAccess.ReadWrite ||
    access === OpAccess.ReadCondWrite
  );
}

/** Target of an unprefixed relative call or jump: its displacement is its last field. */
function relativeTarget(code: Uint8Array, offset: number, end: number): number | undefined {
  const first = code[offset] ?? 0;
  const second = code[offset + 1] ?? 0;
  if (end - offset === 2 && (first === 0xeb || (first & 0xf0) === 0x70 || (first & 0xfc) === 0xe0)) {
    return end + ((second << 24) >> 24);
  }
  const near = first === 0xe8 || first === 0xe9 || (first === 0x0f && (second & 0xf0) === 0x80);
  if (!near || end - offset < 5) return undefined;
  const low = (code[end - 4] ?? 0) | ((code[end - 3] ?? 0) << 8) | ((code[end - 2] ?? 0) << 16);
  return end + (low | ((code[end - 1] ?? 0) << 24));
}

/** arch/x86/kernel/uprobes.c, branch_setup_xol_ops and push_setup_xol_ops: one trap instead of two. */
function isEmulated(code: Uint8Array, offset: number): boolean {
  const first = code[offset] ?? 0;
  const second = code[offset + 1] ?? 0;
  const isPush = (byte: number) => (byte & 0xf8) === 0x50;
  if (isPush(first) || (first === 0x41 && isPush(second))) return true;
  if (first === 0x90 || first === 0xe8 || first === 0xe9 || first === 0xeb || (first & 0xf0) === 0x70) return true;
  return first === 0x0f && (second & 0xf0) === 0x80;
}
