import type { GoParameter } from '../go-type.ts';
import { sourceName } from './type-names.ts';

/**
 * Code for type parameters is compiled once for all types of the same shape and is told the actual types by a hidden
 * parameter, the dictionary: the first one, in methods the one behind the receiver, since Go 1.20
 * (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/noder/reader.go, `shapeSig`). Optimised code has
 * no entry for it in the debug information.
 */
export const dictionaryParameter: GoParameter = {
  name: '.dict',
  type: { kind: 'uintptr', name: 'uintptr', sizeBytes: 8, alignBytes: 8 },
};

/**
 * Whether that compiler's code takes the dictionary in front of the receiver: Go 1.18 and 1.19 (measured); later ones
 * behind it.
 * @param compiler text that has its version: `go1.19.4`, `Go cmd/compile go1.19.4; regabi`
 */
export function takesDictionaryFirst(compiler: string): boolean {
  return /\bgo1\.1[89]\b/.test(compiler);
}

/**
 * Where among the parameters the dictionary is passed; undefined if the function has none.
 * @param functionName as the linker writes it: `main.(*List[go.shape.int]).Push`.
 * @param firstTypeName type of the first parameter, if there is one.
 */
export function dictionaryIndex(functionName: string, firstTypeName: string | undefined): 0 | 1 | undefined {
  // Of generic types too the linker has functions of its own: `type:.eq.main.Pair[go.shape.int]`.
  const end = functionName.startsWith('type:') ? undefined : endOfTypeArguments(functionName);
  if (end === undefined) return undefined;
  const generic = functionName.slice(0, end);
  if (!generic.includes('go.shape.')) return undefined;
  const rest = functionName.slice(end);
  if (rest === '') return 0;
  // `(*List[…]).Push`, but neither `(*List[…]).Push.func1`, a closure, nor `(*List[…]).Push-fm`, a method value: these
  // find the dictionary among the variables that they captured.
  if (/^\)\.[^.-]+$/.test(rest)) return 1;
  // `List[…].Len` and `Map[…].func1` look the same: a method has a receiver of that type.
  return /^\.[^.-]+$/.test(rest) && firstTypeName === sourceName(generic) ? 1 : undefined;
}

/** Index behind the first bracket's end. Struct tags among the type arguments may hold brackets, in quotes. */
function endOfTypeArguments(name: string): number | undefined {
  let depth = 0;
  for (let at = name.indexOf('['); at >= 0 && at < name.length; at++) {
    const char = name[at];
    if (char === '[') depth++;
    else if (char === ']' && --depth === 0) return at + 1;
    else if (char === '"') for (at++; at < name.length && name[at] !== '"'; at++) if (name[at] === '\\') at++;
  }
  return undefined;
}
