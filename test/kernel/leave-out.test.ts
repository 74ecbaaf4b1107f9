/** Probes are taken out of a running process, and put back: the others' calls are counted once each meanwhile. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { goTarget } from '../support/go-target.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';
import { nothingCaptured, type TargetReport, tallyOf, traceTarget, unaccounted } from '../support/traced-target.ts';
import { functions } from './http-counts.ts';

test('taking one out and putting it back loses and doubles no call of the others', { timeout: 120_000 }, async (t) => {
  const calls = 150_000;
  const rounds = 4;
  const target = await traceTarget(t, await goTarget('exact'), ['-calls', String(calls), '-goroutines', '16'], {
    patterns: ['main.Traced', 'main.Leaf', 'main.Deep'],
    limits: nothingCaptured,
  });
  const { process, tracer } = target;
  const leaf = process.plan.probes.findIndex(({ description }) => description.functionName === 'main.Leaf');
  const seenOfLeaf = () => tracer.counters(process)[leaf]!.seen;
  target.tell();
  const line = target.line();
  // Two seconds; the program takes longer.
  for (let round = 0; round < rounds; round++) {
    await pause(60);
    process.hush(new Set([leaf]));
    await pause(60);
    process.leaveOut(new Set([leaf]));
    const out = seenOfLeaf();
    await pause(30);
    assert.equal(seenOfLeaf(), out, 'it is out');
    process.leaveOut(new Set());
  }
  const report = JSON.parse(await line) as TargetReport;
  const { functions: seen, undecodable } = target.detach();
  for (const name of ['main.Traced', 'main.Deep']) {
    const each = seen.get(name)!;
    assert.deepEqual(tallyOf(each), report.functions[name], `${name}: ${JSON.stringify(each)}`);
    assert.equal(unaccounted(each), 0, JSON.stringify(each));
    assert.equal(each.enteredBefore + each.stillRunning + each.ended[4], 0, JSON.stringify(each));
  }
  const leafSeen = seen.get('main.Leaf')!;
  assert.ok(leafSeen.seen < report.functions['main.Leaf']!.calls);
  assert.ok(leafSeen.seen > 0);
  assert.deepEqual(undecodable, []);
});

test('a function over the CPU budget is taken out, and said; requests are all seen', { timeout: 60_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), {
    functions,
    env: { SIDESPAN_CPU_BUDGET: '0.1%', OTEL_TRACES_SAMPLER: 'always_off' },
  });
  const load = ['-url', `http://${service.address}/greet/ada`, '-n', '20000', '-rate', '5000', '-c', '8'];
  await promisify(execFile)(await goTarget('load'), load);
  const { summary, log } = await service.stopAgent();
  assert.match(log, /main\.Greeting is not traced for 30 s: [\d,]+ calls a second took \d+\.\d% of a core \(BPF/);
  assert.equal(summary.balanced, true);
  const requests = summary.probes.find(({ kind }) => kind === 'http.server');
  assert.ok(requests);
  assert.equal(requests.seen, 20_000);
  for (const probe of summary.probes) {
    assert.equal(dropped(probe), 0, JSON.stringify(probe));
    if (probe.kind !== 'function') continue;
    assert.ok(probe.seen > 0 && probe.seen < 20_000, JSON.stringify(probe));
    assert.equal(probe.pauses, 1);
    assert.ok(probe.pausedSince !== undefined);
  }
});
