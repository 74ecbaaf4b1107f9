import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceRandomValues } from './trace-values.ts';

/** `npm run test:truth` runs many more, over many versions of Go. */
const functions = 150;

test('what random calls pass and return is what Sidespan says of them', { timeout: 300_000 }, async (context) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { calls, tally } = await traceRandomValues({ functions, seed });
  const said = [...tally.said].map(([reason, count]) => `${count} ${reason}`).join(', ');
  context.diagnostic(`seed ${seed}: ${calls} calls, ${tally.right} values right; said: ${said}`);
  assert.deepEqual(tally.wrong, [], `npm run test:truth -- values --functions ${functions} --seed ${seed}`);
  assert.equal(calls, functions);
  assert.ok(tally.right > 5 * functions, String(tally.right));
});
