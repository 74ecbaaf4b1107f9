import { unlessDamaged } from './binary-error.ts';
import { dictionaryType } from './dictionary-type.ts';
import type { Found } from './go-binary.ts';
import type { GenericSignature, GenericType, GoType } from './go-type.ts';
import type { Image } from './image.ts';

interface RuntimeTypes {
  at(vaddr: number): Found<GoType>;
  named(name: string): GoType | undefined;
}

/** Words in front of the types: methods of type parameters, dictionaries of functions that are called. */
const maxWordsBefore = 256;
/** Types that are looked at. The first few tell the type arguments. */
const maxTypes = 32;

const placeholder = /\$(\d+)/;

/**
 * What a generic type stands for in calls with that dictionary.
 *
 * Since Go 1.22 the types in a function's dictionary begin with those of its parameters and results that depend on type
 * parameters, in order, each once, whether they have a name or not; in that of a type's methods the first is the receiver's
 * (https://github.com/golang/go/blob/go1.22.0/src/cmd/compile/internal/noder/writer.go, `funcargs`, `addLocal`,
 * `varDictIndex`). Whether a second type of the same text is the same entry or one more, the text does not tell.
 * @param dictionaryVaddr linked address
 */
export function genericType(
  image: Image,
  types: RuntimeTypes,
  dictionaryVaddr: number,
  generic: GenericType,
): Found<GoType> {
  // What takes part for types may be damaged: names are read when they are asked for.
  return (
    unlessDamaged(() => typeByDictionary(image, types, dictionaryVaddr, generic)) ?? {
      unavailable: 'a type of its dictionary is damaged',
    }
  );
}

function typeByDictionary(
  image: Image,
  types: RuntimeTypes,
  dictionaryVaddr: number,
  { template, signature }: GenericType,
): Found<GoType> {
  const words = dictionaryTypes(image, types, dictionaryVaddr);
  const typeArguments = signature.receiver === undefined ? ofFunction(words, signature) : ofMethod(words, signature);
  if (typeArguments === undefined) return { unavailable: "the types of its dictionary don't fit the signature" };
  for (const [index, { kind, sizeBytes }] of signature.typeParameters.entries()) {
    const name = typeArguments[index];
    const type = name === undefined ? undefined : typeCalled(types, words, name);
    if (type !== undefined && (type.kind !== kind || type.sizeBytes !== sizeBytes)) {
      return { unavailable: `${name} is not of the shape that the function is for` };
    }
  }
  const name = substituted(template, typeArguments);
  if (name === undefined) return { unavailable: 'its dictionary does not tell which of its types is meant' };
  const type = typeCalled(types, words, name);
  return type === undefined ? { unavailable: `the program has no descriptor of ${name}` } : { value: type };
}

function typeCalled(types: RuntimeTypes, words: readonly GoType[], name: string): GoType | undefined {
  return words.find((type) => type.name === name) ?? types.named(name);
}

/** The types that a dictionary has one after the other; maybe also what lies behind it. */
function dictionaryTypes(image: Image, types: RuntimeTypes, dictionaryVaddr: number): GoType[] {
  const found: GoType[] = [];
  for (let word = 0; found.length < maxTypes && word < maxWordsBefore + maxTypes; word++) {
    const type = dictionaryType(image, types, dictionaryVaddr, word).value;
    if (type !== undefined) found.push(type);
    else if (found.length > 0) break;
  }
  return found;
}

type TypeArguments = readonly (string | undefined)[];

function ofMethod(
  [first]: readonly GoType[],
  { receiver, typeParameters }: GenericSignature,
): TypeArguments | undefined {
  const name = first?.name.replace(/^\*/, '') ?? '';
  if (!name.startsWith(`${receiver}[`) || !name.endsWith(']')) return undefined;
  const list = splitList(name.slice(`${receiver}[`.length, -1));
  return list.length === typeParameters.length ? list : undefined;
}

function ofFunction(words: readonly GoType[], { templates }: GenericSignature): TypeArguments | undefined {
  const bound: (string | undefined)[] = [];
  const seen = new Set<string>();
  let next = 0;
  for (const template of templates) {
    if (seen.has(template)) {
      if (/^\$\d+$/.test(template)) continue;
      break;
    }
    seen.add(template);
    const word = words[next++];
    if (word === undefined || !unify(template, word.name, bound)) return undefined;
  }
  return bound;
}

/** Takes from a type's name what stands for the placeholders; false if it has another form, or other types for those bound. */
function unify(template: string, name: string, bound: (string | undefined)[]): boolean {
  let rest = name;
  let pattern = template;
  for (let match = placeholder.exec(pattern); match !== null; match = placeholder.exec(pattern)) {
    const literal = pattern.slice(0, match.index);
    if (!rest.startsWith(literal)) return false;
    rest = rest.slice(literal.length);
    pattern = pattern.slice(match.index + match[0].length);
    const text = rest.slice(0, endOfType(rest, pattern[0]));
    const index = Number(match[1]);
    if (text === '' || (bound[index] ?? text) !== text) return false;
    bound[index] = text;
    rest = rest.slice(text.length);
  }
  return rest === pattern;
}

/** Index of that character outside of brackets; the text's end if there is none, or none is wanted. */
function endOfType(text: string, wanted: string | undefined): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (depth === 0 && character === wanted) return at;
    if ('[({'.includes(character)) depth++;
    else if ('])}'.includes(character)) depth--;
  }
  return text.length;
}

/** The types of a list of type arguments: `main.ID,map[string]int`. */
export function splitList(list: string): string[] {
  const parts: string[] = [];
  for (let rest = list; rest !== ''; ) {
    const end = endOfType(rest, ',');
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end + 1);
  }
  return parts;
}

function substituted(template: string, typeArguments: TypeArguments): string | undefined {
  let complete = true;
  const name = template.replace(new RegExp(placeholder, 'g'), (_, index: string) => {
    const text = typeArguments[Number(index)];
    if (text === undefined) complete = false;
    return text ?? '';
  });
  return complete ? name : undefined;
}
