import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SamplerName, samplingPolicy, thresholdText } from '../../src/telemetry/sampler.ts';
import fc from '../support/fast-check.ts';

const all = 2 ** 32;

test('OTEL_TRACES_SAMPLER by its name', () => {
  const policies: Readonly<Record<SamplerName, [parentBased: boolean, threshold: number]>> = {
    always_on: [false, 0],
    always_off: [false, all],
    traceidratio: [false, all * 0.75],
    parentbased_always_on: [true, 0],
    parentbased_always_off: [true, all],
    parentbased_traceidratio: [true, all * 0.75],
  };
  for (const [name, [parentBased, threshold]] of Object.entries(policies)) {
    assert.deepEqual(samplingPolicy({ name: name as SamplerName, ratio: 0.25 }), { parentBased, threshold }, name);
  }
});

test('ratios at and beyond the ends', () => {
  for (const ratio of [1, 7]) assert.equal(samplingPolicy({ name: 'traceidratio', ratio }).threshold, 0);
  for (const ratio of [0, -1]) assert.equal(samplingPolicy({ name: 'traceidratio', ratio }).threshold, all);
});

test('a larger ratio has no higher threshold, and the threshold is the share that is not kept', () => {
  const ratio = fc.double({ min: 0, max: 1, noNaN: true });
  const threshold = (of: number) => samplingPolicy({ name: 'traceidratio', ratio: of }).threshold;
  fc.assert(
    fc.property(ratio, ratio, (a, b) => {
      assert.ok(threshold(Math.max(a, b)) <= threshold(Math.min(a, b)));
      assert.ok(Math.abs(threshold(a) / all - (1 - a)) <= 1 / all);
    }),
  );
});

/** https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/#sampling-threshold-value-th */
test('a threshold in a tracestate: 14 hex digits, without zeros at the end', () => {
  assert.equal(thresholdText(0), undefined);
  assert.equal(thresholdText(all / 2), '8');
  assert.equal(thresholdText(all * 0.75), 'c');
  assert.equal(thresholdText(1), '00000001');
  assert.equal(thresholdText(samplingPolicy({ name: 'traceidratio', ratio: 0.01 }).threshold), 'fd70a3d7');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: all - 1 }), (threshold) => {
      const text = thresholdText(threshold) ?? '';
      assert.match(text, /^[0-9a-f]{0,7}[1-9a-f]$/);
      assert.equal(Number.parseInt(text.padEnd(14, '0'), 16), threshold * 2 ** 24);
    }),
  );
});
