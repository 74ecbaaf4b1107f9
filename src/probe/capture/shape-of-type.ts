import type { GoType } from '../../binary/go-type.ts';
import { redacted } from '../../redaction/redaction.ts';
import { chunkBytes, planLimits } from './capture-op.ts';
import { kindLabel } from './kind-label.ts';
import { mapExpansion } from './map-shape.ts';
import { isReflected } from './reflect-value.ts';
import {
  type ArrayShape,
  hasOps,
  type InterfaceShape,
  inFloatRegister,
  type KnownFloat,
  type NamedShape,
  type PointerShape,
  type Shape,
  type SliceShape,
  shapeEnd,
} from './shape.ts';
import type { ShapeContext } from './shape-context.ts';
import { shownFields } from './shown-fields.ts';
import { isHidden } from './type-facts.ts';
import { isByte, isPlain, isScalar, isTime } from './type-form.ts';

/** Worst case taken for a value of a type that is known at run time only. */
const interfaceCost = { steps: 12, bytes: 192 };
const maxElements = 255;
/** Images nested in a function's own plan; the rest of PLAN_DEPTH is for dynamic types. */
const maxNesting = planLimits.planDepth - 2;

/**
 * The shape of a value of that type at an offset of the image. Never fails: what can't be captured says why. Pointers and
 * slices are handed to `later`.
 * @param place puts another shape in place of the one returned.
 */
export function shapeOfType(type: GoType, at: number, context: ShapeContext, place: (shape: Shape) => void): Shape {
  const base = { type: kindLabel(type), goType: type.name, at };
  if (context.budget.nodes <= 0) {
    context.budget.exceeded = true;
    return { ...base, kind: 'missing', reason: noRoom };
  }
  context.budget.nodes -= 1;
  const known = isScalar(type) ? knownFloat(type, at, context) : undefined;
  if (known === 'unknown') return { ...base, kind: 'missing', reason: inFloatRegister };
  // Of a larger struct or array some fields or items may lie within.
  const isWhole = isScalar(type) || isTime(type);
  if (isWhole && at + type.sizeBytes > context.imageEnd) {
    return { ...base, kind: 'missing', reason: `beyond the first ${context.limits.structBytes} bytes` };
  }
  const { sizeBytes } = type;
  switch (type.kind) {
    case 'word':
      return { ...base, kind: 'word', sizeBytes };
    case 'bool':
      return { ...base, kind: 'bool', sizeBytes };
    case 'float32':
    case 'float64':
      return { ...base, kind: 'float', sizeBytes, known };
    case 'complex64':
    case 'complex128':
      return { ...base, kind: 'complex', sizeBytes, known };
    case 'unsafe.Pointer':
      return { ...base, kind: 'address', sizeBytes };
    case 'string':
      return textShape(base, context, false);
    case 'struct':
      return structShape(type, base, context);
    case 'array':
      return arrayShape(type, base, context);
    case 'slice':
      return sliceShape(type, base, context, place);
    case 'pointer':
      return pointerShape(type, base, context, place);
    case 'map': {
      if (!take(context, 2, chunkBytes(8))) return unfollowed(base, noRoom);
      const length = { ...base, kind: 'map' } as const;
      const parts = context.limits.elements > 0 && mayFollow(context) ? context.facts.mapParts?.(type) : undefined;
      if (parts !== undefined) context.later(mapExpansion(base, parts, context, length, place, take, shapeOfType));
      return length;
    }
    case 'func':
      return take(context, 2, chunkBytes(8)) ? { ...base, kind: 'func' } : unfollowed(base, noRoom);
    case 'chan':
      return take(context, 2, chunkBytes(16)) ? { ...base, kind: 'chan' } : unfollowed(base, noRoom);
    case 'interface':
      if (!take(context, 1 + interfaceCost.steps, chunkBytes(8) + interfaceCost.bytes)) return unfollowed(base, noRoom);
      return { ...base, kind: 'interface', holder: holderOf(type) };
    default:
      return { ...base, kind: 'integer', sizeBytes, signed: type.kind.startsWith('int') };
  }
}

