import type { GoType } from '../binary/go-type.ts';
import { type CaptureOp, chunkBytes, op, planLimits } from './capture-op.ts';
import { type CapturePlan, opsOf, type StringTable } from './capture-plan.ts';
import { kindLabel } from './kind-label.ts';
import type { AssignedValue, Piece } from './register-assignment.ts';
import type { CapturedValue, Shape } from './shape.ts';
import type { Budget, CaptureLimits } from './shape-context.ts';
import { isByte, shapeOfNamed } from './shape-of-type.ts';
import { planShapes } from './shape-planner.ts';
import { isHidden, type TypeFacts } from './type-facts.ts';

/** Values in one capture. */
const maxNodes = 1000;
const inFloatRegister = 'in float register';

/**
 * The plan that captures parameters at entry or results at a RET.
 *
 * First every value without following pointers, then what they point to, level by level, while the whole stays within
 * PLAN_STEPS and CAPTURE_BYTES in its worst case. What finds no room says so.
 */
export function planValues(
  values: readonly AssignedValue[],
  limits: CaptureLimits,
  strings: StringTable,
  facts: TypeFacts = {},
): CapturePlan {
  const placed = place(values, limits, facts);
  const fill = [...placed.ops];
  const budget: Budget = {
    steps: planLimits.planSteps - fill.length - 2,
    bytes: Math.min(limits.captureBytes, planLimits.captureBytes) - chunkBytes(placed.imageBytes),
    nodes: maxNodes,
    exceeded: false,
  };
  const shapes = shapesOf(placed.values, limits, facts, budget);
  const captured: CapturedValue[] = placed.values.map(({ value, onStack }, i) => ({
    name: displayName(value.name),
    shape: shapes[i] ?? missing(value),
    onStack,
  }));
  const needed = captured.some(({ shape }) => shape.kind !== 'missing');
  if (!needed || placed.imageBytes === 0) return { ops: [], shape: { imageBytes: 0, values: captured } };
  const ops = [op.image(placed.imageBytes), ...fill, ...shapes.flatMap((s) => opsOf(s, strings)), op.end()];
  return { ops, shape: { imageBytes: placed.imageBytes, values: captured } };
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
): { values: PlacedValue[]; ops: CaptureOp[]; imageBytes: number } {
  const mostBytes = Math.min(planLimits.imageBytes, limits.captureBytes - chunkBytes(0)) & ~7;
  let imageBytes = 0;
  const ops: CaptureOp[] = [];
  const placed: PlacedValue[] = [];
  const isOnStack = ({ pieces }: AssignedValue) => pieces.some((piece) => 'stackOffset' in piece);
  for (const wantStack of [false, true]) {
    for (const [i, value] of values.entries()) {
      const onStack = isOnStack(value);
      if (onStack !== wantStack) continue;
      if (isHidden(value.name, value.type, facts)) {
        placed[i] = { value, at: imageBytes, imageEnd: imageBytes, onStack };
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
      }
    }
  }
  return { values: placed, ops, imageBytes };
}

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

function shapesOf(values: readonly PlacedValue[], limits: CaptureLimits, facts: TypeFacts, budget: Budget): Shape[] {
  return planShapes(limits, budget, (later) => {
    const shapes: Shape[] = [];
    for (const [i, { value, at, imageEnd }] of values.entries()) {
      const floats = value.pieces.filter((piece) => 'floatRegister' in piece).map((piece) => at + piece.at);
      const gap = (offset: number) => (floats.includes(offset) ? inFloatRegister : undefined);
      const place = (shape: Shape) => {
        shapes[i] = shape;
      };
      const context = { limits, facts, budget, later, level: 0, nesting: 0, times: 1, imageEnd };
      if (value.unavailable !== undefined) {
        place({ kind: 'missing', type: kindLabel(value.type), goType: '', at, reason: value.unavailable });
        continue;
      }
      place(shapeOfNamed(value, at, floats.length > 0 ? { ...context, gap } : context, place));
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
