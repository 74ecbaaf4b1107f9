import type { Found, GoBinary } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import { type CaptureOp, op } from '../capture/capture-op.ts';
import { type CapturePlan, opsOf } from '../capture/capture-plan.ts';
import { type FieldHop, fieldPath } from '../capture/field-path.ts';
import type { CapturedValue, NamedShape, Shape } from '../capture/shape.ts';
import { fillOps, wordsOf } from './fill-words.ts';
import { messagesShape } from './messages.ts';
import type { PresetCapture, PresetField, PresetPath, PresetWord } from './preset.ts';
import {
  conditionShape,
  contextShape,
  defaultTextBytes,
  labelShape,
  leafShape,
  type PresetContext,
} from './preset-leaf.ts';
import { follow, shapeOfWay, structShape, type Way } from './preset-way.ts';
import { unwrap, unwrapped } from './wrappers.ts';

/** Of the semantic conventions, for an error of which nothing is known. */
const unknownType = '_OTHER';
const wordBytes = 8;

/**
 * Makes a preset's capture for one binary: types and offsets from its own type descriptors.
 * @param minImageBytes the first image is made at least that large: by its size the reader tells a probe's captures apart.
 * @returns the plan, or which type or field the binary lacks.
 */
export function compileCapture(capture: PresetCapture, context: PresetContext, minImageBytes = 0): Found<CapturePlan> {
  const fill: CaptureOp[] = [];
  const values: CapturedValue[] = [];
  let at = 0;
  for (const word of capture.words) {
    const ops = fillOps(word, at, context);
    if (ops.unavailable !== undefined) return ops;
    fill.push(...ops.value);
    const shape = wordShape(word, at, context);
    if (shape.unavailable !== undefined) return shape;
    if (shape.value !== undefined) values.push({ name: '', shape: shape.value, onStack: isOnStack(word, context) });
    at += wordsOf(word) * wordBytes;
  }
  const imageBytes = Math.max(at, minImageBytes);
  const ops = [op.image(imageBytes), ...fill, ...values.flatMap((v) => opsOf(v.shape, context.strings)), op.end()];
  return { value: { ops, shape: { imageBytes, values } } };
}

function isOnStack({ from }: PresetWord, { abi }: PresetContext): boolean {
  return abi === 'stack' && !('saved' in from);
}

/** The shape of what the word leads to; undefined for one that is only kept. */
function wordShape(word: PresetWord, at: number, context: PresetContext): Found<Shape | undefined> {
  const fields = word.fields ?? [];
  if (fields.length === 0) return { value: undefined };
  if (word.as !== undefined) {
    const inner: NamedShape[] = [];
    for (const field of fields) {
      const shapes = pairShape(field, at, context);
      if (shapes.unavailable !== undefined) return shapes;
      inner.push(...shapes.value);
    }
    return { value: structShape('', inner) };
  }
  const struct_ = structOf(word, context.binary);
  if (struct_ === undefined) {
    return { unavailable: `the program has no type ${word.implementing ?? word.types?.join(' or ')}` };
  }
  const root: Way = { pointers: new Map(), leaves: [] };
  const pointer = pointerTo(struct_);
  for (const field of fields) {
    if ('messages' in field && field.path === undefined) {
      root.leaves.push({ name: '', shape: messagesShape(at) });
      continue;
    }
    const missing = addField(root, pointer, at, field, context);
    if (missing !== undefined && !('optional' in field && field.optional)) return { unavailable: missing };
  }
  return { value: shapeOfWay(root, '') };
}

function structOf({ types = [], implementing }: PresetWord, binary: GoBinary): GoType | undefined {
  if (implementing !== undefined) {
    return binary.implementations(implementing).find(({ type }) => type.elem?.kind === 'struct')?.type.elem;
  }
  const name = types.find((candidate) => binary.runtimeType(candidate) !== undefined);
  return name === undefined ? undefined : binary.runtimeType(name);
}

/** Of a string or an interface in the image itself. */
function pairShape(field: PresetField, at: number, context: PresetContext): Found<NamedShape[]> {
  if ('text' in field) {
    const maxBytes = field.maxBytes ?? defaultTextBytes;
    const shape: Shape = {
      kind: 'text',
      type: 'STRING',
      goType: 'string',
      at,
      maxBytes,
      isBytes: false,
      raw: field.raw,
    };
    return { value: [{ name: field.text, shape }] };
  }
  if ('context' in field) return contextShape(field.context, field.fields, at, context);
  if ('label' in field) {
    return labelShape(
      field,
      at,
      { kind: 'string', name: 'string', sizeBytes: 2 * wordBytes, alignBytes: wordBytes },
      context,
    );
  }
  if ('isSet' in field) {
    const label = { kind: 'label', label: 'present', size: wordBytes, place: field.place, name: field.isSet } as const;
    return { value: [{ name: '', shape: { ...label, type: 'INTERFACE', goType: unknownType, at } }] };
  }
  if ('behind' in field) return labelsBehind(field.behind, field.fields, at, 'itab', context);
  if ('unwrap' in field) return { value: unwrapping(field, at, context) };
  if (!('dynamic' in field) && !('spread' in field)) return { unavailable: 'a path leads from a pointer' };
  const goType = 'dynamic' in field ? field.type : 'any';
  const shape: Shape = { kind: 'interface', type: 'INTERFACE', goType, at, holder: 'itab' };
  if ('dynamic' in field) return { value: [{ name: field.dynamic, shape }] };
  return { value: [{ name: 'dynamic', shape: { ...shape, spread: field.spread } }] };
}

