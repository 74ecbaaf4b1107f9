/** Floats that functions get and return in registers: test/targets/floats. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { traceJson } from '../support/trace-json.ts';
import { compareFloats, floatPatterns } from './compare-floats.ts';

const builds: readonly GoTargetOptions[] = [
  {},
  { gcflags: 'all=-N -l' },
  { go: '1.18' },
  { go: '1.21', buildmode: 'pie' },
  { ldflags: '-s -w' },
];

for (const build of builds) {
  test(`floats are right or said to be missing, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (context) => {
    const options = {
      isStripped: build.ldflags !== undefined,
      isUnoptimized: build.gcflags !== undefined,
      isOld: build.go !== undefined,
    };
    const { calls, stderr } = await traceJson(floatPatterns(options), [await goTarget('floats', build)], {});
    const { read, unread } = compareFloats(calls, options, stderr);
    context.diagnostic(`${read} floats read; not: ${unread.join(', ')}`);
  });
}

test('floats belong to their calls, on many goroutines', { timeout: 120_000 }, async () => {
  const [goroutines, each] = [8, 500];
  const program = [await goTarget('floats'), '-goroutines', `${goroutines}`, '-calls', `${each}`];
  const { calls, stderr } = await traceJson(['main.spilled'], program, {});
  assert.equal(calls.length, goroutines * each, stderr);
  for (const { args, results } of calls) {
    const n = args[2]?.value as number;
    assert.deepEqual([args[1]?.value, results[0]?.value], [n / 4, n / 4]);
  }
});
