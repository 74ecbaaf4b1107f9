import {
  Decoder,
  DecoderOptions,
  Instruction,
  InstructionInfoFactory,
  MemorySizeExt,
  Mnemonic,
  OpKind,
  Register,
  RegisterExt,
  type UsedMemory,
} from 'iced-x86';
import { isWrite } from '../operand-access.ts';
import type { ReadConstant, RegisterName, ValueMove, ValuePlace, ValueRules, ValueStep } from '../value-step.ts';
import { maxInstructionBytes } from './lengths.ts';

/** Moves of the lowest bytes between vector registers, integer registers and memory: mnemonic and size. */
const moves: ReadonlyMap<number, number> = new Map([
  [Mnemonic.Movss, 4],
  [Mnemonic.Movsd, 8],
  [Mnemonic.Movd, 4],
  [Mnemonic.Movq, 8],
  [Mnemonic.Movups, 16],
  [Mnemonic.Movaps, 16],
  [Mnemonic.Movupd, 16],
  [Mnemonic.Movapd, 16],
  [Mnemonic.Movdqu, 16],
  [Mnemonic.Movdqa, 16],
]);

const exclusiveOrs: ReadonlySet<number> = new Set([Mnemonic.Xorps, Mnemonic.Xorpd, Mnemonic.Pxor, Mnemonic.Xor]);

/** Steps of amd64 by iced-x86; holds native memory. */
export class Amd64ValueSteps implements ValueRules, Disposable {
  readonly #instruction = new Instruction();
  readonly #info = new InstructionInfoFactory();
  readonly zeroRegister = 'f15';
  readonly epilogueWrites = new Set<RegisterName>(['r4', 'r5']);

  step(code: Uint8Array, offset: number, entryVaddr: number, readConstant: ReadConstant): ValueStep {
    const decoder = new Decoder(64, code.subarray(offset, offset + maxInstructionBytes), DecoderOptions.None);
    decoder.ip = BigInt(entryVaddr + offset);
    try {
      decoder.decodeOut(this.#instruction);
    } finally {
      decoder.free();
    }
    const { writes, memory } = this.#effects();
    const writesSp = writes.includes('r4');
    const spChange = writesSp ? this.#spChange() : 0;
    const move = this.#move(readConstant);
    return { spChange, writes, memory, moves: move === undefined ? [] : [move] };
  }

  #effects(): Pick<ValueStep, 'writes' | 'memory'> {
    const info = this.#info.info(this.#instruction);
    const writes: RegisterName[] = [];
    let memory: ValueStep['memory'] = 'none';
    for (const used of info.usedRegisters()) {
      const name = nameOf(used.register);
      if (isWrite(used.access) && name !== undefined) writes.push(name);
      used.free();
    }
    for (const used of info.usedMemory()) {
      if (isWrite(used.access)) {
        // Two places at once: none of Go's instructions.
        memory = memory === 'none' ? (stackMemory(used) ?? 'elsewhere') : 'elsewhere';
      }
      used.free();
    }
    info.free();
    return { writes, memory };
  }

