import type { GenericType, GoParameter, GoSignature, GoType } from '../../binary/go-type.ts';
import type { Abi } from './calling-convention.ts';

/**
 * Where Go puts receiver, parameters and results.
 * Sources: https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/abi-internal.md, "Function call argument and result
 * passing"; ABI0, which Go 1.16 and older have everywhere and assembly has in all releases, is the same without registers.
 */

/** A part of a value's memory image, `at` bytes from its start. */
export type Piece =
  /** In an integer register: x86-64 encoding numbers (0 rax … 15 r15) or arm64 0 … 30. */
  | { readonly register: number; readonly at: number; readonly sizeBytes: number }
  /** In a floating-point register (X0…, F0…), which BPF can't read. */
  | { readonly floatRegister: number; readonly at: number; readonly sizeBytes: number }
  /** On the stack, that many bytes above SP at the first instruction and at every RET. */
  | { readonly stackOffset: number; readonly at: number; readonly sizeBytes: number };

export function isSamePiece(one: Piece, other: Piece | undefined): boolean {
  if (other === undefined || one.at !== other.at || one.sizeBytes !== other.sizeBytes) return false;
  if ('register' in one) return 'register' in other && one.register === other.register;
  if ('floatRegister' in one) return 'floatRegister' in other && one.floatRegister === other.floatRegister;
  return 'stackOffset' in other && one.stackOffset === other.stackOffset;
}

export interface AssignedValue {
  readonly name: string;
  readonly type: GoType;
  /** Empty for a value of size 0. */
  readonly pieces: readonly Piece[];
  /** As in GoParameter. */
  readonly dictionaryWord?: number;
  readonly genericType?: GenericType | undefined;
  /** Why it can't be read, wherever it is. */
  readonly unavailable?: string | undefined;
}

export interface Assignment {
  /** Receiver first. */
  readonly parameters: readonly AssignedValue[];
  readonly results: readonly AssignedValue[];
}

interface RegisterSequences {
  readonly integer: readonly number[];
  readonly floatCount: number;
}

/** First stack argument, above SP at entry: on amd64 behind the return address, on arm64 behind the slot where a callee may save LR. */
export const firstStackArgument = 8;

/** abi-internal.md, "amd64 architecture" and "arm64 architecture". */
export const registerSequences = {
  amd64: { integer: [0, 3, 1, 7, 6, 8, 9, 10, 11], floatCount: 15 },
  arm64: { integer: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], floatCount: 16 },
} as const satisfies Record<string, RegisterSequences>;

const stackOnly: RegisterSequences = { integer: [], floatCount: 0 };

export type Architecture = keyof typeof registerSequences;

const pointerBytes = 8;

let last: { readonly signature: GoSignature; readonly key: string; readonly assignment: Assignment } | undefined;

/** Pieces of every parameter and result of a function with that ABI. */
export function assignRegisters(signature: GoSignature, arch: Architecture, abi: Abi = 'registers'): Assignment {
  // Asked by who doubts a signature, and again by who takes it.
  const key = arch + abi;
  if (last?.signature !== signature || last.key !== key)
    last = { signature, key, assignment: assign(signature, arch, abi) };
  return last.assignment;
}

function assign(signature: GoSignature, arch: Architecture, abi: Abi): Assignment {
  const sequences = abi === 'registers' ? registerSequences[arch] : stackOnly;
  const stack = { next: 0 };
  const parameters = assignAll(signature.parameters, sequences, stack);
  stack.next = align(stack.next, pointerBytes);
  const results = assignAll(signature.results, sequences, stack);
  return { parameters, results };
}

function assignAll(
  values: readonly GoParameter[],
  sequences: RegisterSequences,
  stack: { next: number },
): AssignedValue[] {
  const used: Used = { integer: 0, float: 0 };
  return values.map((parameter) => {
    const { type } = parameter;
    if (type.sizeBytes === 0) {
      stack.next = align(stack.next, type.alignBytes);
      return { ...parameter, pieces: [] };
    }
    const before = { ...used };
    const pieces: Piece[] = [];
    if (registerAssign(type, 0, sequences, used, pieces)) return { ...parameter, pieces };
    used.integer = before.integer;
    used.float = before.float;
    stack.next = align(stack.next, type.alignBytes);
    const stackOffset = firstStackArgument + stack.next;
    stack.next += type.sizeBytes;
    return { ...parameter, pieces: [{ stackOffset, at: 0, sizeBytes: type.sizeBytes }] };
  });
}

interface Used {
  integer: number;
  float: number;
}

/** False when the value does not fit the remaining registers; `used` and `pieces` are then to be thrown away. */
function registerAssign(type: GoType, at: number, sequences: RegisterSequences, used: Used, pieces: Piece[]): boolean {
  const word = (offset: number, sizeBytes: number): boolean => {
    const register = sequences.integer[used.integer];
    if (register === undefined) return false;
    used.integer += 1;
    pieces.push({ register, at: at + offset, sizeBytes });
    return true;
  };
  const float = (offset: number, sizeBytes: number): boolean => {
    if (used.float >= sequences.floatCount) return false;
    pieces.push({ floatRegister: used.float, at: at + offset, sizeBytes });
    used.float += 1;
    return true;
  };
  switch (type.kind) {
    case 'float32':
    case 'float64':
      return float(0, type.sizeBytes);
    case 'complex64':
    case 'complex128':
      return float(0, type.sizeBytes / 2) && float(type.sizeBytes / 2, type.sizeBytes / 2);
    case 'string':
    case 'interface':
      return word(0, 8) && word(8, 8);
    case 'slice':
      return word(0, 8) && word(8, 8) && word(16, 8);
    case 'struct':
      if (type.fields === undefined) return false;
      return type.fields.every((field) => registerAssign(field.type, at + field.offsetBytes, sequences, used, pieces));
    case 'array': {
      if (type.length === 0) return true;
      // Also where its elements have no size: a struct with a [3][0]int is passed on the stack.
      if (type.length !== 1 || type.elem === undefined) return false;
      return registerAssign(type.elem, at, sequences, used, pieces);
    }
    default:
      return word(0, type.sizeBytes);
  }
}

function align(offset: number, alignment: number): number {
  const a = Math.max(1, alignment);
  return Math.ceil(offset / a) * a;
}
