import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoTargetOptions } from '../support/go-target.ts';
import { goTarget } from '../support/go-target.ts';
import { type TracedCall, traceJson } from '../support/trace-json.ts';
import { valueLine, withoutField } from '../support/value-lines.ts';
import { expectedSignatures, someAddress } from './expected-signatures.ts';
import { expectedValues } from './expected-values.ts';

const expectedCalls = [...expectedValues, ...expectedSignatures];

const functions = [...new Set(expectedCalls.map(({ name }) => name))];

const builds: readonly GoTargetOptions[] = [
  { go: '1.22' },
  { go: '1.24' },
  {},
  { go: '1.22', buildmode: 'pie' },
  { buildmode: 'pie' },
];

async function traceValues(build: GoTargetOptions, env: Readonly<Record<string, string>> = {}) {
  const executable = await goTarget('values', build);
  // The pause keeps the program alive until its calls are read: names of functions need its memory map.
  return traceJson(functions, [executable, '-rounds', '1', '-every', '300ms', '-now'], env);
}

/** Order.Next is a cycle: how far it is followed is the limits' business, tested on its own. */
function lines({ args, results }: TracedCall): { args: string[]; results: string[] } {
  const line = (value: (typeof args)[number]) =>
    valueLine(withoutField(value, 'Next')).replace(/^(PTR unsafe\.Pointer =) "0x[0-9a-f]+"$/, '$1 <address>');
  return { args: args.map(line), results: results.map(line) };
}

for (const build of builds) {
  test(`arguments and results of every kind, ${JSON.stringify(build)}`, { timeout: 120_000 }, async () => {
    const { calls, stderr } = await traceValues(build);
    assert.deepEqual(
      calls.map(({ funcName }) => funcName),
      expectedCalls.map(({ name }) => name),
      stderr,
    );
    for (const [index, { name, args, results }] of expectedCalls.entries()) {
      const call = calls[index] as TracedCall;
      assert.deepEqual(lines(call), { args, results }, name);
      assert.ok(Number.isSafeInteger(call.latency) && call.latency >= 0, name);
      assert.match(call.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      assert.equal(call.goid, 1, name);
      assert.equal(call.ended, undefined, name);
      assert.equal(call.source, 'dwarf', name);
    }
    assert.ok(expectedCalls.some(({ results }) => results.includes(someAddress)));
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
  const argumentsOf = (name: string) => lines(calls.find(({ funcName }) => funcName === name) as TracedCall).args;
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
