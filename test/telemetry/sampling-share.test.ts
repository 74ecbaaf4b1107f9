import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL_KEPT, nextShare, type Pressure, sharedThresholds } from '../../src/telemetry/sampling-share.ts';
import fc from '../support/fast-check.ts';

const calm: Pressure = { elapsedMs: 1000, ringFill: 0, lost: 0, offered: 0 };
const all = 2 ** 32;

test('nothing is let go without need', () => {
  assert.deepEqual(nextShare(ALL_KEPT, calm, undefined), ALL_KEPT);
  assert.deepEqual(nextShare(ALL_KEPT, { ...calm, ringFill: 0.7, offered: 1e6 }, undefined), ALL_KEPT);
  assert.deepEqual(sharedThresholds(0, ALL_KEPT), { threshold: 0, parentThreshold: 0 });
  assert.deepEqual(sharedThresholds(all, ALL_KEPT), { threshold: all, parentThreshold: 0 });
});

test('a short ring halves the share until it has room, and all are kept again some looks later', () => {
  for (const short of [
    { ...calm, lost: 1 },
    { ...calm, ringFill: 0.8 },
  ]) {
    const half = nextShare(ALL_KEPT, short, undefined);
    assert.equal(half.overload, 0.5);
    assert.equal(nextShare(half, short, undefined).overload, 0.25);
    assert.equal(nextShare(half, { ...calm, ringFill: 0.5 }, undefined).overload, 0.5);
    let share = half;
    let looks = 0;
    for (; share.overload < 1; looks++) share = nextShare(share, calm, undefined);
    assert.equal(looks, 8);
  }
});

test('the limit is the share of the traces offered, whatever they were a second ago', () => {
  assert.equal(nextShare(ALL_KEPT, { ...calm, offered: 99 }, 100).limit, 1);
  assert.equal(nextShare(ALL_KEPT, { ...calm, offered: 400 }, 100).limit, 0.25);
  assert.equal(nextShare({ overload: 1, limit: 0.25 }, { ...calm, elapsedMs: 2000, offered: 400 }, 100).limit, 0.5);
  assert.equal(nextShare({ overload: 1, limit: 0.25 }, calm, 100).limit, 1);
});

test('thresholds stay in their range, and keep no trace that the sampler does not', () => {
  const share = fc.double({ min: 2 ** -16, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: all }), share, share, (configured, overload, limit) => {
      const { threshold, parentThreshold } = sharedThresholds(configured, { overload, limit });
      assert.ok(threshold >= configured && threshold <= all, `${threshold}`);
      assert.ok(parentThreshold >= 0 && parentThreshold < all);
    }),
  );
});