/** What leads from the interface's second word, if it is of this type, and labels there. */
function labelsBehind(
  name: string,
  fields: readonly PresetField[],
  at: number,
  holder: 'type' | 'itab',
  { binary, ...context }: PresetContext,
): Found<NamedShape[]> {
  const found = binary.runtimeType(name.replace(/^\*/, ''));
  const typeVaddr = binary.runtimeTypeAddress(name);
  // The step has four bytes for the address.
  if (found === undefined || typeVaddr === undefined || typeVaddr >= 2 ** 32) return { value: [] };
  const root: Way = { pointers: new Map(), leaves: [] };
  for (const field of fields) {
    const missing = addField(root, pointerTo(inStruct(found)), at + wordBytes, field, { binary, ...context });
    if (missing !== undefined) return { value: [] };
  }
  const condition = { typeVaddr, holder };
  const pointers = new Map([...root.pointers].map(([place, next]) => [place, { ...next, condition }]));
  return { value: [{ name: '', shape: shapeOfWay({ ...root, pointers }, '') }] };
}

/** What is no struct as the only field of one. */
function inStruct(type: GoType): GoType {
  if (type.kind === 'struct') return type;
  const { name, sizeBytes, alignBytes } = type;
  return {
    kind: 'struct',
    name,
    sizeBytes,
    alignBytes,
    fields: [{ name: 'value', type, offsetBytes: 0, embedded: false }],
  };
}

/** For the interface at that place. */
function unwrapping(field: Extract<PresetField, { unwrap: unknown }>, at: number, { binary }: PresetContext) {
  if (typeof field.unwrap !== 'string') return unwrapped(binary, field.unwrap, at);
  const type = binary.runtimeType(field.unwrap);
  const typeVaddr = binary.runtimeTypeAddress(field.unwrap);
  const place = type && fieldPath(type.elem ?? type, field.path as string).value;
  if (type === undefined || typeVaddr === undefined || place === undefined || place.hops.length > 0) return [];
  return unwrap(type, typeVaddr, place.at, at);
}

/** Adds the field to the tree of pointers; returns the reason if the type has no such field. */
function addField(
  root: Way,
  pointer: GoType,
  rootAt: number,
  field: PresetField,
  context: PresetContext,
): string | undefined {
  if (!('path' in field) || field.path === undefined) return 'only a path leads from a pointer';
  // None were asked for.
  if ('captured' in field) return undefined;
  const place = firstPath(pointer, field.path);
  if (place.unavailable !== undefined) return place.unavailable;
  const { hops, at, type } = place.value;
  const leaf: Found<NamedShape[]> =
    'messages' in field
      ? { value: [{ name: '', shape: messagesShape(at) }] }
      : 'behind' in field
        ? labelsBehind(field.behind, field.fields, at, type.hasMethods === false ? 'type' : 'itab', context)
        : 'unwrap' in field
          ? { value: unwrapping(field, at, context) }
          : leafShape({ ...field, path: field.path }, at, type, context);
  if (leaf.unavailable !== undefined) return leaf.unavailable;
  const unless = 'unless' in field && field.unless !== undefined ? lengthWord(pointer, field.unless, hops) : undefined;
  const condition = unless === undefined ? undefined : { unless };
  const way = hops.reduce(
    (from, hop, i) =>
      follow(from, i === 0 ? { ...hop, at: hop.at + rootAt } : hop, i === hops.length - 1 ? condition : undefined),
    root,
  );
  if ('label' in field && field.ifSet !== undefined) {
    const condition = placeBeside(pointer, field.ifSet, hops);
    if (condition === undefined) return `its type has no ${field.ifSet}`;
    way.leaves.push(conditionShape(condition.at));
  }
  way.leaves.push(...leaf.value);
  if ('label' in field && field.whenNil !== undefined) addNilLabels(root, rootAt, hops, field.place, field.whenNil);
  return undefined;
}

/** What the code is if a pointer on the way to it is nil: a label beside each of them. */
function addNilLabels(root: Way, rootAt: number, hops: readonly FieldHop[], place: number, code: number): void {
  let way = root;
  hops.forEach((hop, i) => {
    const at = i === 0 ? hop.at + rootAt : hop.at;
    const shape = { kind: 'label', type: 'UINT', goType: '', label: 'nil', at, size: code + 1, place } as const;
    way.leaves.push({ name: '', shape });
    way = way.pointers.get(at)?.way ?? way;
  });
}

/** What is at the path, if that takes these pointers. */
function placeBeside(
  pointer: GoType,
  path: PresetPath,
  hops: readonly FieldHop[],
): { readonly at: number } | undefined {
  const { value } = firstPath(pointer, path);
  const isBeside = value?.hops.length === hops.length && value.hops.every(({ at }, i) => at === hops[i]?.at);
  return isBeside ? value : undefined;
}

/** Place of the string's length in the struct from which the last hop leads on. */
function lengthWord(pointer: GoType, path: string, hops: readonly FieldHop[]): number | undefined {
  const { value } = fieldPath(pointer, path);
  const isThere =
    value?.type.kind === 'string' &&
    value.hops.length === hops.length - 1 &&
    value.hops.every(({ at }, i) => at === hops[i]?.at);
  return isThere ? value.at + wordBytes : undefined;
}

/** The first path that the type has. */
export function firstPath(type: GoType, path: PresetPath) {
  const paths = typeof path === 'string' ? [path] : path;
  const found = paths.map((p) => fieldPath(type, p));
  return found.find((p) => p.unavailable === undefined) ?? found[0] ?? { unavailable: 'no path' };
}

function pointerTo(elem: GoType): GoType {
  return { kind: 'pointer', name: `*${elem.name}`, sizeBytes: wordBytes, alignBytes: wordBytes, elem };
}
