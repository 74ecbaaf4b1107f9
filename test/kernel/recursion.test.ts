import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { nothingCaptured, tallyOf, traceToEnd, unaccounted } from '../support/traced-target.ts';

const functions = ['main.countdown', 'main.fib', 'main.even', 'main.odd', 'main.(*tree).walk'];

for (const go of ['1.15', '1.22', '1.26']) {
  test(`a thousand open calls on one goroutine are paired, Go ${go}`, { timeout: 120_000 }, async (t) => {
    let wrong = 0;
    let deepest = 0;
    const run = await traceToEnd(t, await goTarget('recursion', { go }), ['-depth', '1500', '-rounds', '4'], {
      patterns: functions,
      onCall(call, name) {
        deepest = Math.max(deepest, call.frameIndex);
        const argument = Number(call.arguments[0]?.value);
        const result = call.results[0]?.value;
        // The result tells which call it is: a wrong partner would show another's argument.
        if (name === 'main.countdown' && result !== argument + 1) wrong += 1;
        if (name === 'main.even' && result !== (argument % 2 === 0)) wrong += 1;
        if (name === 'main.odd' && result !== (argument % 2 === 1)) wrong += 1;
        if (name === 'main.countdown' && call.frameIndex !== 1500 - argument) wrong += 1;
      },
    });
    for (const name of functions) {
      const seen = run.functions.get(name)!;
      assert.deepEqual(tallyOf(seen), run.report.functions[name], `${name}: ${JSON.stringify(seen)}`);
      assert.equal(unaccounted(seen), 0, name);
      assert.equal(seen.ringFull + seen.argumentsRingFull, 0, name);
    }
    assert.equal(wrong, 0);
    assert.equal(deepest, 1500);
  });
}

test('beyond 4096 open calls the rest is counted, and later calls are paired again', {
  timeout: 120_000,
}, async (t) => {
  const rounds = 3;
  const depth = 5000;
  const run = await traceToEnd(t, await goTarget('recursion'), ['-depth', String(depth), '-rounds', String(rounds)], {
    patterns: functions,
    limits: nothingCaptured,
  });
  const seen = (name: string) => run.functions.get(name)!;
  for (const name of functions) {
    assert.equal(seen(name).seen, run.report.functions[name]?.calls, name);
    assert.equal(unaccounted(seen(name)), 0, `${name}: ${JSON.stringify(seen(name))}`);
    assert.equal(seen(name).enteredBefore, 0, `${name}: ${JSON.stringify(seen(name))}`);
    assert.equal(seen(name).stillRunning, 0, name);
  }
  assert.equal(seen('main.countdown').frameStackFull, rounds * (depth + 1 - 4096));
  assert.equal(seen('main.countdown').ended[0], rounds * 4096);
  assert.equal(seen('main.even').frameStackFull + seen('main.odd').frameStackFull, rounds * (depth + 1 - 4096));
  // They come after the overflow, on the same goroutine.
  assert.equal(seen('main.fib').ended[0], seen('main.fib').seen);
  assert.equal(seen('main.(*tree).walk').ended[0], seen('main.(*tree).walk').seen);
});
