import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wireSteps } from '../../src/bpf/wire-steps.ts';
import { captureOp, headerRole, op, pointerFlag } from '../../src/probe/capture/capture-op.ts';

const shortened = (steps: ReturnType<typeof wireSteps>) => steps.map(({ op, a, b, c }) => [op, a, b, c]);

test('up to five strings in one step, places and limits of the later ones in words', () => {
  const strings = [8, 24, 40, 56, 2040, 64].map((at, n) => op.string(at, 16 * n + 8));
  const [first, second, end] = wireSteps([...strings, op.end()]);
  assert.deepEqual([first?.a, first?.b, first?.c], [5, 8, 8]);
  // Each 16 bits, the second string lowest: the place, and times 256 the limit.
  assert.equal(first?.imm, 0x09ff_0707_0505_0303n);
  assert.deepEqual([second?.a, second?.b, second?.c, second?.imm], [1, 64, 88, 0n]);
  assert.equal(end?.op, captureOp.end);
});

test('a string whose place or limit 8 bits do not hold begins a step', () => {
  const cases = [
    [op.string(8, 100), 1],
    [op.string(8, 2048), 1],
    [op.string(2048, 8), 1],
    [op.string(8, 2040), 2],
  ] as const;
  for (const [second, together] of cases) {
    const steps = wireSteps([op.string(0, 2048), second]);
    assert.equal(steps[0]?.a, together, JSON.stringify(second));
    assert.equal(steps.length, 3 - together);
    assert.equal(steps[0]?.c, 2048, 'the first one has 32 bits for its limit');
  }
});

test('a pointer keeps the word that makes it needless, its skip counts steps', () => {
  const body = [op.string(0, 8), op.string(16, 8), op.pop()];
  const steps = wireSteps([op.unsentPointer(16, 32, body.length, { unless: 72 }), ...body, op.end()]);
  assert.deepEqual(shortened(steps), [
    [captureOp.pointer, pointerFlag.unsent | pointerFlag.unless, 16, 32],
    [captureOp.string, 2, 0, 8],
    [captureOp.pop, 0, 0, 0],
    [captureOp.end, 0, 0, 0],
  ]);
  assert.equal(steps[0]?.imm, (72n << 32n) | 2n);
});

test('a slice of strings says how much of each is read, so that its body need not be run', () => {
  const body = (...ops: ReturnType<typeof op.string>[]) => wireSteps([op.slice(8, 40, 16, ops.length), ...ops])[0]?.imm;
  assert.equal(body(op.string(0, 128), op.next()), (128n << 32n) | 2n);
  // Anything else is done item by item.
  assert.equal(body(op.string(8, 128), op.next()), 2n);
  assert.equal(body(op.string(0, 128), op.string(16, 8), op.next()), 2n);
  const [wider] = wireSteps([op.slice(8, 40, 24, 2), op.string(0, 128), op.next()]);
  assert.equal(wider?.imm, 2n);
});

test('an image is filled with ten words in one step, six bits for each', () => {
  const registers = [0, 3, 1, 7, 6, 8, 9, 10, 11, 15].map((register, n) => op.register(register, 8 * n, 8));
  const [image, more] = wireSteps([op.image(88), ...registers, op.register(2, 80, 8)]);
  assert.deepEqual([image?.op, image?.a, image?.c], [captureOp.image, 10, 88]);
  assert.deepEqual(
    registers.map((_, n) => Number(((image?.imm ?? 0n) >> BigInt(6 * n)) & 63n)),
    registers.map(({ a }) => a),
  );
  assert.equal(more?.op, captureOp.register);
});

/** As src/bpf/install-plan.ts gives them: the string's place in the table, and times 256 its length. */
const key = (index: number, sizeBytes: number) => index + 256 * sizeBytes;

test('keys that follow each other in the table are looked up in one walk, a traceparent first', () => {
  const steps = wireSteps([
    op.traceparent(48, key(7, 11)),
    op.header(48, 256, key(8, 10)),
    op.header(48, 512, key(9, 10)),
    op.header(48, 10, key(10, 15)),
    op.header(48, 4000, key(11, 56)),
    op.header(56, 8, key(12, 4)),
    op.end(),
  ]);
  assert.deepEqual(shortened(steps), [
    // Limits in units of four bytes, 255 at most; the traceparent has none.
    [captureOp.traceparent, 5, 48, 64 + 128 * 2 ** 8 + 3 * 2 ** 16 + 255 * 2 ** 24],
    [captureOp.header, 1, 56, 2],
    [captureOp.end, 0, 0, 0],
  ]);
  const lengths = (1n << 9n) | (1n << 10n) | (1n << 14n) | (1n << 55n);
  assert.equal(steps[0]?.imm, (7n << 56n) | lengths);
  assert.equal(steps[1]?.imm, (12n << 56n) | (1n << 3n));
});

test('several formats of the trace context and more than four values are one walk too', () => {
  const { traceparent, b3TraceId, b3 } = headerRole;
  const values = [0, 1, 2, 3, 4, 5].map((n) => op.header(48, 4 * (n + 1), key(3 + n, 6)));
  const steps = wireSteps([
    op.traceparent(48, key(0, 11), traceparent),
    op.traceparent(48, key(1, 12), b3TraceId),
    op.traceparent(48, key(2, 2), b3),
    ...values,
    op.end(),
  ]);
  const more = 128;
  assert.deepEqual(shortened(steps), [
    [captureOp.traceparent, 9 + more, 48, 0x04030201],
    [captureOp.traceparent, 3, 0, traceparent + b3TraceId * 16 + b3 * 256],
    [captureOp.end, 0, 0, 0],
  ]);
  assert.equal(steps[0]?.imm, (1n << 10n) | (1n << 11n) | (1n << 1n) | (1n << 5n));
  assert.equal(steps[1]?.imm, 0x0605n);
  // As many as fit in one walk; the others are another one.
  const many = Array.from({ length: 14 }, (_, n) => op.header(48, 8, key(n, 6)));
  assert.deepEqual(
    wireSteps(many).map(({ a }) => a),
    [12 + more, 0, 2],
  );
});

test('a tracestate that is passed on is told by its place in the walk', () => {
  const steps = wireSteps([
    op.traceparent(48, key(0, 11)),
    op.header(48, 256, key(1, 10)),
    op.header(48, 512, key(2, 10), headerRole.traceState),
    op.end(),
  ]);
  assert.deepEqual(shortened(steps), [
    [captureOp.traceparent, 3 + 128, 48, 64 + 128 * 2 ** 8],
    [captureOp.traceparent, 1, 3, headerRole.traceparent],
    [captureOp.end, 0, 0, 0],
  ]);
});

test('a key elsewhere in the table, or of another map, begins a walk', () => {
  const first = op.header(48, 8, key(3, 5));
  for (const second of [op.header(48, 8, key(5, 5)), op.header(56, 8, key(4, 5)), op.traceparent(48, key(4, 5))]) {
    assert.deepEqual(
      wireSteps([first, second]).map(({ a }) => a),
      [1, 1],
    );
  }
});
