import type { ArgumentInfo } from '../../binary/argument-slot.ts';
import { dictionaryParameter, takesDictionaryFirst } from '../../binary/dwarf/dictionary.ts';
import type { Found, GoBinary, GoFunction } from '../../binary/go-binary.ts';
import type { GoParameter, GoSignature } from '../../binary/go-type.ts';
import type { Abi } from '../code/calling-convention.ts';
import { type AssignedValue, type Assignment, assignRegisters, isSamePiece } from '../code/register-assignment.ts';
import type { FunctionSites } from '../code/site.ts';
import { type FunctionName, functionName } from '../function-name.ts';
import { completeSignature, fillsFrame, hasRoom } from './complete-signature.ts';
import { rawArguments, rawResults, rawStack } from './raw-registers.ts';
import { UnresolvedType } from './resolve-type.ts';
import { contradiction, isWhole } from './signature-check.ts';
import { type SpilledArgument, spilledArguments } from './spilled-arguments.ts';
import { stackPlaces } from './stack-places.ts';
import type { TypeSource } from './type-source.ts';
import type { SignatureSyntax } from './type-syntax.ts';
import { listsUnnamed } from './unnamed-parameters.ts';
import { leavesOf, type UntypedArguments, untypedArguments } from './untyped-arguments.ts';
import { hiddenParameters, runtimeSignature, writtenSignature } from './written-signature.ts';

/** A value of a call, where it is, and what told so. */
export interface SourcedValue extends AssignedValue {
  readonly source: TypeSource;
}

/** Of a function's sites what tells where its arguments are. */
export type FunctionPlace = Pick<FunctionSites, 'abi' | 'entry'>;

/** All that is known of what a function takes and returns. */
export interface FunctionTypes {
  /** Receiver first. Of generic code without the dictionary. */
  readonly parameters: readonly SourcedValue[];
  readonly results: readonly SourcedValue[];
  /** Of generic code with a type that its dictionary tells. */
  readonly dictionary?: AssignedValue | undefined;
  /** The best of the parameters' sources. */
  readonly source: TypeSource;
  /** With types, where one of the first three sources has them; else why none has. */
  readonly signature: Found<GoSignature>;
  /** What is wrong with the signature that the user wrote. */
  readonly problem?: string | undefined;
}

/**
 * Types of a function's arguments and results from the best source that has them. What a user wrote is taken if there is
 * no debug information, and if nothing in the binary contradicts it.
 * @param place its ABI, and where its calls are seen: the stack check there tells which registers hold arguments
 */
export function functionTypes(
  binary: GoBinary,
  fn: GoFunction,
  place: FunctionPlace | undefined,
  written: SignatureSyntax | undefined,
): FunctionTypes {
  const name = functionName(fn.name);
  const code: Code = { binary, abi: place?.abi ?? (fn.isAssembly ? 'stack' : 'registers') };
  const clues = cluesOf(code, fn, place);
  const listed = binary.signature(fn);
  const debugged =
    listed.value === undefined
      ? listed
      : completeSignature(binary, name, listed.value, (signature) => contradicts(code, fn, name, signature, clues));
  const known = written && tryWritten(binary, name, written);
  const whole = debugged.value && fromDebugInfo(code, fn, name, debugged.value);
  if (debugged.value !== undefined && whole !== undefined) {
    return { ...whole, problem: known && disagreement(known, debugged.value, 'its debug information') };
  }
  const described = runtimeSignature(binary, fn, name);
  const problem = known && (problemOf(code, name, known, clues) ?? disagreementWith(described, known));
  if (known?.value !== undefined && problem === undefined) return fromSignature(code, known.value, 'signature');
  if (described !== undefined) return { ...fromSignature(code, described, 'runtime'), problem };
  const part = listed.value && mayLack(code) ? fromDebugInfo(code, fn, name, listed.value) : undefined;
  if (part !== undefined) return { ...part, problem };
  const unavailable = debugged.unavailable ?? 'its parameters do not fit into the frame that the function table tells';
  return { ...untyped(code, fn, name, clues), signature: { unavailable }, problem };
}

/** Whether all of a function's arguments are on the stack, and some may be missing in its debug information. */
function mayLack({ binary, abi }: Code): boolean {
  return abi === 'stack' && !listsUnnamed(binary.buildInfo);
}

