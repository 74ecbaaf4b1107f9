import type { GoType } from '../../binary/go-type.ts';
import { chunkBytes } from './capture-op.ts';
import type { MapShape, Shape } from './shape.ts';
import type { Expansion, ShapeContext } from './shape-context.ts';
import type { MapParts } from './type-facts.ts';

type Base = { readonly type: string; readonly goType: string; readonly at: number };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** More are never captured of one map: MAX_WALK_STEPS bounds the groups and entries that a walk looks at. */
const maxEntries = 32;

/**
 * Follows a map to its first entries if there is room, else leaves what stands in its place (its length alone).
 * @param take takes from the budget
 * @param shapeOf the shape of a key or value
 */
export function mapExpansion(
  base: Base,
  parts: MapParts,
  context: ShapeContext,
  otherwise: Shape,
  place: (shape: Shape) => void,
  take: (context: ShapeContext, steps: number, bytes: number) => boolean,
  shapeOf: (type: GoType, at: number, context: ShapeContext, place: (shape: Shape) => void) => Shape,
): Expansion {
  const level = context.level + 1;
  const { layout, key, value } = parts;
  const valueAt = padded(layout.keyBytes);
  const entryBytes = valueAt + padded(layout.valueBytes);
  return {
    level,
    isLate: true,
    place,
    expand(limits, budget, later) {
      const entries = Math.min(limits.elements, maxEntries);
      if (entries === 0 || !take({ ...context, budget }, 1 + entries, chunkBytes(entries * entryBytes)))
        return otherwise;
      const inner = {
        ...context,
        limits,
        budget,
        later,
        level,
        nesting: context.nesting + 1,
        float: undefined,
        times: context.times * entries,
        imageEnd: entryBytes,
      };
      const unset: Shape = { kind: 'missing', type: '', goType: '', at: 0, reason: 'not planned' };
      const map: Mutable<MapShape> = {
        ...base,
        kind: 'entries',
        maxEntries: entries,
        entryBytes,
        layout,
        keyShape: unset,
        valueShape: unset,
      };
      const placeKey = (shape: Shape) => {
        map.keyShape = shape;
      };
      const placeValue = (shape: Shape) => {
        map.valueShape = shape;
      };
      placeKey(shapeOf(key, 0, inner, placeKey));
      placeValue(shapeOf(value, valueAt, inner, placeValue));
      return map;
    },
  };
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 8) * 8;
}
