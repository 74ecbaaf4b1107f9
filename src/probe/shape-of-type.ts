import type { GoType } from '../binary/go-type.ts';
import { chunkBytes } from './capture-op.ts';
import { type NamedShape, type Shape, shapeEnd } from './shape.ts';

/** How much of a value is captured. */
export interface CaptureLimits {
  /** Of a string or []byte. */
  readonly stringBytes: number;
  /** Of a slice or array. */
  readonly elements: number;
  /** Pointers and slices followed one after another. */
  readonly depth: number;
  /** Of a struct or array behind a pointer or on the stack. */
  readonly structBytes: number;
}

export const defaultCaptureLimits: CaptureLimits = { stringBytes: 128, elements: 8, depth: 3, structBytes: 512 };

/** What a capture may still cost in its worst case. Taken from while shapes are made. */
export interface Budget {
  steps: number;
  bytes: number;
  /** Values in one capture: more than anybody reads. */
  nodes: number;
  /** Something was refused for want of steps, bytes or nodes. */
  exceeded: boolean;
}

export interface ShapeContext {
  readonly limits: CaptureLimits;
  readonly budget: Budget;
  /** Pointers and slices that may still be followed. */
  readonly hops: number;
  /** Images that may still be nested: PLAN_DEPTH. */
  readonly nesting: number;
  /** How often this part of the plan may run: items of the enclosing slices. */
  readonly times: number;
  /** Behind an interface: no loops over arrays, because how deep they will stand is unknown. */
  readonly dynamic?: boolean | undefined;
  /** Bytes of the current image. */
  readonly imageEnd: number;
  /** Of the first image: why the bytes at that offset are not there. */
  readonly gap?: ((at: number) => string | undefined) | undefined;
}

/** Worst case taken for a value of a type that is known at run time only. */
const interfaceCost = { steps: 12, bytes: 192 };
const maxElements = 255;
const maxLabelDepth = 4;

/** The shape of a value of that type at an offset of the image. Never fails: what can't be captured says why. */
export function shapeOfType(type: GoType, at: number, context: ShapeContext): Shape {
  const base = { type: kindLabel(type), goType: type.name, at };
  if (context.budget.nodes <= 0) {
    context.budget.exceeded = true;
    return { ...base, kind: 'missing', reason: noRoom };
  }
  context.budget.nodes -= 1;
  const gap = isScalar(type) ? context.gap?.(at) : undefined;
  if (gap !== undefined) return { ...base, kind: 'missing', reason: gap };
  if (type.kind !== 'struct' && type.kind !== 'array' && at + type.sizeBytes > context.imageEnd) {
    return { ...base, kind: 'missing', reason: `beyond the first ${context.limits.structBytes} bytes` };
  }
  const { sizeBytes } = type;
  switch (type.kind) {
    case 'bool':
      return { ...base, kind: 'bool', sizeBytes };
    case 'float32':
    case 'float64':
      return { ...base, kind: 'float', sizeBytes };
    case 'complex64':
    case 'complex128':
      return { ...base, kind: 'complex', sizeBytes };
    case 'unsafe.Pointer':
      return { ...base, kind: 'address', sizeBytes };
    case 'string':
      return textShape(base, context, false);
    case 'struct':
      return structShape(type, base, context);
    case 'array':
      return arrayShape(type, base, context);
    case 'slice':
      return sliceShape(type, base, context);
    case 'pointer':
      return pointerShape(type, base, context);
    case 'map':
    case 'func':
      return take(context, 2, chunkBytes(8)) ? { ...base, kind: type.kind } : unfollowed(base, noRoom);
    case 'chan':
      return take(context, 2, chunkBytes(16)) ? { ...base, kind: 'chan' } : unfollowed(base, noRoom);
    case 'interface':
      if (!take(context, 1 + interfaceCost.steps, chunkBytes(8) + interfaceCost.bytes)) return unfollowed(base, noRoom);
      return { ...base, kind: 'interface', hasItab: type.hasMethods !== false };
    default:
      return { ...base, kind: 'integer', sizeBytes, signed: type.kind.startsWith('int') };
  }
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
  if (isTime(type) && base.at + type.sizeBytes <= context.imageEnd && context.gap?.(base.at) === undefined) {
    return { ...base, kind: 'time', sizeBytes: type.sizeBytes };
  }
  const fields: NamedShape[] = [];
  for (const field of type.fields ?? []) {
    // Blank fields are padding; Go code can't read them either.
    if (field.name === '_') continue;
    fields.push({ name: field.name, shape: shapeOfType(field.type, base.at + field.offsetBytes, context) });
    if (context.budget.nodes <= 0) break;
  }
  return { ...base, kind: 'struct', fields };
}

