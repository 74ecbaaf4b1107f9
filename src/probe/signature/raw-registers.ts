import {
  type Architecture,
  type AssignedValue,
  firstStackArgument,
  registerSequences,
} from '../code/register-assignment.ts';
import { wordType } from './untyped-arguments.ts';

/** Results are seldom more: a value and an error, a slice and a number. */
const shownResults = 4;

/** More is a struct or array that nobody reads as words. */
const maxStackWords = 16;

/** Go's names of the integer registers, by their numbers in instructions. */
const amd64Names = [
  'AX',
  'CX',
  'DX',
  'BX',
  'SP',
  'BP',
  'SI',
  'DI',
  'R8',
  'R9',
  'R10',
  'R11',
  'R12',
  'R13',
  'R14',
  'R15',
];

/** As Go's assembler writes it: `AX`, `R8`. */
export function registerName(arch: Architecture, register: number): string {
  return (arch === 'amd64' ? amd64Names[register] : undefined) ?? `R${register}`;
}

/** `X0`, on arm64 `F0`. */
export function floatRegisterName(arch: Architecture, register: number): string {
  return `${arch === 'amd64' ? 'X' : 'F'}${register}`;
}

/** The first integer registers in the order in which arguments are put there, whatever is in them. */
export function rawArguments(arch: Architecture, atMost: number): AssignedValue[] {
  const registers: readonly number[] = registerSequences[arch].integer;
  return registers.slice(0, atMost).map((register) => ({
    name: registerName(arch, register),
    type: wordType(8),
    pieces: [{ register, at: 0, sizeBytes: 8 }],
  }));
}

/** Those of the first results. */
export function rawResults(arch: Architecture): AssignedValue[] {
  return rawArguments(arch, shownResults);
}

/**
 * The words of the argument frame, where arguments and results are on the stack: parameters, then results. Undefined where
 * its size is not known.
 * @param argumentBytes of parameters and results together
 */
export function rawStack(argumentBytes: number | undefined): AssignedValue[] | undefined {
  if (argumentBytes === undefined) return undefined;
  return Array.from({ length: Math.min(maxStackWords, Math.ceil(argumentBytes / 8)) }, (_, index) => {
    const stackOffset = firstStackArgument + index * 8;
    return { name: `SP+${stackOffset}`, type: wordType(8), pieces: [{ stackOffset, at: 0, sizeBytes: 8 }] };
  });
}
