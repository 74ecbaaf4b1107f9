import type { FloatPart, FloatPlace, FloatSite } from '../code/float-sites.ts';
import type { AssignedValue } from '../code/register-assignment.ts';
import { type CaptureOp, captureOp, op } from './capture-op.ts';
import type { CapturedFloats } from './shape.ts';

/** The parts of the values that are in float registers, in order: a part's index is its number everywhere. */
export function floatParts(values: readonly AssignedValue[]): FloatPart[] {
  return values.flatMap(({ pieces }) => pieces.flatMap((piece) => ('floatRegister' in piece ? [piece] : [])));
}

/** The plan of a site within a function: an image with a word that says which parts it has, and a word for each part. */
export function bodyOps(floats: CapturedFloats, { places }: FloatSite): CaptureOp[] {
  const bytes = 8 * (1 + Math.max(...floats.parts.map(({ part }) => part)) + 1);
  const at = new Map(floats.parts.map(({ part }) => [part, bodyPartAt(part)]));
  return [op.image(bytes), ...fillOps(floats, places, 0, at), op.end()];
}

/** Where in a body's image a part is; which parts it has is at 0. */
export function bodyPartAt(part: number): number {
  return 8 * (1 + part);
}

/** The plan of a RET, at the site where these parts of the results can be read. */
export function withFloats(
  ops: readonly CaptureOp[],
  floats: CapturedFloats,
  { places, frameBytes }: FloatSite,
): CaptureOp[] {
  const at = new Map(floats.parts.map((part) => [part.part, part.at]));
  // Behind what fills the image from registers: that is one step with it.
  const filled = ops.findIndex(({ op: code }, i) => i > 0 && code !== captureOp.register && code !== captureOp.stack);
  // What was meant from SP at the RET.
  const fill = ops
    .slice(0, filled)
    .map((step) => (step.op === captureOp.stack ? op.stack(step.b, step.c, step.imm + frameBytes) : step));
  return [...fill, ...fillOps(floats, places, floats.knownAt, at), ...ops.slice(filled)];
}

/** @param at where in the image each part belongs */
function fillOps(
  floats: CapturedFloats,
  places: ReadonlyMap<number, FloatPlace>,
  knownAt: number,
  at: ReadonlyMap<number, number>,
): CaptureOp[] {
  let known = 0;
  const ops: CaptureOp[] = [];
  for (const { part, sizeBytes } of floats.parts) {
    const place = places.get(part);
    if (place === undefined) continue;
    known += 2 ** part;
    ops.push(fillOp(place, at.get(part) ?? 0, sizeBytes));
  }
  return [op.constant(knownAt, 8, BigInt(known)), ...ops];
}

function fillOp(place: FloatPlace, at: number, sizeBytes: number): CaptureOp {
  if ('constant' in place) return op.constant(at, sizeBytes, place.constant);
  if ('fromSp' in place) return op.stack(at, sizeBytes, place.fromSp);
  if ('register' in place) return op.register(place.register, at, sizeBytes);
  if ('vaddr' in place) return op.memory(at, sizeBytes, 'image', place.vaddr);
  return op.memory(at, sizeBytes, place.base, place.displacement);
}
