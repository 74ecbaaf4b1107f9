import type { GoType } from '../../binary/go-type.ts';
import type { AssignedValue, Piece } from '../code/register-assignment.ts';
import { type CaptureOp, chunkBytes, op, planLimits } from './capture-op.ts';
import { type CapturePlan, opsOf, type StringTable } from './capture-plan.ts';
import { floatParts } from './float-plan.ts';
import { kindLabel } from './kind-label.ts';
import type { CapturedFloats, CapturedValue, KnownFloat, Shape } from './shape.ts';
import type { Budget, CaptureLimits } from './shape-context.ts';
import { shapeOfNamed } from './shape-of-type.ts';
import { planShapes } from './shape-planner.ts';
import { isHidden, type TypeFacts } from './type-facts.ts';
import { isByte } from './type-form.ts';

/** Values in one capture. */
const maxNodes = 1000;

/**
 * The plan that captures parameters at entry or results at a RET.
 *
 * First every value without following pointers, then what they point to, level by level, while the whole stays within
 * PLAN_STEPS and CAPTURE_BYTES in its worst case. What finds no room says so.
 * @param readableFloats parts in float registers (float-plan.ts) that some site fills in
 * @param dictionary of generic code: its address is captured too, and no value
 */
export function planValues(
  values: readonly AssignedValue[],
  limits: CaptureLimits,
  strings: StringTable,
  facts: TypeFacts = {},
  readableFloats: ReadonlySet<number> = new Set(),
  dictionary?: AssignedValue,
): CapturePlan {
  const placed = place(values, limits, facts, readableFloats, dictionary);
  const { ops: fill, floats } = placed;
  const budget: Budget = {
    steps: planLimits.planSteps - fill.length - 2 - (floats === undefined ? 0 : 1 + floats.parts.length),
    bytes: Math.min(limits.captureBytes, planLimits.captureBytes) - chunkBytes(placed.imageBytes),
    nodes: maxNodes,
    exceeded: false,
  };
  const shapes = shapesOf(placed, limits, facts, budget);
  const captured: CapturedValue[] = placed.values.map(({ value, onStack }, i) => ({
    name: displayName(value.name),
    shape: shapes[i] ?? missing(value),
    ...(value.dictionaryWord === undefined ? {} : { dictionaryWord: value.dictionaryWord }),
    ...(value.genericType === undefined ? {} : { genericType: value.genericType }),
    // A float of a result may be copied from anywhere.
    onStack: onStack || (floats !== undefined && floatParts([value]).length > 0),
  }));
  const { dictionaryAt } = placed;
  const needed = dictionaryAt !== undefined || captured.some(({ shape }) => shape.kind !== 'missing');
  if (!needed || placed.imageBytes === 0) return { ops: [], shape: { imageBytes: 0, values: captured } };
  const ops = [op.image(placed.imageBytes), ...fill, ...shapes.flatMap((s) => opsOf(s, strings)), op.end()];
  return { ops, shape: { imageBytes: placed.imageBytes, values: captured, dictionaryAt, floats } };
}

interface Placed {
  readonly values: readonly PlacedValue[];
  readonly ops: readonly CaptureOp[];
  readonly imageBytes: number;
  readonly dictionaryAt: number | undefined;
  readonly floats: CapturedFloats | undefined;
}

interface PlacedValue {
  readonly value: AssignedValue;
  readonly at: number;
  readonly imageEnd: number;
  readonly onStack: boolean;
}

/**
 * Lays the values out in the first image, and the ops which fill it. Those in registers come first: they always fit, and
 * large ones on the stack share what is left.
 */