function holderOf(type: GoType): InterfaceShape['holder'] {
  if (isReflected(type)) return 'reflected';
  return type.hasMethods === false ? 'type' : 'itab';
}

/** Complex numbers are two floats. */
function knownFloat(
  { kind, sizeBytes }: GoType,
  at: number,
  context: ShapeContext,
): KnownFloat | 'unknown' | undefined {
  const first = context.float?.(at);
  const second = kind.startsWith('complex') ? context.float?.(at + sizeBytes / 2) : first;
  if (typeof first !== 'object' || typeof second !== 'object') return first === 'unknown' ? first : second;
  return { at: first.at, bits: first.bits | second.bits };
}

/** As seen from an image that begins there. */
function relative(known: KnownFloat | 'unknown' | undefined, start: number): KnownFloat | 'unknown' | undefined {
  return typeof known === 'object' ? { at: known.at - start, bits: known.bits } : known;
}

/** The shape of a parameter or field: missing where its name says that it is secret. */
export function shapeOfNamed(
  { name, type }: { readonly name: string; readonly type: GoType },
  at: number,
  context: ShapeContext,
  place: (shape: Shape) => void,
): Shape {
  if (!isHidden(name, type, context.facts)) return shapeOfType(type, at, context, place);
  return { type: kindLabel(type), goType: type.name, at, kind: 'missing', reason: redacted };
}

type Base = { readonly type: string; readonly goType: string; readonly at: number };

const noRoom = 'no room left in the capture';

function unfollowed(base: Base, reason: string): Shape {
  return { ...base, kind: 'unfollowed', reason };
}

function take({ budget, times }: ShapeContext, steps: number, bytes: number): boolean {
  if (steps * times > budget.steps || bytes * times > budget.bytes) {
    budget.exceeded = true;
    return false;
  }
  budget.steps -= steps * times;
  budget.bytes -= bytes * times;
  return true;
}

function textShape(base: Base, context: ShapeContext, isBytes: boolean): Shape {
  const maxBytes = context.limits.stringBytes;
  if (!take(context, 1, chunkBytes(maxBytes))) return { ...base, kind: 'missing', reason: noRoom };
  return { ...base, kind: 'text', maxBytes, isBytes };
}

function structShape(type: GoType, base: Base, context: ShapeContext): Shape {
  if (isTime(type)) return { ...base, kind: 'time', sizeBytes: type.sizeBytes };
  const fields: NamedShape[] = [];
  // Blank fields are padding; Go code can't read them either.
  const shown = shownFields(type).filter(({ name }) => name !== '_');
  for (const [index, field] of shown.entries()) {
    if (context.budget.nodes <= 0) {
      fields.push(leftOut(shown.length - index, base.at));
      break;
    }
    const place = (shape: Shape) => {
      fields[index] = { name: field.name, shape };
    };
    place(shapeOfNamed(field, base.at + field.offsetBytes, context, place));
  }
  return { ...base, kind: 'struct', fields };
}

/** In place of the last fields of a struct, which may have thousands. */
function leftOut(count: number, at: number): NamedShape {
  const reason = `${count} more ${count === 1 ? 'field' : 'fields'}: ${noRoom}`;
  return { name: '…', shape: { kind: 'missing', type: '', goType: '', at, reason } };
}

function arrayShape(type: GoType, base: Base, context: ShapeContext): Shape {
  const { elem, length = 0 } = type;
  if (elem === undefined) return { ...base, kind: 'missing', reason: 'type of its elements unknown' };
  const room = elem.sizeBytes === 0 ? length : Math.floor((context.imageEnd - base.at) / elem.sizeBytes);
  // Bytes are shown as a text or hex: as many as of a []byte.
  const most = isByte(elem) ? context.limits.stringBytes : Math.min(context.limits.elements, maxElements);
  const items = Math.max(0, Math.min(length, most, room));
  const inner: ShapeContext = {
    ...context,
    nesting: context.nesting + 1,
    times: context.times * Math.max(1, items),
    imageEnd: elem.sizeBytes,
    float: context.float && ((at) => relative(context.float?.(base.at + at), base.at)),
    later: context.dynamic ? () => {} : context.later,
  };
  let array: Mutable<ArrayShape> | undefined;
  const item = shapeOfType(elem, 0, inner, (shape) => {
    if (array !== undefined) array.item = shape;
  });
  if (!isPlain(elem)) {
    // A loop that runs the ops of every item.
    const refused = context.dynamic ? hasOps(item) : context.nesting >= maxNesting;
    if (refused) return { ...base, kind: 'missing', reason: 'too deep for its items to be read' };
    if (!take(context, 1 + items, 0)) return { ...base, kind: 'missing', reason: noRoom };
  }
  array = { ...base, kind: 'array', length, items, itemBytes: elem.sizeBytes, item };
  return array;
}

