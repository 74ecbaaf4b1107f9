import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bucketBoundNs,
  bucketRun,
  newDurationHistogram,
  quantileNs,
  recordDuration,
} from '../../src/web/duration-histogram.ts';
import fc from '../support/fast-check.ts';

test('quantiles are within a bucket of the exact ones', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 64, max: 10 ** 12 }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      (durations, q) => {
        const histogram = newDurationHistogram();
        for (const duration of durations) recordDuration(histogram, duration, false);
        const sorted = durations.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
        const ratio = (quantileNs(histogram, q) ?? Number.NaN) / exact;
        assert.ok(ratio > 2 ** -0.126 && ratio < 2 ** 0.126, `${q}: ${ratio} of ${exact} in ${sorted.join(' ')}`);
      },
    ),
  );
});

test('every duration is counted, in range or not', () => {
  const histogram = newDurationHistogram();
  for (const duration of [0, 1, 63, 64, 1e6, 2 ** 41, 2 ** 60]) recordDuration(histogram, duration, duration === 0);
  assert.equal(histogram.count, 7);
  assert.equal(histogram.errors, 1);
  assert.equal(histogram.minNs, 0);
  assert.equal(histogram.maxNs, 2 ** 60);
  assert.equal(
    histogram.buckets.reduce((sum, count) => sum + count, 0),
    7,
  );
});

test('a run gives back the bucket of a duration', () => {
  const histogram = newDurationHistogram();
  recordDuration(histogram, 1_500_000, false);
  const run = bucketRun(histogram);
  assert.deepEqual(run.counts, [1]);
  assert.ok(bucketBoundNs(run.first) <= 1_500_000 && bucketBoundNs(run.first + 1) > 1_500_000);
});

test('an empty histogram has no quantile and an empty run', () => {
  assert.equal(quantileNs(newDurationHistogram(), 0.5), undefined);
  assert.deepEqual(bucketRun(newDurationHistogram()), { first: 0, counts: [] });
});
