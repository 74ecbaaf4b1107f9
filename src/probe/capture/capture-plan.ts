import { type CaptureOp, captureOp, op } from './capture-op.ts';
import { type CaptureShape, hasOps, type LabelShape, type Shape } from './shape.ts';

/** The ops of a capture and how to read what they write. */
export interface CapturePlan {
  /** Ends with `end`. Empty: nothing to capture. */
  readonly ops: readonly CaptureOp[];
  readonly shape: CaptureShape;
}

/** Indices for header names: `header` and `traceparent` ops refer to them. */
export interface StringTable {
  readonly strings: readonly string[];
  indexOf(text: string): number;
  /** Of the first of texts that stand in a row. */
  firstOf(texts: readonly string[]): number;
}

/** A table that grows as plans ask for strings. */
export function stringTable(): StringTable {
  const strings: string[] = [];
  const indices = new Map<string, number>();
  return {
    strings,
    indexOf(text) {
      let index = indices.get(text);
      if (index === undefined) {
        index = strings.push(text) - 1;
        indices.set(text, index);
      }
      return index;
    },
    firstOf(texts) {
      const known = strings.findIndex((_, at) => texts.every((text, n) => strings[at + n] === text));
      return known < 0 ? strings.push(...texts) - texts.length : known;
    },
  };
}

/** The ops that capture a shape of the current image, in the order in which its reader expects the chunks. */
export function opsOf(shape: Shape, strings: StringTable): CaptureOp[] {
  const ops: CaptureOp[] = [];
  emit(shape, ops, strings);
  return ops;
}

function emit(shape: Shape, ops: CaptureOp[], strings: StringTable): void {
  const nested = (inner: Shape): CaptureOp[] => {
    const body: CaptureOp[] = [];
    emit(inner, body, strings);
    return body;
  };
  switch (shape.kind) {
    case 'struct':
      for (const field of shape.fields) emit(field.shape, ops, strings);
      break;
    case 'text':
      ops.push(op.string(shape.at, shape.maxBytes));
      break;
    case 'pointer': {
      const body = nested(shape.target);
      const skip = body.length + 1;
      const follow = shape.messages
        ? op.messages(shape.at, skip)
        : shape.unsent
          ? op.unsentPointer(shape.at, shape.sizeBytes, skip, shape.condition)
          : op.pointer(shape.at, shape.sizeBytes, skip);
      ops.push(follow, ...body, op.pop());
      break;
    }
    case 'words':
      ops.push(op.words(shape.offsets));
      break;
    case 'map':
    case 'func':
      ops.push(op.pointer(shape.at, 8, 1), op.pop());
      break;
    case 'chan':
      ops.push(op.pointer(shape.at, 16, 1), op.pop());
      break;
    case 'entries': {
      const isPlain = !hasOps(shape.keyShape) && !hasOps(shape.valueShape);
      const body = isPlain ? [] : [...nested(shape.keyShape), ...nested(shape.valueShape), op.next()];
      ops.push(op.map(shape.at, shape.maxEntries, shape.layout, body.length), ...body);
      break;
    }
    case 'slice': {
      if (shape.maxItems === 0) break;
      const body = hasOps(shape.item) ? [...nested(shape.item), op.next()] : [];
      ops.push(op.slice(shape.at, shape.maxItems, shape.itemBytes, body.length), ...body);
      break;
    }
    case 'array': {
      if (!hasOps(shape)) break;
      const body = [...nested(shape.item), op.next()];
      ops.push(op.each(shape.at, shape.items, shape.itemBytes, body.length), ...body);
      break;
    }
    case 'interface':
      ops.push(op.interface(shape.at, shape.holder));
      break;
    case 'header':
      ops.push(op.header(shape.at, shape.maxBytes, strings.indexOf(shape.key), shape.role));
      break;
    case 'context': {
      const body = nested(shape.target);
      ops.push(op.context(shape.at, shape.keyTypeVaddr, body.length + 1), ...body, op.pop());
      break;
    }
    case 'traceparent':
      ops.push(op.traceparent(shape.at, strings.indexOf(shape.key), shape.role));
      break;
    case 'label':
      ops.push(...labelOps(shape, strings));
      break;
  }
}

function labelOps(
  { label, at, size, place, choices = [], unless, header }: LabelShape,
  strings: StringTable,
): CaptureOp[] {
  const firstChoice = choices.length === 0 ? 0 : strings.firstOf(choices);
  if (header === undefined) return [op.label(label, at, size, place, { firstChoice, unless })];
  const key = strings.indexOf(header.key);
  const found = op.label('found', key, size, place, { firstChoice });
  return header.walked ? [found] : [op.header(at, 0, key), found];
}

/** Most ops that one run of a plan without dynamic types may execute: loops run to their limits. */
export function worstCaseSteps(ops: readonly CaptureOp[]): number {
  return countSteps(ops, 0, ops.length);
}

function countSteps(ops: readonly CaptureOp[], from: number, to: number): number {
  let steps = 0;
  for (let i = from; i < to; i++) {
    const step = ops[i];
    if (step === undefined) break;
    steps += 1;
    if (step.op === loops.map) {
      const body = step.c % 2 ** 16;
      steps += step.a * countSteps(ops, i + 1, i + 1 + body);
      i += body;
    }
    if ((step.op === loops.slice || step.op === loops.each) && step.imm > 0) {
      steps += step.a * countSteps(ops, i + 1, i + 1 + step.imm);
      i += step.imm;
    }
  }
  return steps;
}

const loops = { slice: op.slice(0, 0, 0, 0).op, each: op.each(0, 0, 0, 0).op, map: captureOp.map } as const;
