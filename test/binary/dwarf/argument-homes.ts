/**
 * Where ABIInternal passes arguments on amd64, from the specification
 * (https://go.dev/s/regabi, "Function call argument and result passing"), to compare with what the compiler noted.
 */
import type { GoParameter, GoType } from '../../../src/binary/go-type.ts';

/** DWARF numbers of RAX, RBX, RCX, RDI, RSI, R8 … R11, and of X0. */
const integerRegisters = [0, 3, 2, 5, 4, 8, 9, 10, 11];
const firstFloatRegister = 17;
const floatRegisterCount = 15;

export interface ArgumentHome {
  /** DWARF register numbers; empty if it is on the stack. */
  readonly registers: readonly number[];
  readonly stackOffset: number;
  readonly sizeBytes: number;
}

export function argumentHomes(parameters: readonly GoParameter[]): ArgumentHome[] {
  let integers = 0;
  let floats = 0;
  let stackEnd = 0;
  return parameters.map(({ type }) => {
    const { sizeBytes, alignBytes } = type;
    const needed = sizeBytes === 0 ? undefined : registersOf(type);
    const wantedFloats = needed?.filter((kind) => kind === 'float').length ?? 0;
    const wantedIntegers = (needed?.length ?? 0) - wantedFloats;
    const fits = integers + wantedIntegers <= integerRegisters.length && floats + wantedFloats <= floatRegisterCount;
    if (needed === undefined || !fits) {
      const stackOffset = Math.ceil(stackEnd / alignBytes) * alignBytes;
      stackEnd = stackOffset + sizeBytes;
      return { registers: [], stackOffset, sizeBytes };
    }
    const registers = needed.map((kind) =>
      kind === 'float' ? firstFloatRegister + floats++ : (integerRegisters[integers++] as number),
    );
    return { registers, stackOffset: -1, sizeBytes };
  });
}

type RegisterKind = 'integer' | 'float';

/** Undefined for what never goes into registers: arrays of two elements or more. */
function registersOf(type: GoType): RegisterKind[] | undefined {
  switch (type.kind) {
    case 'float32':
    case 'float64':
      return ['float'];
    case 'complex64':
    case 'complex128':
      return ['float', 'float'];
    case 'string':
    case 'interface':
      return ['integer', 'integer'];
    case 'slice':
      return ['integer', 'integer', 'integer'];
    case 'array':
      if (type.length === 0) return [];
      return type.length === 1 && type.elem !== undefined ? registersOf(type.elem) : undefined;
    case 'struct': {
      const all: RegisterKind[] = [];
      for (const field of type.fields ?? []) {
        const registers = registersOf(field.type);
        if (registers === undefined) return undefined;
        all.push(...registers);
      }
      return all;
    }
    default:
      return ['integer'];
  }
}
