import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import { mainFile } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { traceJson } from '../support/trace-json.ts';
import { tallyOf, traceToEnd, unaccounted } from '../support/traced-target.ts';

const rounds = 60;

for (const go of ['1.22', '1.24', '1.26']) {
  test(`calls that panics and Goexit end are counted as such, Go ${go}`, { timeout: 120_000 }, async (t) => {
    const open = new Map<number, Call[]>();
    const run = await traceToEnd(t, await goTarget('panics', { go }), ['-rounds', String(rounds)], {
      patterns: [
        'main.recoverFrom',
        'main.descend',
        'main.explode',
        'main.repanic',
        'main.recoverInside',
        'main.panicInDefer',
        'main.nilPointer',
        'main.outOfRange',
        'main.divide',
        'main.leave',
        'main.quietly',
        'main.abort',
        'main.steady',
      ],
      onCall(call) {
        const calls = open.get(call.goid) ?? [];
        open.set(call.goid, calls);
        calls.push(call);
      },
    });
    for (const [name, tally] of Object.entries(run.report.functions)) {
      const seen = run.functions.get(name);
      assert.ok(seen, `${name} is traced`);
      assert.deepEqual(tallyOf(seen), tally, `${name}: ${JSON.stringify(seen)}`);
      assert.equal(unaccounted(seen), 0, name);
      assert.equal(seen.stillRunning, 0, `${name}: open at the end`);
      assert.equal(seen.enteredBefore, 0, name);
    }
    assert.deepEqual(run.undecodable, []);
  });
}
