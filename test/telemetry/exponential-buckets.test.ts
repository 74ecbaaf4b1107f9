import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bucketOf,
  durationBuckets,
  type ExponentialBuckets,
  sizeBuckets,
} from '../../src/telemetry/exponential-buckets.ts';
import fc from '../support/fast-check.ts';

const kinds: readonly { name: string; buckets: ExponentialBuckets; parts: bigint; most: bigint }[] = [
  { name: 'durations', buckets: durationBuckets(), parts: 10n ** 9n, most: 2n ** 26n * 10n ** 9n },
  { name: 'sizes', buckets: sizeBuckets(), parts: 1n, most: 2n ** 40n },
];

/** value / parts <= 2^(exponent / 2^scale), by whole numbers alone. */
function isNotAbove(value: bigint, parts: bigint, exponent: number, scale: number): boolean {
  const root = 2n ** BigInt(scale);
  const [up, down] = exponent > 0 ? [BigInt(exponent), 0n] : [0n, BigInt(-exponent)];
  return value ** root * 2n ** down <= parts ** root * 2n ** up;
}

for (const { name, buckets, parts, most } of kinds) {
  const { scale, firstIndex } = buckets;
  const bounds = Float64Array.from(buckets.bounds, Number);

  test(`each of the ${name} is in the bucket that the data model says`, () => {
    const isRight = (value: bigint) => {
      const bucket = bucketOf(bounds, Number(value));
      if (value === 0n) return assert.equal(bucket, 0);
      const index = firstIndex + bucket - 1;
      assert.ok(isNotAbove(value, parts, index + 1, scale), `${value} is above bucket ${index}`);
      assert.ok(!isNotAbove(value, parts, index, scale), `${value} is below bucket ${index}`);
    };
    // Up to where numbers are exact: 104 days.
    const exact = most < 2n ** 53n ? most : 2n ** 53n;
    fc.assert(fc.property(fc.bigInt(0n, exact), isRight), { seed: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 52 }), fc.bigInt(0n, 255n), (shift, more) => {
        const value = (1n << BigInt(shift)) + more;
        if (value <= exact) isRight(value);
      }),
      { seed: 2 },
    );
    for (const bound of buckets.bounds) for (const value of [bound, bound + 1n]) if (value <= exact) isRight(value);
  });

  test(`the buckets of ${name} go on to the largest`, () => {
    assert.equal(buckets.bounds.at(-1), most);
    assert.equal(bucketOf(bounds, Number(most)), bounds.length - 1);
    assert.equal(bucketOf(bounds, 2 * Number(most)), bounds.length);
  });
}