  /** PUSH, POP, and what adds a constant to RSP. */
  #spChange(): number | undefined {
    const instruction = this.#instruction;
    const { mnemonic } = instruction;
    if (mnemonic === Mnemonic.Push || mnemonic === Mnemonic.Pop) {
      const popsSp = mnemonic === Mnemonic.Pop && instruction.op0Register === Register.RSP;
      return popsSp ? undefined : instruction.stackPointerIncrement;
    }
    if (instruction.op0Kind !== OpKind.Register || instruction.op0Register !== Register.RSP) return undefined;
    if (mnemonic === Mnemonic.Lea) {
      const isPlain = instruction.memoryBase === Register.RSP && instruction.memoryIndex === Register.None;
      return isPlain ? Number(BigInt.asIntN(64, instruction.memoryDisplacement)) : undefined;
    }
    if (mnemonic !== Mnemonic.Add && mnemonic !== Mnemonic.Sub) return undefined;
    if (instruction.op1Kind === OpKind.Register || instruction.op1Kind === OpKind.Memory) return undefined;
    const amount = Number(BigInt.asIntN(64, instruction.immediate(1)));
    return mnemonic === Mnemonic.Add ? amount : -amount;
  }

  #move(readConstant: ReadConstant): ValueMove | undefined {
    const instruction = this.#instruction;
    const { mnemonic } = instruction;
    if (exclusiveOrs.has(mnemonic)) return this.#zero();
    if (instruction.opCount !== 2) return undefined;
    const sizeBytes = moves.get(mnemonic) ?? (mnemonic === Mnemonic.Mov ? this.#operandBytes() : undefined);
    if (sizeBytes === undefined || sizeBytes < 4) return undefined;
    // Atomic loads and stores are plain MOVs of integers.
    const isPlain = mnemonic !== Mnemonic.Mov;
    const [to, from] = [this.#place(0, isPlain), this.#place(1, isPlain)];
    if (to === undefined || from === undefined) return undefined;
    if (typeof to === 'string' && typeof from === 'object' && 'vaddr' in from) {
      const constant = readConstant(from.vaddr, Math.min(8, sizeBytes));
      if (constant !== undefined) return { constant, to, sizeBytes: Math.min(8, sizeBytes) };
    }
    return { from, to, sizeBytes };
  }

  /** A register exclusive-or itself. */
  #zero(): ValueMove | undefined {
    const { op0Kind, op1Kind, op0Register, op1Register } = this.#instruction;
    const isZero = op0Kind === OpKind.Register && op1Kind === OpKind.Register && op0Register === op1Register;
    const to = isZero && RegisterExt.size(op0Register) >= 4 ? nameOf(op0Register) : undefined;
    return to === undefined ? undefined : { constant: 0n, to, sizeBytes: 8 };
  }

  #operandBytes(): number {
    const { op0Kind, op0Register, op1Kind, op1Register } = this.#instruction;
    if (op0Kind === OpKind.Register) return RegisterExt.size(op0Register);
    return op1Kind === OpKind.Register ? RegisterExt.size(op1Register) : 0;
  }

  /** @param isPlain it is no atomic access, wherever it leads */
  #place(operand: 0 | 1, isPlain: boolean): ValuePlace | undefined {
    const instruction = this.#instruction;
    const kind = operand === 0 ? instruction.op0Kind : instruction.op1Kind;
    if (kind === OpKind.Register) return nameOf(operand === 0 ? instruction.op0Register : instruction.op1Register);
    if (kind !== OpKind.Memory || instruction.segmentPrefix !== Register.None) return undefined;
    if (instruction.isIpRelMemoryOperand) {
      return isPlain ? { vaddr: Number(instruction.ipRelMemoryAddress) } : undefined;
    }
    const { memoryBase } = instruction;
    if (instruction.memoryIndex !== Register.None || !RegisterExt.isGPR64(memoryBase)) return undefined;
    const displacement = Number(BigInt.asIntN(64, instruction.memoryDisplacement));
    if (memoryBase === Register.RSP) return { fromSp: displacement };
    return isPlain ? { base: RegisterExt.number(memoryBase), displacement } : undefined;
  }

  [Symbol.dispose](): void {
    this.#info.free();
    this.#instruction.free();
  }
}

/** What is addressed by RSP and a constant alone. */
function stackMemory({
  base,
  index,
  displacement,
  memorySize,
}: UsedMemory): Exclude<ValueStep['memory'], string> | undefined {
  const sizeBytes = MemorySizeExt.size(memorySize);
  if (base !== Register.RSP || index !== Register.None || sizeBytes === 0) return undefined;
  return { fromSp: Number(BigInt.asIntN(64, displacement)), sizeBytes };
}

/** By the whole register; undefined: neither general nor vector register. */
function nameOf(register: number): RegisterName | undefined {
  if (RegisterExt.isGPR(register)) return `r${RegisterExt.number(RegisterExt.fullRegister(register))}`;
  return RegisterExt.isVectorRegister(register) ? `f${RegisterExt.number(register)}` : undefined;
}
