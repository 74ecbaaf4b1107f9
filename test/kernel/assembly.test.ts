import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { tallyOf, traceToEnd, unaccounted } from '../support/traced-target.ts';

const builds: readonly GoTargetOptions[] = [
  { go: '1.17' },
  {},
  // g lies behind C's thread-local variables.
  { env: { CGO_ENABLED: '1' } },
  { env: { CGO_ENABLED: '1' }, buildmode: 'pie' },
];

for (const build of builds) {
  test(`a function in assembly, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    let wrong = '';
    const run = await traceToEnd(t, await goTarget('assembly', build), ['-calls', '500'], {
      patterns: ['main.add(a, b int64) (sum int64)'],
      onCall(call) {
        const [a, b] = call.arguments.map(({ value }) => Number(value));
        const sum = Number(call.results[0]?.value);
        if (b !== 1000 || sum !== a! + 1000) wrong ||= JSON.stringify(call);
      },
    });
    const seen = run.functions.get('main.add')!;
    assert.deepEqual(tallyOf(seen), run.report.functions['main.add'], JSON.stringify(seen));
    assert.equal(unaccounted(seen), 0, JSON.stringify(seen));
    assert.equal(wrong, '');
  });
}
