import {
  Code,
  Decoder,
  DecoderOptions,
  EncodingKind,
  FlowControl,
  Instruction,
  InstructionInfoFactory,
  OpKind,
  Register,
  RegisterExt,
} from 'iced-x86';
import { flow, type InstructionEffect } from '../instruction.ts';
import { isWrite } from '../operand-access.ts';
import { maxInstructionBytes, relativeTarget, type Swept } from './lengths.ts';
import { Amd64ValueSteps } from './value-steps.ts';

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

/** What a sweep found. */
export interface SweptByIced {
  readonly count: number;
  /** Of what is no instruction: the sweep ended there. */
  readonly undecodableOffset: number | undefined;
}

/** All amd64 instructions, by iced-x86. One wasm Instruction is reused; every Decoder is freed after its function. */
export class IcedDecoder implements Disposable {
  readonly #instruction = new Instruction();
  readonly #info = new InstructionInfoFactory();
  #values: Amd64ValueSteps | undefined;

  sweep(code: Uint8Array, { offsets, flows, targets }: Swept): SweptByIced {
    const decoder = new Decoder(64, code, DecoderOptions.None);
    const instruction = this.#instruction;
    let count = 0;
    try {
      for (let offset = 0; offset < code.length; count++) {
        decoder.decodeOut(instruction);
        const length = instruction.length;
        const control = instruction.flowControl;
        // Each question is a call into wasm; what is no instruction counts as an exception.
        if (length === 0 || (control === FlowControl.Exception && instruction.code === Code.INVALID)) {
          return { count, undecodableOffset: offset };
        }
        const end = offset + length;
        const kind = control === FlowControl.Next ? flow.next : this.#flowOf(control);
        offsets[count] = offset;
        flows[count] = kind;
        const hasTarget = kind !== flow.next && kind <= flow.stackCheckJump;
        targets[count] = hasTarget ? relativeTarget(code, offset, end) || this.#branchTarget() : 0;
        offset = end;
      }
    } finally {
      decoder.free();
    }
    return { count, undecodableOffset: undefined };
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
    return { disturbsArguments: this.#disturbsArguments(), refused: this.#isRefused() };
  }

  get values(): Amd64ValueSteps {
    this.#values ??= new Amd64ValueSteps();
    return this.#values;
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
    this.#values?.[Symbol.dispose]();
    this.#info.free();
    this.#instruction.free();
  }
}