function arrayShape(type: GoType, base: Base, context: ShapeContext): Shape {
  const { elem, length = 0 } = type;
  if (elem === undefined) return { ...base, kind: 'missing', reason: 'type of its elements unknown' };
  const room = elem.sizeBytes === 0 ? length : Math.floor((context.imageEnd - base.at) / elem.sizeBytes);
  const items = Math.max(0, Math.min(length, context.limits.elements, maxElements, room));
  const mark = { ...context.budget };
  const item = shapeOfType(elem, 0, {
    ...context,
    nesting: context.nesting - 1,
    times: context.times * Math.max(1, items),
    imageEnd: elem.sizeBytes,
    gap: context.gap && ((at) => context.gap?.(base.at + at)),
  });
  // The loop's own steps, if there is a loop.
  const spent = mark.steps - context.budget.steps;
  if (spent > 0 && context.dynamic) return { ...base, kind: 'missing', reason: 'array behind an interface' };
  if (spent > 0 && (context.nesting <= 0 || !take(context, 1 + items, 0))) {
    return { ...base, kind: 'missing', reason: noRoom };
  }
  return { ...base, kind: 'array', length, items, itemBytes: elem.sizeBytes, item };
}

function sliceShape(type: GoType, base: Base, context: ShapeContext): Shape {
  const { elem } = type;
  if (elem === undefined) return { ...base, kind: 'missing', reason: 'type of its elements unknown' };
  if (elem.kind === 'uint8') return textShape(base, context, true);
  const itemBytes = elem.sizeBytes;
  const room = itemBytes === 0 ? maxElements : Math.floor((2 * context.limits.structBytes) / itemBytes);
  const wanted = Math.min(context.limits.elements, maxElements, room);
  const empty: Shape = {
    ...base,
    kind: 'slice',
    maxItems: 0,
    itemBytes,
    item: { type: kindLabel(elem), goType: elem.name, at: 0, kind: 'missing', reason: 'not captured' },
  };
  if (context.hops <= 0 || context.nesting <= 0 || wanted <= 0 || itemBytes === 0) return empty;
  if (!take(context, 1 + wanted, chunkBytes(wanted * itemBytes))) return empty;
  const item = shapeOfType(elem, 0, {
    ...context,
    hops: context.hops - 1,
    nesting: context.nesting - 1,
    times: context.times * wanted,
    imageEnd: itemBytes,
    gap: undefined,
  });
  return { ...base, kind: 'slice', maxItems: wanted, itemBytes, item };
}

function pointerShape(type: GoType, base: Base, context: ShapeContext): Shape {
  const { elem } = type;
  if (elem === undefined || elem.sizeBytes === 0) return { ...base, kind: 'address', sizeBytes: 8 };
  if (context.hops <= 0 || context.nesting <= 0) return unfollowed(base, 'deeper than the capture goes');
  const captured = Math.min(elem.sizeBytes, context.limits.structBytes);
  if (!take(context, 2, chunkBytes(captured))) return unfollowed(base, noRoom);
  const target = shapeOfType(elem, 0, {
    ...context,
    hops: context.hops - 1,
    nesting: context.nesting - 1,
    imageEnd: captured,
    gap: undefined,
  });
  const sizeBytes = shapeEnd(target);
  if (sizeBytes === 0) {
    if (target.kind === 'missing') return unfollowed(base, target.reason);
    const hasFields = target.kind === 'struct' && target.fields.length > 0;
    return hasFields ? unfollowed(base, noRoom) : { ...base, kind: 'address', sizeBytes: 8 };
  }
  return { ...base, kind: 'pointer', sizeBytes, target };
}

function isScalar(type: GoType): boolean {
  return type.kind !== 'struct' && type.kind !== 'array';
}

function isTime(type: GoType): boolean {
  return type.name === 'time.Time' && type.sizeBytes === 24 && type.fields?.[0]?.name === 'wall';
}

/** Value.type: the kind in upper case; `[]STRING`, `[4]INT`. */
export function kindLabel(type: GoType, depth = 0): string {
  // `type T []T` has no end.
  const elem = () => (type.elem && depth < maxLabelDepth ? kindLabel(type.elem, depth + 1) : '…');
  switch (type.kind) {
    case 'slice':
      return `[]${elem()}`;
    case 'array':
      return `[${type.length ?? '?'}]${elem()}`;
    case 'pointer':
    case 'unsafe.Pointer':
      return 'PTR';
    case 'uintptr':
      return 'UINT';
    default:
      return type.kind.replace(/\d+$/, '').toUpperCase();
  }
}