/** Undefined: it makes no sense. */
function fromDebugInfo(
  code: Code,
  fn: GoFunction,
  { role }: FunctionName,
  signature: GoSignature,
): FunctionTypes | undefined {
  if (!mayLack(code)) return fromSignature(code, signature, 'dwarf');
  const places = stackPlaces(code.binary, fn, signature, role === 'method');
  return places && fromPlaces(places, signature, 'dwarf');
}

/**
 * Every part of the arguments takes one register at most.
 * @param first what the list leaves out of generic code; undefined: unknown
 */
function registersAtMost({ isGeneric }: FunctionName, info: ArgumentInfo | undefined, first?: AssignedValue): number {
  if (!info?.complete || (isGeneric && first === undefined)) return Number.POSITIVE_INFINITY;
  return info.slots.flatMap(leavesOf).length + (isGeneric ? (first?.pieces.length ?? 0) : 0);
}

/** Receiver and dictionary, where they are passed; not what stands behind a receiver of unknown size. */
function hiddenPlaces({ binary, abi }: Code, name: FunctionName): readonly AssignedValue[] {
  const parameters = hiddenParameters(binary, name);
  return assignRegisters({ parameters, results: [] }, binary.arch, abi).parameters;
}

function isAtSamePlace(one: AssignedValue, other: AssignedValue): boolean {
  const { pieces } = one;
  return (
    pieces.length === other.pieces.length && pieces.every((piece, index) => isSamePiece(piece, other.pieces[index]))
  );
}

/** The binary, and how the function gets its arguments. */
interface Code {
  readonly binary: GoBinary;
  readonly abi: Abi;
}

/** What the machine code and the tables for tracebacks tell. */
interface Clues {
  readonly info: ArgumentInfo | undefined;
  readonly spills: readonly SpilledArgument[];
}

function cluesOf({ binary, abi }: Code, fn: GoFunction, place: FunctionPlace | undefined): Clues {
  // Argument info came with the register ABI; on the stack it would tell the same as the words there.
  if (abi === 'stack') return { info: undefined, spills: [] };
  const info = binary.argumentInfo(fn).value;
  const hasSpills = place?.entry.stackCheck === true;
  const bytes = hasSpills ? binary.read(fn.entryVaddr, fn.endVaddr - fn.entryVaddr) : undefined;
  return { info, spills: (bytes && place && spilledArguments(bytes, place.entry.offset, binary.arch)) ?? [] };
}

function tryWritten(binary: GoBinary, name: FunctionName, written: SignatureSyntax): Found<GoSignature> {
  try {
    return { value: writtenSignature(binary, name, written) };
  } catch (error) {
    if (error instanceof UnresolvedType) return { unavailable: error.advice };
    throw error;
  }
}

function problemOf(
  { binary, abi }: Code,
  name: FunctionName,
  known: Found<GoSignature>,
  clues: Clues,
): string | undefined {
  if (known.value === undefined) return known.unavailable;
  const { parameters } = assignRegisters(known.value, binary.arch, abi);
  return contradictionOf(binary, name, parameters, clues);
}

function contradictionOf(
  binary: GoBinary,
  name: FunctionName,
  parameters: readonly AssignedValue[],
  clues: Clues,
): string | undefined {
  // The compiler takes whatever comes first in generic code for the dictionary, and leaves it out.
  const recorded = parameters.slice(name.isGeneric ? 1 : 0);
  return contradiction(parameters, recorded, clues.info, clues.spills, binary.arch);
}

function contradicts(
  { binary, abi }: Code,
  fn: GoFunction,
  name: FunctionName,
  signature: GoSignature,
  clues: Clues,
): boolean {
  const assigned = assignRegisters(signature, binary.arch, abi);
  if (abi === 'stack') return !fillsFrame(assigned, binary.argumentBytes(fn));
  if (contradictionOf(binary, name, assigned.parameters, clues) !== undefined) return true;
  if ((clues.info !== undefined && isWhole(clues.info)) || listsUnnamed(binary.buildInfo)) return false;
  const isOpen = hasRoom(assigned.parameters, clues.spills.length === 0);
  return isOpen || !fillsFrame(assigned, binary.argumentBytes(fn));
}

function disagreementWith(described: GoSignature | undefined, known: Found<GoSignature>): string | undefined {
  return described && disagreement(known, described, "its receiver's type descriptor");
}