function sliceShape(type: GoType, base: Base, context: ShapeContext, place: (shape: Shape) => void): Shape {
  const { elem } = type;
  if (elem === undefined) return { ...base, kind: 'missing', reason: 'type of its elements unknown' };
  if (isByte(elem)) return textShape(base, context, true);
  const itemBytes = elem.sizeBytes;
  const noItem = { type: kindLabel(elem), goType: elem.name, at: 0, kind: 'missing', reason: 'not captured' } as const;
  const empty: Shape = { ...base, kind: 'slice', maxItems: 0, itemBytes, item: noItem };
  const room = itemBytes === 0 ? 0 : Math.floor((2 * context.limits.structBytes) / itemBytes);
  if (room === 0 || context.limits.elements === 0 || !mayFollow(context)) return empty;
  const level = context.level + 1;
  context.later({
    level,
    place,
    expand(limits, budget, later) {
      const maxItems = Math.min(limits.elements, maxElements, room);
      if (!take({ ...context, budget }, 1 + maxItems, chunkBytes(maxItems * itemBytes))) return empty;
      const inner = { ...context, limits, budget, later, level, nesting: context.nesting + 1, float: undefined };
      const slice: Mutable<SliceShape> = { ...base, kind: 'slice', maxItems, itemBytes, item: noItem };
      const placeItem = (shape: Shape) => {
        slice.item = shape;
      };
      placeItem(shapeOfType(elem, 0, { ...inner, times: context.times * maxItems, imageEnd: itemBytes }, placeItem));
      return slice;
    },
  });
  return empty;
}

function pointerShape(type: GoType, base: Base, context: ShapeContext, place: (shape: Shape) => void): Shape {
  const { elem } = type;
  if (elem === undefined || elem.sizeBytes === 0) return { ...base, kind: 'address', sizeBytes: 8 };
  if (!mayFollow(context)) return unfollowed(base, 'deeper than the capture goes');
  const level = context.level + 1;
  const imageEnd = Math.min(elem.sizeBytes, context.limits.structBytes);
  context.later({
    level,
    place,
    expand(limits, budget, later) {
      if (!take({ ...context, budget }, 2, chunkBytes(imageEnd))) return unfollowed(base, noRoom);
      const inner = {
        ...context,
        limits,
        budget,
        later,
        level,
        nesting: context.nesting + 1,
        float: undefined,
        imageEnd,
      };
      let pointer: Mutable<PointerShape> | undefined;
      const target = shapeOfType(elem, 0, inner, (shape) => {
        if (pointer !== undefined) pointer.target = shape;
      });
      const sizeBytes = shapeEnd(target);
      if (sizeBytes === 0) return pointerToNothing(base, target);
      pointer = { ...base, kind: 'pointer', sizeBytes, target };
      return pointer;
    },
  });
  return unfollowed(base, noRoom);
}

/** Nothing of the target is read: it has no fields, or none within the limits. */
function pointerToNothing(base: Base, target: Shape): Shape {
  if (target.kind === 'missing') return unfollowed(base, target.reason);
  const hasFields = target.kind === 'struct' && target.fields.length > 0;
  return hasFields ? unfollowed(base, noRoom) : { ...base, kind: 'address', sizeBytes: 8 };
}

function mayFollow({ level, nesting, limits }: ShapeContext): boolean {
  return level < limits.depth && nesting < maxNesting;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
