import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpanDetail } from '../../../src/web/api.ts';
import { axisTicks, treeRows } from '../../../src/web/page/span-tree.ts';
import fc from '../../support/fast-check.ts';

function span(id: string, parentId?: string): SpanDetail {
  return {
    id,
    parentId,
    name: id,
    kind: 'internal',
    service: 'shop',
    pid: 1,
    scope: '',
    startOffsetNs: 0,
    durationNs: 1,
    error: false,
    arguments: [],
    results: [],
    attributes: [],
    events: [],
    attributesCut: false,
  };
}

test('children stand below their parents, in order, with their level', () => {
  const rows = treeRows([span('a'), span('b', 'a'), span('c', 'a'), span('d', 'b'), span('e', 'gone')]);
  assert.deepEqual(
    rows.map(({ span: { id }, level, descendants, parent }) => [id, level, descendants, parent]),
    [
      ['a', 1, 3, undefined],
      ['b', 2, 1, 0],
      ['d', 3, 0, 1],
      ['c', 2, 0, 0],
      ['e', 1, 0, undefined],
    ],
  );
});

test('a chain of 100,000 spans is no deep recursion', () => {
  const spans = Array.from({ length: 100_000 }, (_, index) =>
    span(`${index}`, index === 0 ? undefined : `${index - 1}`),
  );
  assert.equal(treeRows(spans).at(-1)?.level, 100_000);
});

test('whatever the parents say, each span stands there once', () => {
  const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  fc.assert(
    fc.property(fc.dictionary(ids, fc.option(fc.oneof(ids, fc.constant('x')), { nil: undefined })), (parents) => {
      const spans = Object.entries(parents).map(([id, parent]) => span(id, parent));
      const rows = treeRows(spans);
      assert.deepEqual(rows.map((row) => row.span.id).toSorted(), Object.keys(parents).toSorted());
      for (const [index, row] of rows.entries()) assert.ok(row.parent === undefined || row.parent < index);
    }),
  );
});

test('an axis has a few round ticks, the last within the duration', () => {
  assert.deepEqual(axisTicks(3_490_000), [0, 1e6, 2e6, 3e6]);
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (durationNs) => {
      const ticks = axisTicks(durationNs);
      assert.ok(ticks.length >= 3 && ticks.length <= 8, `${ticks.length} ticks for ${durationNs}`);
      assert.ok((ticks.at(-1) ?? 0) <= durationNs);
    }),
  );
  assert.deepEqual(axisTicks(0), [0]);
});
