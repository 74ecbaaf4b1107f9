import { type PointerCondition, wordsAtOnce } from '../capture/capture-op.ts';
import type { FieldHop } from '../capture/field-path.ts';
import { type NamedShape, type Shape, shapeEnd } from '../capture/shape.ts';

const wordBytes = 8;

/** What is read of one image, and the pointers in it that lead on. */
export interface Way {
  readonly pointers: Map<
    number,
    { readonly goType: string; readonly way: Way; readonly condition: PointerCondition | undefined }
  >;
  readonly leaves: NamedShape[];
}

/** What a pointer there leads to; `condition`: when it is followed. */
export function follow(from: Way, hop: FieldHop, condition: PointerCondition | undefined): Way {
  let next = from.pointers.get(hop.at);
  if (next === undefined) {
    next = { goType: hop.type.name, way: { pointers: new Map(), leaves: [] }, condition };
    from.pointers.set(hop.at, next);
  }
  return next.way;
}

/** The image's leaves first, then the pointers: captures read best in the order of their fields. */
export function shapeOfWay(way: Way, goType: string): Shape {
  return structShape(goType, [...way.leaves, ...pointerShapes(way)]);
}

/** Of what a pointer leads to only the words that some field lies in are sent: a record costs by its bytes. */
function pointerShapes(way: Way): NamedShape[] {
  return [...way.pointers].map(([at, next]): NamedShape => {
    const leaves = next.way.leaves;
    const scalars = leaves.filter(({ shape }) => wordOf(shape) !== undefined);
    const others = leaves.filter(({ shape }) => wordOf(shape) === undefined);
    const headers = leadsToDecision(others);
    const pointers = pointerShapes(next.way);
    // Seldom followed. Before the words, as the interpreter takes both and what comes then in one turn.
    const seldom = pointers.filter(({ shape }) => shape.kind === 'pointer' && shape.condition !== undefined);
    const target = structShape(next.goType, [
      ...headers,
      ...seldom,
      ...wordsShapes(scalars),
      ...others.filter((leaf) => !headers.includes(leaf)),
      ...pointers.filter((pointer) => !seldom.includes(pointer)),
    ]);
    const sizeBytes = shapeEnd(target);
    return {
      name: '',
      shape: {
        kind: 'pointer',
        type: 'PTR',
        goType: next.goType,
        at,
        sizeBytes,
        target,
        unsent: true,
        condition: next.condition,
      },
    };
  });
}

/** What is looked up with a traceparent: by that it is decided whether all else is read. */
function leadsToDecision(leaves: readonly NamedShape[]): readonly NamedShape[] {
  if (!leaves.some(({ shape }) => shape.kind === 'traceparent')) return [];
  return leaves.filter(({ shape }) => shape.kind === 'traceparent' || shape.kind === 'header');
}

/** Offset of the word in which the value lies; undefined for one with chunks of its own, or that spans words. */
function wordOf(shape: Shape): number | undefined {
  if (shape.kind !== 'integer' && shape.kind !== 'bool' && shape.kind !== 'present') return undefined;
  const word = shape.at - (shape.at % wordBytes);
  return shape.at + shape.sizeBytes <= word + wordBytes ? word : undefined;
}

function wordsShapes(scalars: readonly NamedShape[]): NamedShape[] {
  const offsets = [...new Set(scalars.map(({ shape }) => wordOf(shape) ?? 0))].sort((a, b) => a - b);
  const groups: NamedShape[] = [];
  for (let first = 0; first < offsets.length; first += wordsAtOnce) {
    const own = offsets.slice(first, first + wordsAtOnce);
    const fields = scalars.flatMap(({ name, shape }): NamedShape[] => {
      const index = own.indexOf(wordOf(shape) ?? -1);
      return index < 0 ? [] : [{ name, shape: { ...shape, at: index * wordBytes + (shape.at % wordBytes) } }];
    });
    groups.push({ name: '', shape: { kind: 'words', type: 'STRUCT', goType: '', at: 0, offsets: own, fields } });
  }
  return groups;
}

export function structShape(goType: string, fields: readonly NamedShape[]): Shape {
  return { kind: 'struct', type: 'STRUCT', goType, at: 0, fields };
}
