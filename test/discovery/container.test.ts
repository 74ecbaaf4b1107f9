import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { containerId, hostNameOf } from '../../src/discovery/container.ts';

test('our own process has an answer, one that ended has its reason', () => {
  assert.equal(containerId(process.pid).absence, undefined);
  assert.deepEqual(containerId(2 ** 22 + 1), { absence: 'gone' });
});

test('a process in our UTS namespace has our host name, one that is gone has none', () => {
  assert.equal(hostNameOf(process.pid), hostname());
  assert.equal(hostNameOf(2 ** 22 + 1), undefined);
});
