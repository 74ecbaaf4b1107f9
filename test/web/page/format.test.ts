import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, duration, percent, timeSpan } from '../../../src/web/page/format.ts';
import fc from '../../support/fast-check.ts';

test('durations have three digits that count and their unit', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ns'],
    [812, '812 ns'],
    [999.6, '1.00 µs'],
    [4_210, '4.21 µs'],
    [12_400_000, '12.4 ms'],
    [999_600_000, '1.00 s'],
    [1_320_000_000, '1.32 s'],
    [119e9, '119 s'],
    [600e9, '10.0 min'],
  ];
  for (const [ns, text] of cases) assert.equal(duration(ns), text);
});

test('a duration never needs four digits', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 119e9, noNaN: true }), (ns) => {
      assert.match(duration(ns), /^(?:\d|\d{2}|\d{3}|\d\.\d{2}|\d{2}\.\d) (?:ns|µs|ms|s)$/);
    }),
  );
});

test('other figures', () => {
  assert.equal(counted(1, 'trace'), '1 trace');
  assert.equal(counted(1204551, 'trace'), '1,204,551 traces');
  assert.equal(percent(0.012), '1.2 %');
  assert.equal(percent(0.51), '51 %');
  assert.equal(percent(0), '0 %');
  assert.deepEqual([59, 754, 7300, 200_000].map(timeSpan), ['59 s', '12 min', '2 h 1 min', '2 d 7 h']);
});
