import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { nothingCaptured, tallyOf, traceToEnd, unaccounted } from '../support/traced-target.ts';

const functions = ['main.Traced', 'main.Leaf', 'main.Deep'];

// `npm run bench` makes the million: beside other work on two cores it takes more than a minute.
// With one slot nearly all goroutines have their entries in the hash table.
for (const { calls, build, goroutineSlots } of [
  { calls: 300_000, build: {}, goroutineSlots: 4096 },
  { calls: 100_000, build: { go: '1.22' }, goroutineSlots: 1 },
  { calls: 50_000, build: { go: '1.15' }, goroutineSlots: 4096 },
]) {
  test(`${calls} calls from 64 goroutines are all counted, slots: ${goroutineSlots}, ${JSON.stringify(build)}`, {
    timeout: 240_000,
  }, async (t) => {
    const executable = await goTarget('exact', build);
    const run = await traceToEnd(t, executable, ['-calls', String(calls), '-goroutines', '64'], {
      patterns: functions,
      limits: nothingCaptured,
      goroutineSlots,
    });

    assert.equal(run.report.functions['main.Traced']?.calls, calls);
    for (const name of functions) {
      const seen = run.functions.get(name)!;
      assert.deepEqual(tallyOf(seen), run.report.functions[name], `${name}: ${JSON.stringify(seen)}`);
      assert.equal(unaccounted(seen), 0, `${name}: ${JSON.stringify(seen)}`);
      assert.equal(seen.enteredBefore, 0, name);
      assert.equal(seen.stillRunning, 0, name);
    }
    assert.deepEqual(run.undecodable, []);
    // Both grow their goroutine's stack at their entry: run twice from the start, counted once.
    for (const name of ['main.Traced', 'main.Deep']) assert.ok(run.functions.get(name)!.restarts > 0, name);
    assert.equal(run.functions.get('main.Leaf')!.restarts, 0);
  });
}

// With one slot the arguments find no place to wait for the call's end: they are sent ahead.
for (const { build, calls, goroutineSlots } of [
  { build: {}, calls: 50_000, goroutineSlots: 4096 },
  { build: {}, calls: 20_000, goroutineSlots: 1 },
  { build: { go: '1.16' }, calls: 50_000, goroutineSlots: 4096 },
]) {
  test(`arguments and results belong to their call, slots: ${goroutineSlots}, ${JSON.stringify(build)}`, {
    timeout: 240_000,
  }, async (t) => {
    const wrong: string[] = [];
    let failures = 0;
    const run = await traceToEnd(t, await goTarget('exact', build), ['-calls', String(calls), '-goroutines', '64'], {
      patterns: ['main.Traced'],
      goroutineSlots,
      onCall(call) {
        const [number, label, parts] = call.arguments.map(({ value }) => value);
        const [double, error] = call.results.map(({ value }) => value);
        const fails = Number(number) % 100 === 0;
        if (fails) failures += 1;
        const right =
          label === 'label' &&
          JSON.stringify(parts) === '[1,2,3]' &&
          double === (fails ? 0 : Number(number) * 2 + 8) &&
          error === (fails ? 'every hundredth call fails' : null);
        if (!right && wrong.length < 5)
          wrong.push(JSON.stringify({ arguments: call.arguments, results: call.results }));
      },
    });
    const seen = run.functions.get('main.Traced')!;
    assert.deepEqual(wrong, []);
    assert.equal(unaccounted(seen), 0);
    assert.equal(seen.ended[0], calls);
    if (seen.ringFull + seen.argumentsRingFull === 0) assert.equal(failures, run.report.extra?.['failures']);
  });
}
