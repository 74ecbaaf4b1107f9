import { type CaptureOp, captureOp, headerRole, pointerFlag, pointerSkip } from '../probe/capture/capture-op.ts';

/** struct capture_step of bpf/event.h. */
export interface WireStep {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly imm: bigint;
}

/** Limits of the ops that do several of a kind, from bpf/event.h. */
const imageWords = 10;
const sourceBits = 6;
const wordSaved = 32;
const savedWords = 4;
const stringsAtOnce = 5;
const headerKeys = 15;
/** Whose limits are in the step itself; those of the others are in the one behind it. */
const firstValues = 4;
const headerValues = firstValues + 8;
const headerUnit = 4;
const headerMore = 128;
const roleBits = 4;
const wordBytes = 8;
const stringBytes = 16;

/**
 * The steps that the interpreter runs for a plan. Where the plan has several ops of a kind in a row, one step does them:
 * a step costs as much as a short read. The chunks are the same, in the same order.
 * @param ops whole plan or body; skips are counted anew
 */
export function wireSteps(ops: readonly CaptureOp[]): WireStep[] {
  const steps: WireStep[] = [];
  let index = 0;
  while (index < ops.length) {
    const op = ops[index] as CaptureOp;
    index += 1;
    switch (op.op) {
      case captureOp.image: {
        const { step, taken } = imageStep(op, ops, index);
        steps.push(step);
        index += taken;
        break;
      }
      case captureOp.string: {
        const run = runOf(
          ops,
          index - 1,
          stringsAtOnce,
          (next) => next.op === captureOp.string && isWords(next.b) && isWords(next.c),
        );
        const more = run
          .slice(1)
          .reduce((bits, { b, c }, n) => bits | (BigInt(b / wordBytes + (c / wordBytes) * 256) << BigInt(16 * n)), 0n);
        steps.push({ op: op.op, a: run.length, b: op.b, c: op.c, imm: more });
        index += run.length - 1;
        break;
      }
      case captureOp.header:
      case captureOp.traceparent: {
        const header = headerSteps(op, ops, index);
        steps.push(...header.steps);
        index += header.taken;
        break;
      }
      case captureOp.pointer: {
        const { skip, rest } = pointerSkip(op);
        const body = ops.slice(index, index + skip);
        index += skip;
        // A leaf: nothing is read from its image, so nothing leads back from it.
        const inner = body.length === 1 ? [] : wireSteps(body);
        const leaf = inner.length === 0 ? pointerFlag.leaf : 0;
        const imm = BigInt(inner.length) | (BigInt(rest) << 32n);
        steps.push({ ...op, a: op.a | leaf, imm }, ...inner);
        break;
      }
      case captureOp.context: {
        const inner = wireSteps(ops.slice(index, index + op.c));
        index += op.c;
        steps.push({ ...op, c: inner.length, imm: BigInt(op.imm) }, ...inner);
        break;
      }
      case captureOp.map: {
        const body = op.c % 2 ** 16;
        const inner = wireSteps(ops.slice(index, index + body));
        index += body;
        steps.push({ ...op, c: op.c - body + inner.length, imm: BigInt(op.imm) }, ...inner);
        break;
      }
      case captureOp.slice:
      case captureOp.each: {
        const inner = wireSteps(ops.slice(index, index + op.imm));
        index += op.imm;
        const strings = op.op === captureOp.slice ? stringItems(op, inner) : 0;
        steps.push({ ...op, imm: BigInt(inner.length) | (BigInt(strings) << 32n) }, ...inner);
        break;
      }
      default:
        steps.push({ ...op, imm: BigInt(op.imm) });
    }
  }
  return steps;
}

/** The ops from `first` on that one step can do; `fits` gets how many lie between. */
function runOf(
  ops: readonly CaptureOp[],
  first: number,
  limit: number,
  fits: (op: CaptureOp, n: number) => boolean,
): readonly CaptureOp[] {
  let end = first + 1;
  while (end < ops.length && end - first < limit && fits(ops[end] as CaptureOp, end - first)) end += 1;
  return ops.slice(first, end);
}

/**
 * The image with what fills its first words, one after the other: whole words, also for smaller values, as nothing else
 * lies in them yet. `taken`: ops behind the image's own that are part of the step.
 */
