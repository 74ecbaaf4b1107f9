import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceRandomValues } from './trace-values.ts';

/**
 * `npm run test:truth` runs many more, of a new seed each time, over many versions of Go. The seeds here are fixed: a change
 * is to be blamed for what it breaks, not for what it meets. Those that once found something stay.
 * Up to 1.21 blank parameters are in no debug information.
 */
const runs = [
  // A struct with an array of several elements without a size, which is passed on the stack.
  { functions: 150, seed: 108 },
  // A type parameter that stands for any pointer; time.Time without a descriptor.
  { functions: 80, seed: 1, stripped: true },
  { functions: 60, seed: 21, go: '1.21' },
  { functions: 60, seed: 15, go: '1.15' },
];

for (const { functions, seed, go, stripped } of runs) {
  const build = `Go ${go ?? 'installed'}${stripped ? ', stripped' : ''}`;
  const title = `what random calls pass and return is what Sidespan says of them, ${build}`;
  test(title, { timeout: 300_000 }, async (context) => {
    const { calls, tally } = await traceRandomValues({ functions, seed, go, stripped });
    const said = [...tally.said].map(([reason, count]) => `${count} ${reason}`).join(', ');
    context.diagnostic(`seed ${seed}: ${calls} calls, ${tally.right} values right; said: ${said}`);
    const options = `${go === undefined ? '' : ` --versions ${go}`}${stripped ? ' --stripped' : ''}`;
    assert.deepEqual(tally.wrong, [], `npm run test:truth -- values${options} --functions ${functions} --seed ${seed}`);
    assert.equal(calls, functions);
    assert.ok(tally.right > 3 * functions, String(tally.right));
  });
}
