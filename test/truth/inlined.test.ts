import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceInlined } from './trace-inlined.ts';

/** One from before the compiler speculates, and one from after. `npm run test:truth -- inlined` runs many more. */
for (const go of ['1.19', '1.27']) {
  test(`inlined calls are counted exactly or said to be uncountable, Go ${go}`, {
    timeout: 300_000,
  }, async (context) => {
    const truth = await traceInlined(context, { go, functions: 40, seed: 7 });
    const { copies, counted, compared, calls, reasons, wrong } = truth;
    const said = [...reasons].map(([reason, places]) => `${places} ${reason}`).join(', ');
    context.diagnostic(`${counted} of ${copies} counted, ${compared} compared, ${calls} calls; said: ${said}`);
    assert.deepEqual(wrong, []);
    assert.ok(counted > copies / 2, `${counted} of ${copies}`);
    assert.ok(compared > 200 && calls > 1000, `${compared} compared, ${calls} calls`);
  });
}