function imageStep(image: CaptureOp, ops: readonly CaptureOp[], first: number): { step: WireStep; taken: number } {
  let words = 0;
  let saved = 0;
  let sources = 0n;
  let index = first;
  for (; index < ops.length; index++) {
    const { op, a, b } = ops[index] as CaptureOp;
    const isWord = op === captureOp.register || op === captureOp.saved;
    if (isWord && b === words * wordBytes && words < imageWords && b + wordBytes <= roundUp(image.c)) {
      sources |= BigInt(op === captureOp.saved ? wordSaved + a : a) << BigInt(sourceBits * words);
      words += 1;
    } else if (op === captureOp.save && a === saved && b === saved * wordBytes && saved < words && saved < savedWords) {
      saved += 1;
    } else {
      break;
    }
  }
  return { step: { op: image.op, a: words, b: saved, c: image.c, imm: sources }, taken: index - first };
}

/**
 * One walk over the map for all keys that follow each other in the table of strings, those of the trace context first.
 * `taken`: ops behind the first that are part of it.
 */
function headerSteps(op: CaptureOp, ops: readonly CaptureOp[], first: number): { steps: WireStep[]; taken: number } {
  const string = headerString(op);
  const isNext = (next: CaptureOp, n: number) => next.b === op.b && headerString(next).index === string.index + n;
  const isContext = (each: CaptureOp | undefined) => each?.op === captureOp.traceparent;
  const contexts = isContext(op)
    ? runOf(ops, first - 1, headerKeys, (next, n) => isContext(next) && isNext(next, n)).length
    : 0;
  const most = Math.min(headerKeys, contexts + headerValues);
  const run = runOf(
    ops,
    first - 1,
    most,
    (next, n) => isNext(next, n) && (n < contexts ? isContext(next) : next.op === captureOp.header),
  );
  const limits = run.slice(contexts).map(({ c }) => BigInt(Math.min(255, Math.ceil(c / headerUnit))));
  const lengths = run.reduce((bits, each) => bits | (1n << BigInt(headerString(each).sizeBytes - 1)), 0n);
  const roles = run.slice(0, contexts).reduce((bits, { a }, n) => bits + a * 2 ** (roleBits * n), 0);
  const traceState = run.findIndex((each) => each.op === captureOp.header && each.a === headerRole.traceState);
  const isPlain =
    traceState < 0 &&
    limits.length <= firstValues &&
    (contexts === 0 || (contexts === 1 && roles === headerRole.traceparent));
  const step: WireStep = {
    op: op.op,
    a: run.length + (isPlain ? 0 : headerMore),
    b: op.b,
    c: Number(packed(limits.slice(0, firstValues))),
    imm: (BigInt(string.index) << 56n) | lengths,
  };
  const more: WireStep = {
    op: op.op,
    a: contexts,
    b: traceState + 1,
    c: roles,
    imm: packed(limits.slice(firstValues)),
  };
  return { steps: isPlain ? [step] : [step, more], taken: run.length - 1 };
}

/** Bytes, the first in the lowest bits. */
function packed(bytes: readonly bigint[]): bigint {
  return bytes.reduce((bits, byte, n) => bits | (byte << BigInt(8 * n)), 0n);
}

/** As src/bpf/install-plan.ts puts it into the op: its place in the kernel side's table, and its length. */
function headerString({ imm }: CaptureOp): { readonly index: number; readonly sizeBytes: number } {
  return { index: imm % 256, sizeBytes: Math.floor(imm / 256) };
}

/** The most bytes of each item, if the items are strings and nothing else is done with them; else 0. */
function stringItems(slice: CaptureOp, body: readonly WireStep[]): number {
  const [string, next] = body;
  const alone = body.length === 2 && slice.c === stringBytes && string?.op === captureOp.string && next !== undefined;
  return alone && string.a === 1 && string.b === 0 ? string.c : 0;
}

/** Whether 8 bits hold it, counted in words. */
function isWords(bytes: number): boolean {
  return bytes % wordBytes === 0 && bytes / wordBytes < 256;
}

function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / wordBytes) * wordBytes;
}