function place(
  values: readonly AssignedValue[],
  limits: CaptureLimits,
  facts: TypeFacts,
  readableFloats: ReadonlySet<number>,
  dictionary: AssignedValue | undefined,
): Placed {
  const mostBytes = Math.min(planLimits.imageBytes, limits.captureBytes - chunkBytes(0)) & ~7;
  let imageBytes = 0;
  const ops: CaptureOp[] = [];
  const placed: PlacedValue[] = [];
  const parts: Mutable<CapturedFloats['parts']> = [];
  let part = 0;
  let knownAt = 0;
  const all = dictionary === undefined ? values : [...values, dictionary];
  const isOnStack = ({ pieces }: AssignedValue) => pieces.some((piece) => 'stackOffset' in piece);
  for (const wantStack of [false, true]) {
    for (const [i, value] of all.entries()) {
      const onStack = isOnStack(value);
      if (onStack !== wantStack) continue;
      const isHiddenValue = value !== dictionary && isHidden(value.name, value.type, facts);
      if (isHiddenValue || value.unavailable !== undefined) {
        placed[i] = { value, at: imageBytes, imageEnd: imageBytes, onStack };
        part += floatParts([value]).length;
        continue;
      }
      const at = imageBytes;
      const room = Math.min(limits.structBytes, mostBytes - at);
      const sizeBytes = onStack ? Math.min(bytesToShow(value.type, limits), room) : value.type.sizeBytes;
      imageBytes = Math.ceil((at + sizeBytes) / 8) * 8;
      placed[i] = { value, at, imageEnd: at + sizeBytes, onStack };
      for (const piece of value.pieces) {
        const fill = fillOp(piece, at, sizeBytes);
        if (fill) ops.push(fill);
        if (!('floatRegister' in piece)) continue;
        if (readableFloats.has(part)) parts.push({ part, at: at + piece.at, sizeBytes: piece.sizeBytes });
        part += 1;
      }
    }
    if (!wantStack && parts.length > 0) {
      knownAt = imageBytes;
      imageBytes += 8;
    }
  }
  const address = placed[values.length];
  return {
    values: placed.slice(0, values.length),
    ops,
    imageBytes,
    dictionaryAt: address && address.imageEnd - address.at >= 8 ? address.at : undefined,
    floats: parts.length > 0 ? { knownAt, parts } : undefined,
  };
}

type Mutable<T> = T extends readonly (infer Item)[] ? Item[] : never;

/** Of an array the items that are shown. */
function bytesToShow(type: GoType, limits: CaptureLimits): number {
  if (type.kind !== 'array' || type.elem === undefined) return type.sizeBytes;
  const most = isByte(type.elem) ? limits.stringBytes : limits.elements;
  return Math.min(type.length ?? 0, most) * type.elem.sizeBytes;
}

function fillOp(piece: Piece, at: number, sizeBytes: number): CaptureOp | undefined {
  if ('register' in piece) return op.register(piece.register, at + piece.at, piece.sizeBytes);
  if ('stackOffset' in piece && sizeBytes > 0)
    return op.stack(at + piece.at, Math.min(piece.sizeBytes, sizeBytes), piece.stackOffset);
  return undefined;
}

function shapesOf({ values, floats }: Placed, limits: CaptureLimits, facts: TypeFacts, budget: Budget): Shape[] {
  const known = new Map(
    floats?.parts.map(({ part, at }): [number, KnownFloat] => [at, { at: floats.knownAt, bits: 2 ** part }]),
  );
  return planShapes(limits, budget, (later) => {
    const shapes: Shape[] = [];
    for (const [i, { value, at, imageEnd }] of values.entries()) {
      const starts = value.pieces.filter((piece) => 'floatRegister' in piece).map((piece) => at + piece.at);
      const float = (offset: number) => (starts.includes(offset) ? (known.get(offset) ?? 'unknown') : undefined);
      const place = (shape: Shape) => {
        shapes[i] = shape;
      };
      const context = { limits, facts, budget, later, level: 0, nesting: 0, times: 1, imageEnd };
      if (value.unavailable !== undefined) {
        // What is no type of Go's has no name.
        const goType = value.type.kind === 'word' ? '' : value.type.name;
        place({ kind: 'missing', type: kindLabel(value.type), goType, at, reason: value.unavailable });
        continue;
      }
      place(shapeOfNamed(value, at, starts.length > 0 ? { ...context, float } : context, place));
    }
    return shapes;
  });
}

function missing({ type }: AssignedValue): Shape {
  return { kind: 'missing', type: '', goType: type.name, at: 0, reason: 'not planned' };
}

/** The compiler names unnamed results ~r0, ~r1 …, and blank ones ~b0. */
function displayName(name: string): string {
  return /^~[rpb]\d+$/.test(name) ? '' : name;
}
