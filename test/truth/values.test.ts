import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceRandomValues } from './trace-values.ts';

/** `npm run test:truth` runs many more, over many versions of Go. Up to 1.21 blank parameters are in no debug information. */
const runs = [{ functions: 150 }, { functions: 60, go: '1.21' }, { functions: 60, go: '1.15' }];

for (const { functions, go } of runs) {
  const title = `what random calls pass and return is what Sidespan says of them, Go ${go ?? 'installed'}`;
  test(title, { timeout: 300_000 }, async (context) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const { calls, tally } = await traceRandomValues({ functions, seed, go });
    const said = [...tally.said].map(([reason, count]) => `${count} ${reason}`).join(', ');
    context.diagnostic(`seed ${seed}: ${calls} calls, ${tally.right} values right; said: ${said}`);
    const versions = go === undefined ? '' : ` --versions ${go}`;
    assert.deepEqual(
      tally.wrong,
      [],
      `npm run test:truth -- values${versions} --functions ${functions} --seed ${seed}`,
    );
    assert.equal(calls, functions);
    assert.ok(tally.right > 3 * functions, String(tally.right));
  });
}
