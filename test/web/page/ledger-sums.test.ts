import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference, droppedReasons, totalOf } from '../../../src/web/page/ledger-sums.ts';
import { shopStatus } from '../../support/viewer-status.ts';

test('the sample ledger adds up, row by row and in all', () => {
  for (const row of shopStatus.ledger) assert.equal(difference(row), 0, row.probe);
  const total = totalOf(shopStatus.ledger);
  assert.equal(difference(total), 0);
  assert.equal(total.seen, 120_490);
  assert.deepEqual(droppedReasons(total), ['88 ring full', '12 queue full']);
});

test('a missing call and one counted twice are told apart by the sign', () => {
  const [row] = shopStatus.ledger;
  assert.ok(row);
  assert.equal(difference({ ...row, exported: row.exported - 3 }), 3);
  assert.equal(difference({ ...row, dropped: { 'ring full': 2 } }), -2);
});