/** What the user wrote and the binary has otherwise; undefined: they agree. Names of parameters are the user's own business. */
function disagreement(known: Found<GoSignature>, own: GoSignature, source: string): string | undefined {
  if (known.value === undefined) return known.unavailable;
  const lists = [
    ['parameter', known.value.parameters, own.parameters],
    ['result', known.value.results, own.results],
  ] as const;
  for (const [what, allWritten, allReal] of lists) {
    const [written, real] = [withoutHidden(allWritten), withoutHidden(allReal)];
    if (written.length !== real.length) {
      return `${source} has ${real.length} ${what}s, and not ${written.length} (a receiver counts as one)`;
    }
    for (const [index, { type }] of written.entries()) {
      const other = real[index]?.type.name ?? '';
      // An interface that was written out has no name of its own.
      if (type.name !== other && !type.name.includes('interface {…}')) {
        return `${what} ${index + 1} is ${other} by ${source}, and not ${type.name}`;
      }
    }
  }
  return undefined;
}

/** Nobody writes a dictionary; debug information of Go 1.27 tells its length. */
function withoutHidden(list: readonly GoParameter[]): readonly GoParameter[] {
  return list.filter(({ name }) => name !== dictionaryParameter.name);
}

function fromSignature({ binary, abi }: Code, signature: GoSignature, source: TypeSource): FunctionTypes {
  return fromPlaces(assignRegisters(signature, binary.arch, abi), signature, source);
}

function fromPlaces({ parameters, results }: Assignment, signature: GoSignature, source: TypeSource): FunctionTypes {
  const sourced = (value: AssignedValue): SourcedValue => ({ ...value, source });
  return {
    source,
    parameters: parameters.filter((value) => value.name !== '.dict').map(sourced),
    results: results.map(sourced),
    dictionary: neededDictionary([...parameters, ...results], parameters),
    signature: { value: signature },
  };
}

/** The dictionary, if it tells something of the values. */
function neededDictionary(
  values: readonly AssignedValue[],
  parameters: readonly AssignedValue[],
): AssignedValue | undefined {
  const isNeeded = values.some(({ dictionaryWord, genericType }) => (dictionaryWord ?? genericType) !== undefined);
  return isNeeded ? parameters.find(({ name }) => name === dictionaryParameter.name) : undefined;
}

/**
 * Code for many types has a dictionary as its first parameter, methods since Go 1.20 behind the receiver. The compiler leaves
 * out of the list whatever comes first: the dictionary, or the receiver in front of it.
 */
function withoutDictionary(
  { buildInfo }: GoBinary,
  { values, leftOut }: UntypedArguments,
  name: FunctionName,
): readonly AssignedValue[] {
  if (!name.isShaped || leftOut === 0 || (name.role !== 'function' && name.role !== 'method')) return values;
  const isFirst = name.role === 'function' || takesDictionaryFirst(buildInfo.goVersion);
  return values.toSpliced(isFirst ? 0 : leftOut, 1);
}

/** Words by the argument info, or what is there as it is; of a method the receiver's type is known by its name. */
function untyped(
  { binary, abi }: Code,
  fn: GoFunction,
  name: FunctionName,
  clues: Clues,
): Omit<FunctionTypes, 'signature'> {
  const { arch } = binary;
  const untypedWords = clues.info && untypedArguments(clues.info, clues.spills);
  const words = untypedWords && withoutDictionary(binary, untypedWords, name);
  const source = words === undefined ? 'registers' : 'arginfo';
  const frame = abi === 'stack' ? rawStack(binary.argumentBytes(fn)) : undefined;
  const hidden = hiddenPlaces({ binary, abi }, name);
  const dictionary = hidden.find((value) => value.name === dictionaryParameter.name);
  const raw = () => frame ?? rawArguments(arch, registersAtMost(name, clues.info, hidden[0]));
  const parameters = (words ?? raw())
    .filter((value) => dictionary === undefined || !isAtSamePlace(value, dictionary))
    .map((value): SourcedValue => {
      const receiver = hidden.find((own) => own !== dictionary && isAtSamePlace(own, value));
      return receiver === undefined ? { ...value, source } : { ...receiver, pieces: value.pieces, source: 'runtime' };
    });
  const results = (frame ?? rawResults(arch)).map((value) => ({ ...value, source: 'registers' as const }));
  return { source, parameters, results, dictionary: neededDictionary(parameters, hidden) };
}
