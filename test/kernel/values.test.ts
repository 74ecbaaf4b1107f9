import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoTargetOptions } from '../support/go-target.ts';
import { goTarget } from '../support/go-target.ts';
import { type TracedCall, traceJson } from '../support/trace-json.ts';
import { compareValues, valueArguments, valueFunctions, valueLines } from './compare-values.ts';

const builds: readonly GoTargetOptions[] = [
  { go: '1.22' },
  { go: '1.24' },
  {},
  { go: '1.22', buildmode: 'pie' },
  { buildmode: 'pie' },
];

async function traceValues(build: GoTargetOptions, env: Readonly<Record<string, string>> = {}) {
  const executable = await goTarget('values', build);
  return traceJson(valueFunctions, [executable, ...valueArguments], env);
}

for (const build of builds) {
  test(`arguments and results of every kind, ${JSON.stringify(build)}`, { timeout: 120_000 }, async () => {
    const { calls, stderr } = await traceValues(build);
    compareValues(calls, stderr);
  });
}

test('a cycle of pointers is followed to a limit that is marked', async () => {
  const { calls } = await traceValues({});
  const call = calls.find(({ funcName }) => funcName === 'main.takesPointers') as TracedCall;
  let order = call.args[0];
  let followed = 0;
  while (order && Array.isArray(order.value)) {
    const fields = order.value as typeof call.args;
    assert.equal(fields.find(({ name }) => name === 'ID')?.value, '9007199254740993');
    order = fields.find(({ name }) => name === 'Next');
    followed += 1;
  }
  assert.ok(followed >= 2, String(followed));
  assert.equal(typeof order?.unavailable, 'string');
});

test('limits on strings, elements and depth are kept and marked', async () => {
  const { calls } = await traceValues(
    {},
    { SIDESPAN_CAPTURE_STRING_BYTES: '7', SIDESPAN_CAPTURE_ELEMENTS: '2', SIDESPAN_CAPTURE_DEPTH: '1' },
  );
  const argumentsOf = (name: string) => valueLines(calls.find(({ funcName }) => funcName === name) as TracedCall).args;
  assert.deepEqual(argumentsOf('main.takesStrings'), [
    'plain STRING string = "plain"',
    'empty STRING string = ""',
    // A character that the limit cuts in two is left out.
    'odd STRING string = "żółw" of 17',
    'long STRING string = "long lo" of 900',
  ]);
  assert.deepEqual(argumentsOf('main.takesSlices').slice(0, 1), ['ints []INT []int = [10, 20] cap 3 of 3']);
  assert.match(argumentsOf('main.takesPointers')[3] ?? '', /^nn PTR \*\*int ! /);
});
