import { BinaryError } from '../binary-error.ts';
import { maxDictionaryWords } from '../dictionary-type.ts';
import type { Found } from '../go-binary.ts';
import type { GoParameter, GoSignature } from '../go-type.ts';
import { Attribute, Tag } from './constants.ts';
import type { DebugInfo } from './debug-info.ts';
import { dictionaryIndex, dictionaryParameter, takesDictionaryFirst } from './dictionary.ts';
import type { FunctionIndex } from './function-index.ts';
import { loopBodyName, whyNoResults } from './loop-body.ts';
import { parameterName } from './type-names.ts';
import type { TypeReader } from './type-reader.ts';
import type { Entry } from './unit.ts';

/** Longer ones are not from a compiler. */
const maxIdentifierBytes = 4096;
/** The compiler itself allows more, but no such function can be traced in a useful way. */
const maxParameters = 1_000;

const loopBody = 'the body of a loop over an iterator function: not all of its parameters are in the debug information';

/**
 * Go 1.17 with its register ABI, the first one, forgot the results that have no name, or whose name isn't used, and so the
 * places of the others (measured; 1.16 and 1.18 have them, and so has 1.17 without optimization, `-N`).
 */
const forgetfulProducer = /\bgo1\.17\b(?!.* -N\b).*\bregabi\b/;

/** By unit: asked several times for each of its functions. */
const producers = new WeakMap<Entry['unit'], string>();

function producerOf(info: DebugInfo, { unit }: Entry): string {
  let producer = producers.get(unit);
  if (producer === undefined) {
    producer = info.text(info.entryAt(unit.entriesOffset), Attribute.producer) ?? '';
    producers.set(unit, producer);
  }
  return producer;
}

/** Up to Go 1.17 results without a name, or a blank one, are numbered on from the parameters: `~r3` and `~b3` follow three. */
const continuousProducer = /\bgo1\.(?:\d|1[0-7])(?:\.|\b)/;

function parameterCount(info: DebugInfo, entry: Entry, results: Iterable<string>): number | undefined {
  const [first] = [...results].flatMap((name) => /^~[rb](\d+)$/.exec(name)?.[1] ?? []);
  return first !== undefined && continuousProducer.test(producerOf(info, entry)) ? Number(first) : undefined;
}

function unlistedResults(info: DebugInfo, entry: Entry): string | undefined {
  return forgetfulProducer.test(producerOf(info, entry))
    ? 'Go 1.17 leaves results out of the debug information'
    : undefined;
}

/** A function as the caller knows it from pclntab. */
export interface FunctionPlace {
  readonly name: string;
  readonly entryVaddr: number;
  readonly isAssembly?: boolean | undefined;
}

export interface SignatureSource {
  readonly info: DebugInfo;
  readonly functions: FunctionIndex;
  readonly types: TypeReader;
}

/**
 * Parameters and results in the order of the source, which is the one that the ABI passes them in: Go's compiler sorts
 * them so, also those that were optimised away or are unused, unnamed or `_`
 * (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/dwarfgen/dwarf.go, `sortDeclsAndVars`).
 */
export function readSignature(source: SignatureSource, place: FunctionPlace): Found<GoSignature> {
  if (place.isAssembly) return { unavailable: 'written in assembly: its parameters are not in the debug information' };
  if (loopBodyName.test(place.name)) return { unavailable: loopBody };
  try {
    const entry = source.functions.find(place.entryVaddr);
    if (entry === undefined) return { unavailable: 'not in the debug information' };
    return { value: signatureOf(source, entry) };
  } catch (error) {
    // The function can be traced all the same, without its arguments.
    if (error instanceof BinaryError) return { unavailable: error.message };
    throw error;
  }
}

function signatureOf({ info, types }: SignatureSource, entry: Entry): GoSignature {
  const parameters = new Map<string, GoParameter>();
  const results = new Map<string, GoParameter>();
  // Not the caller's name: where the runtime prints it, it has `[...]` for the type arguments.
  const functionName = info.text(info.originOf(entry), Attribute.name) ?? '';
  const isShaped = functionName.includes('go.shape.');
  for (const child of info.children(entry, Tag.formalParameter)) {
    const origin = info.originOf(child);
    const list = info.flag(origin, Attribute.variableParameter) ? results : parameters;
    // The compiler's names are unique: without one in the source `~p0`, `~r0` … Results whose place on the stack is
    // needed for a deferred call are listed twice.
    const linkerName = info.text(origin, Attribute.name, maxIdentifierBytes) ?? '';
    if (list.has(linkerName)) continue;
    if (list.size === maxParameters) info.failAt(entry, `a function has more than ${maxParameters} parameters`);
    const parameter = { name: parameterName(linkerName), type: types.named(origin, Attribute.type) };
    const dictionaryWord = isShaped ? dictionaryWordOf(info, origin) : undefined;
    list.set(linkerName, dictionaryWord === undefined ? parameter : { ...parameter, dictionaryWord });
  }
  // Where it is listed, it may be at the end (Go 1.27).
  const dictionary = parameters.get(dictionaryParameter.name) ?? dictionaryParameter;
  const inOrder = [...parameters.values()].filter((parameter) => parameter !== dictionary);
  const index = dictionaryIndex(functionName, inOrder[0]?.type.name);
  const isFirst = index === 1 && takesDictionaryFirst(producerOf(info, entry));
  if (index !== undefined) inOrder.splice(isFirst ? 0 : index, 0, dictionary);
  const unlisted = unlistedResults(info, entry);
  if (results.size > 0 && unlisted === undefined) {
    const count = parameterCount(info, entry, results.keys());
    const listed = { parameters: inOrder, results: [...results.values()] };
    return count === undefined ? listed : { ...listed, parameterCount: count };
  }
  const unavailable = whyNoResults(info, entry) ?? unlisted;
  if (unavailable !== undefined) return { parameters: inOrder, results: [], resultsUnavailable: unavailable };
  return { parameters: inOrder, results: [] };
}

/**
 * The type of a parameter that depends on type parameters is a typedef of its own, with the place of the real type in the
 * dictionary (https://github.com/golang/go/blob/go1.26.0/src/cmd/internal/dwarf/dwarf.go, `DW_AT_go_dict_index`).
 */
function dictionaryWordOf(info: DebugInfo, parameter: Entry): number | undefined {
  const offset = info.reference(parameter, Attribute.type);
  const entry = offset === undefined ? undefined : info.entryAt(offset);
  if (entry?.abbreviation.tag !== Tag.typedef) return undefined;
  const word = info.number(entry, Attribute.goDictIndex);
  return word !== undefined && word >= 0 && word < maxDictionaryWords ? word : undefined;
}
