import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textTable } from '../support/text-table.ts';
import { compareParents, parentTable, parentWays } from './compare-parents.ts';

/** Beside the OpenTelemetry SDK in the same program; `npm run test:truth -- parents` sends many more. */
const load = { requests: 1000, concurrent: 8, seed: 5 };

test('by context, no call has a wrong parent', { timeout: 120_000 }, async (t) => {
  const truth = await compareParents(t, { ...load, mode: 'context', ways: parentWays });
  const table = textTable(parentTable(truth));
  assert.deepEqual(truth.wrong, [], table);
  for (const [way, { right, ancestor, missing }] of truth.byWay) {
    assert.ok(right + ancestor > 0, table);
    // What has no context has no way to its request.
    if (!way.startsWith('plain')) assert.equal(missing, 0, table);
    if (way === 'same' || way === 'background') assert.equal(ancestor, 0, table);
  }
});

test('by start, what a request started finds it without a context', { timeout: 120_000 }, async (t) => {
  // Goroutines that work for others than who started them are what this mode is not for.
  const ways = parentWays.filter((way) => way !== 'plaingrowing');
  const truth = await compareParents(t, { ...load, mode: 'start', ways });
  const table = textTable(parentTable(truth));
  assert.deepEqual(truth.wrong, [], table);
  for (const [way, { ancestor, missing }] of truth.byWay) {
    assert.equal(missing, 0, table);
    if (['go', 'plain', 'same', 'errgroup'].includes(way)) assert.equal(ancestor, 0, table);
  }
});

test('a stripped program: by written signatures', { timeout: 120_000 }, async (t) => {
  const few = { ...load, requests: 300 };
  const truth = await compareParents(t, { ...few, mode: 'context', ways: parentWays, ldflags: '-s -w' });
  const table = textTable(parentTable(truth));
  assert.deepEqual(truth.wrong, [], table);
  for (const [way, { missing }] of truth.byWay) if (!way.startsWith('plain')) assert.equal(missing, 0, table);
});
