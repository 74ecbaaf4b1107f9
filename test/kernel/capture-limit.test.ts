import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import { goTarget } from '../support/go-target.ts';
import { tallyOf, traceToEnd, unaccounted } from '../support/traced-target.ts';

test('over the limit of captures a second, calls are paired and counted, and say why there are no values', {
  timeout: 120_000,
}, async (t) => {
  const capturesPerSecond = 50;
  const calls = 20_000;
  const wrong: Call[] = [];
  const values = new Map<string, { captured: number; not: number; from: number; to: number }>();
  const run = await traceToEnd(t, await goTarget('exact'), ['-calls', String(calls), '-goroutines', '64'], {
    patterns: ['main.Traced', 'main.Deep'],
    capturesPerSecond,
    onCall(call, name) {
      const all = [...call.arguments, ...call.results];
      const not = all.filter(({ unavailable }) => unavailable === 'capture limit').length;
      // All or none: what was decided at the entry holds for the results.
      if (not !== 0 && not !== all.length) wrong.push(call);
      if (not === 0 && all.some(({ unavailable }) => unavailable !== undefined)) wrong.push(call);
      const second = call.start[0];
      const seen = values.get(name) ?? { captured: 0, not: 0, from: second, to: second };
      if (not === 0) seen.captured += 1;
      else seen.not += 1;
      values.set(name, { ...seen, from: Math.min(seen.from, second), to: Math.max(seen.to, second) });
    },
  });
  assert.deepEqual(wrong.slice(0, 3), []);
  for (const name of ['main.Traced', 'main.Deep']) {
    const seen = run.functions.get(name)!;
    assert.deepEqual(tallyOf(seen), run.report.functions[name], name);
    assert.equal(unaccounted(seen), 0, name);
    const { captured, not, from, to } = values.get(name)!;
    assert.equal(seen.ringFull + seen.argumentsRingFull, 0, 'the ring holds them all');
    assert.equal(captured + not, seen.seen);
    assert.equal(not, seen.notCaptured, 'as the kernel counted them');
    // A call's time is taken after its capture, maybe in the next second.
    assert.ok(captured >= capturesPerSecond && captured <= capturesPerSecond * (to - from + 2), `${name}: ${captured}`);
  }
});
