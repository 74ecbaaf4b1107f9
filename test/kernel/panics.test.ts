import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sidespan } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { tracedCalls, traceJson } from '../support/trace-json.ts';
import {
  nothingCaptured,
  type TargetReport,
  tallyOf,
  traceTarget,
  traceToEnd,
  unaccounted,
} from '../support/traced-target.ts';

const rounds = 60;

for (const go of ['1.15', '1.17', '1.19', '1.21', '1.22', '1.24', '1.26']) {
  test(`calls that panics and Goexit end are counted as such, Go ${go}`, { timeout: 120_000 }, async (t) => {
    const run = await traceToEnd(t, await goTarget('panics', { go }), ['-rounds', String(rounds)], {
      goroutineSlots: go === '1.24' ? 1 : 4096,
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

test('panics below more open calls than are kept leave nothing behind', { timeout: 120_000 }, async (t) => {
  const target = await traceTarget(t, await goTarget('panics'), ['-rounds', '2', '-deeper', '4500', '-hold'], {
    patterns: ['main.recoverFrom', 'main.descend', 'main.leave', 'main.steady'],
    limits: nothingCaptured,
  });
  target.tell();
  const report = JSON.parse(await target.line()) as TargetReport;
  const { goroutines } = target.tracer.kernel.openCalls(target.process.slot, { forget: false });
  assert.equal(goroutines, 0, 'goroutines that are still known to the kernel, though none has an open call');
  const { functions } = target.detach();
  for (const [name, seen] of functions) {
    assert.equal(seen.seen, report.functions[name]?.calls, name);
    assert.equal(unaccounted(seen), 0, `${name}: ${JSON.stringify(seen)}`);
    assert.deepEqual([seen.enteredBefore, seen.stillRunning], [0, 0], name);
  }
  for (const name of ['main.descend', 'main.leave']) assert.ok(functions.get(name)!.frameStackFull > 0, name);
  // On the same goroutine, after it.
  for (const name of ['main.recoverFrom', 'main.steady']) {
    assert.equal(functions.get(name)!.ended[0], report.functions[name]?.returned, name);
  }
});

test('a call that did not return says how it ended', { timeout: 60_000 }, async () => {
  const { calls, stderr } = traceJson(['main.*'], [await goTarget('panics'), '-rounds', '2', '-now']);
  const endsOf = (name: string) =>
    new Set(calls.filter(({ funcName }) => funcName === name).map(({ ended }) => ended ?? 'returned'));
  assert.deepEqual([...endsOf('main.explode')], ['panic'], stderr);
  assert.deepEqual([...endsOf('main.descend')], ['panic']);
  assert.deepEqual([...endsOf('main.leave')], ['goexit']);
  assert.deepEqual([...endsOf('main.recoverFrom')], ['returned']);
  assert.deepEqual([...endsOf('main.quietly')], ['returned']);

  for (const call of calls.filter(({ funcName }) => funcName === 'main.explode')) {
    assert.equal(call.args[0]?.value, call.args[0]?.value === 1 ? 1 : 0, 'its arguments are still its own');
    assert.ok(call.latency >= 0);
  }
  // The results of a call that never returned are not what happened to be in the registers.
  for (const call of calls.filter(({ funcName }) => funcName === 'main.divide')) {
    assert.deepEqual(call.results, [{ name: '', type: 'INT', goType: 'int', unavailable: 'panic' }]);
  }
});

test('deferred functions that run during a panic are paired, and so is what recovers', {
  timeout: 60_000,
}, async () => {
  const { calls } = traceJson(['main.*'], [await goTarget('panics'), '-rounds', '3', '-now']);
  const recovered = calls.filter(({ funcName }) => funcName === 'main.recoverFrom');
  assert.equal(recovered.length, 3 * 7);
  for (const call of recovered) {
    assert.match(String(call.results[0]?.value), /^recovered: /);
  }
  // The deferred function of each: it runs on top of the calls that the panic is about to end, and returns.
  const deferred = calls.filter(({ funcName }) => funcName === 'main.recoverFrom.func1');
  assert.equal(deferred.length, recovered.length);
  assert.ok(deferred.every(({ ended }) => ended === undefined));
  // On one goroutine nothing is open when the next case begins: `steady` is never below another call but main's.
  const steady = calls.filter(({ funcName }) => funcName === 'main.steady');
  assert.equal(steady.length, 3 * 8);
  assert.deepEqual(
    steady.map(({ results }) => results[0]?.value),
    [1, 2, 3].flatMap((next) => Array<number>(8).fill(next)),
  );
});

for (const build of [{ go: '1.15' }, { ldflags: '-s -w' }]) {
  test(`what a call panicked with, and where, ${JSON.stringify(build)}`, { timeout: 60_000 }, async () => {
    const program = [await goTarget('panics', build), '-rounds', '1', '-now', '-crash'];
    const { code, stdout, stderr } = sidespan(['trace', '--json', 'main.*', '--', ...program]);
    assert.equal(code, 2, stderr);
    const calls = tracedCalls(stdout);
    const of = (name: string) =>
      calls.filter(({ funcName, ended }) => funcName === name && ended === 'panic').map(({ panic }) => panic);
    assert.deepEqual(
      of('main.nilPointer').map((panic) => [panic?.goType, panic?.value]),
      [['runtime.errorString', 'runtime error: invalid memory address or nil pointer dereference']],
    );
    // Not the panic of a deferred call that it recovered from meanwhile.
    assert.deepEqual(
      of('main.recoverInside').map((panic) => panic?.stack.match(/^main\.quietly\(/m)),
      [null],
    );
    assert.deepEqual(
      of('main.repanic').map((panic) => panic?.value),
      ['again: exploded'],
    );
    // The last one, with which the process ended.
    const last = of('main.explode').at(-1);
    const [, ...lines] = last?.stack.split('\n').filter((line) => !line.startsWith('\t')) ?? [];
    assert.deepEqual(
      lines.slice(0, 5).map((line) => line.replace('(...)', '')),
      ['main.explode', ...['main.descend', 'main.descend', 'main.descend', 'main.main']],
    );
    assert.match(last?.stack ?? '', /^main\.explode\(\.\.\.\)\n\t.*\/main\.go:\d+$/m);
    assert.equal(calls.at(-1)?.funcName, 'main.main');
    assert.equal(calls.at(-1)?.ended, 'panic');
  });
}
