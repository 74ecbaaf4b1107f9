import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcessStat, readProcessStat } from '../../src/discovery/process-stat.ts';
import fc from '../support/fast-check.ts';

const line = (name: string, rest = 'S 17 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 231249 1 2 3 4096 8192 16384 0 0') =>
  `42 (${name}) ${rest}\n`;

test('the fields behind a name with brackets and spaces', () => {
  for (const name of ['shop', 'a) S 1', '((', 'x) (y', '']) {
    const stat = parseProcessStat(line(name));
    assert.equal(stat?.parentPid, 17, name);
    assert.equal(stat.startTicks, 231249);
    assert.equal(stat.state, 'S');
    assert.equal(stat.kernelThread, false);
    assert.equal(stat.image, '231249:4096:8192:16384');
  }
});

test('PF_KTHREAD marks a kernel thread', () => {
  assert.equal(parseProcessStat(line('kthreadd').replace('4194560', String(0x208040)))?.kernelThread, true);
});

test('a text of another form is undefined, never a wrong number', () => {
  for (const text of ['', '42', '42 (x', '42 (x)', '42 (x) S', line('x').replace('231249', 'abc')]) {
    assert.equal(parseProcessStat(text), undefined, JSON.stringify(text));
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const stat = parseProcessStat(text);
      assert.ok(stat === undefined || Number.isSafeInteger(stat.startTicks));
    }),
  );
});

test('our own process has our parent', () => {
  const { value } = readProcessStat(process.pid);
  assert.equal(value?.parentPid, process.ppid);
  assert.equal(value.kernelThread, false);
});

test('a number without a process is gone', () => {
  assert.deepEqual(readProcessStat(2 ** 22 + 1), { absence: 'gone' });
});
