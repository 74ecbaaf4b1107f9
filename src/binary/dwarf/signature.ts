import { BinaryError } from '../binary-error.ts';
import type { Found } from '../go-binary.ts';
import type { GoParameter, GoSignature } from '../go-type.ts';
import { Attribute, Tag } from './constants.ts';
import type { DebugInfo } from './debug-info.ts';
import { dictionaryIndex, dictionaryParameter } from './dictionary.ts';
import type { FunctionIndex } from './function-index.ts';
import { parameterName } from './type-names.ts';
import type { TypeReader } from './type-reader.ts';
import type { Entry } from './unit.ts';

/** An out-of-line copy refers to the function that was inlined elsewhere, and that one to nothing further. */
const maxOrigins = 4;
/** The compiler itself allows more, but no such function can be traced in a useful way. */
const maxParameters = 1_000;

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
  if (loopBodyName.test(place.name)) {
    return {
      unavailable: 'the body of a loop over an iterator function: its parameters are not in the debug information',
    };
  }
  try {
    const entry = source.functions.find(place.entryVaddr);
    if (entry === undefined) return { unavailable: 'not in the debug information' };
    return { value: signatureOf(source, entry, place.name) };
  } catch (error) {
    // The function can be traced all the same, without its arguments.
    if (error instanceof BinaryError) return { unavailable: error.message };
    throw error;
  }
}

function signatureOf({ info, types }: SignatureSource, entry: Entry, functionName: string): GoSignature {
  const parameters = new Map<string, GoParameter>();
  const results = new Map<string, GoParameter>();
  for (const child of info.children(entry)) {
    if (child.abbreviation.tag !== Tag.formalParameter) continue;
    const origin = originOf(info, child);
    const list = info.flag(origin, Attribute.variableParameter) ? results : parameters;
    // The compiler's names are unique: without one in the source `~p0`, `~r0` … Results whose place on the stack is
    // needed for a deferred call are listed twice.
    const linkerName = info.text(origin, Attribute.name) ?? '';
    if (list.has(linkerName)) continue;
    if (list.size === maxParameters) info.failAt(entry, `a function has more than ${maxParameters} parameters`);
    list.set(linkerName, { name: parameterName(linkerName), type: types.named(origin, Attribute.type) });
  }
  const inOrder = [...parameters.values()];
  const index = dictionaryIndex(functionName, inOrder[0]?.type.name);
  if (index !== undefined) inOrder.splice(index, 0, dictionaryParameter);
  if (results.size === 0 && hasLoopBody(info, entry)) return { parameters: inOrder, results: [], resultsUnavailable };
  return { parameters: inOrder, results: [...results.values()] };
}

/**
 * The body of a loop over an iterator function is a function itself. A `return` in it sets the results of the function
 * around it, which are given names like `#rv1` for that if they have none, and variables with such names are left out of
 * the debug information (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/ssa/debug.go,
 * `IsVarWantedForDebug`).
 */
const loopBodyName = /-range\d+$/;
const resultsUnavailable =
  'a loop over an iterator function: the debug information leaves out unnamed results that are returned from within';

/** Whether a function has such loops: the variable that holds the body, or the inlined body. */
function hasLoopBody(info: DebugInfo, entry: Entry): boolean {
  for (const inner of info.descendants(entry)) {
    const { tag } = inner.abbreviation;
    if (tag === Tag.variable && info.text(originOf(info, inner), Attribute.name)?.startsWith('#yield')) return true;
    if (tag !== Tag.inlinedSubroutine) continue;
    if (loopBodyName.test(info.text(originOf(info, inner), Attribute.name) ?? '')) return true;
  }
  return false;
}

/** The entry that has the name and type: of an inlined function's copy, the abstract one's. */
function originOf(info: DebugInfo, entry: Entry): Entry {
  let origin = entry;
  for (let count = 0; ; count++) {
    const offset = info.reference(origin, Attribute.abstractOrigin);
    if (offset === undefined) return origin;
    if (count === maxOrigins) info.failAt(entry, `more than ${maxOrigins} abstract origins lead to each other`);
    origin = info.entryAt(offset);
  }
}
