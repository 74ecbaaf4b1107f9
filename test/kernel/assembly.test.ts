import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { tallyOf, traceToEnd, unaccounted } from '../support/traced-target.ts';
import { valueLine } from '../support/value-lines.ts';

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
    let inC = '';
    const run = await traceToEnd(t, await goTarget('assembly', build), ['-calls', '500'], {
      patterns: ['main.add(a, b int64) (sum int64)', 'sidespan.test/assembly/threadlocal._Cfunc_touch'],
      onCall(call) {
        if (call.arguments.length === 1) {
          inC += `${valueLine(call.arguments[0]!)} → ${valueLine(call.results[0]!)}`;
          return;
        }
        const [a, b] = call.arguments.map(({ value }) => Number(value));
        const sum = Number(call.results[0]?.value);
        if (b !== 1000 || sum !== a! + 1000) wrong ||= JSON.stringify(call);
      },
    });
    const seen = run.functions.get('main.add')!;
    assert.deepEqual(tallyOf(seen), run.report.functions['main.add'], JSON.stringify(seen));
    assert.equal(unaccounted(seen), 0, JSON.stringify(seen));
    assert.equal(wrong, '');
    assert.match(inC, build.env ? /^p0 INT \S+_Ctype_int = 7 → r1 INT \S+_Ctype_int = 1$/ : /^$/);
  });
}
