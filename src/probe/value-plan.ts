import { type CaptureOp, chunkBytes, op, planLimits } from './capture-op.ts';
import { type CapturePlan, opsOf, type StringTable } from './capture-plan.ts';
import type { AssignedValue, Piece } from './register-assignment.ts';
import type { CapturedValue, Shape } from './shape.ts';
import { type Budget, type CaptureLimits, shapeOfType } from './shape-of-type.ts';

/** Images nested in one another that a function's own plan uses; the rest of PLAN_DEPTH is for dynamic types. */
const ownNesting = planLimits.planDepth - 2;
/** Values in one capture. */
const maxNodes = 1000;
const inFloatRegister = 'in float register';

/**
 * The plan that captures parameters at entry or results at a RET.
 *
 * First every value is planned without following pointers; then, level by level and in turn, each follows them as deep as
 * the limits allow while the whole stays within PLAN_STEPS and CAPTURE_BYTES in its worst case. So one large value
 * does not take away the depth of the others, and what is not followed says so.
 */
export function planValues(values: readonly AssignedValue[], limits: CaptureLimits, strings: StringTable): CapturePlan {
  const placed = place(values, limits);
  const fill = [...placed.ops];
  const budget: Budget = {
    steps: planLimits.planSteps - fill.length - 2,
    bytes: planLimits.captureBytes - chunkBytes(placed.imageBytes),
    nodes: maxNodes,
    exceeded: false,
  };
  const shapes = chooseShapes(placed.values, limits, budget);
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

/** Lays the values out in the first image, and the ops which fill it. */
function place(
  values: readonly AssignedValue[],
  limits: CaptureLimits,
): { values: PlacedValue[]; ops: CaptureOp[]; imageBytes: number } {
  let imageBytes = 0;
  const ops: CaptureOp[] = [];
  const placed = values.map((value): PlacedValue => {
    const at = imageBytes;
    const onStack = value.pieces.some((piece) => 'stackOffset' in piece);
    const room = Math.min(limits.structBytes, planLimits.imageBytes - at);
    const sizeBytes = onStack ? Math.min(value.type.sizeBytes, room) : value.type.sizeBytes;
    imageBytes = Math.ceil((at + sizeBytes) / 8) * 8;
    for (const piece of value.pieces) {
      const fill = fillOp(piece, at, sizeBytes);
      if (fill) ops.push(fill);
    }
    return { value, at, imageEnd: at + sizeBytes, onStack };
  });
  return { values: placed, ops, imageBytes };
}

function fillOp(piece: Piece, at: number, sizeBytes: number): CaptureOp | undefined {
  if ('register' in piece) return op.register(piece.register, at + piece.at, piece.sizeBytes);
  if ('stackOffset' in piece && sizeBytes > 0)
    return op.stack(at + piece.at, Math.min(piece.sizeBytes, sizeBytes), piece.stackOffset);
  return undefined;
}

function chooseShapes(values: readonly PlacedValue[], limits: CaptureLimits, budget: Budget): Shape[] {
  const spent: Budget[] = [];
  const shapes = values.map((placed, i) => {
    const before = { ...budget };
    const shape = shapeAt(placed, limits, 0, budget);
    spent[i] = difference(before, budget);
    return shape;
  });
  const frozen = values.map(() => false);
  for (let depth = 1; depth <= limits.depth; depth++) {
    for (const [i, placed] of values.entries()) {
      if (frozen[i]) continue;
      const deeper = deepen(placed, limits, depth, budget, spent[i]);
      if (deeper === undefined) frozen[i] = true;
      else {
        shapes[i] = deeper.shape;
        spent[i] = deeper.spent;
      }
    }
  }
  return shapes;
}

/** The shape of a value that follows one pointer more, with fewer elements if need be; undefined: no room for it. */
function deepen(
  placed: PlacedValue,
  limits: CaptureLimits,
  depth: number,
  budget: Budget,
  alreadySpent: Budget | undefined,
): { shape: Shape; spent: Budget } | undefined {
  if (alreadySpent === undefined) return undefined;
  for (let { elements } = limits; elements >= 1; elements = Math.floor(elements / 4)) {
    const start: Budget = {
      steps: budget.steps + alreadySpent.steps,
      bytes: budget.bytes + alreadySpent.bytes,
      nodes: budget.nodes + alreadySpent.nodes,
      exceeded: false,
    };
    const rest = { ...start };
    const shape = shapeAt(placed, { ...limits, elements }, depth, rest);
    if (rest.exceeded) continue;
    Object.assign(budget, rest);
    return { shape, spent: difference(start, rest) };
  }
  return undefined;
}

function shapeAt({ value, at, imageEnd }: PlacedValue, limits: CaptureLimits, hops: number, budget: Budget): Shape {
  const floats = value.pieces.filter((piece) => 'floatRegister' in piece).map((piece) => at + piece.at);
  return shapeOfType(value.type, at, {
    limits,
    budget,
    hops,
    nesting: ownNesting,
    times: 1,
    imageEnd,
    gap: floats.length === 0 ? undefined : (offset) => (floats.includes(offset) ? inFloatRegister : undefined),
  });
}

function difference(before: Budget, after: Budget): Budget {
  return {
    steps: before.steps - after.steps,
    bytes: before.bytes - after.bytes,
    nodes: before.nodes - after.nodes,
    exceeded: false,
  };
}

function missing({ type }: AssignedValue): Shape {
  return { kind: 'missing', type: '', goType: type.name, at: 0, reason: 'not planned' };
}

/** The compiler names unnamed results ~r0, ~r1 …, and blank ones ~b0. */
function displayName(name: string): string {
  return /^~[rpb]\d+$/.test(name) ? '' : name;
}
