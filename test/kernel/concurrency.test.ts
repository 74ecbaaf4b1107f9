import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { type AgentSummary, dropped, startTracedService } from '../support/traced-service.ts';
import { type TargetReport, traceTarget, unaccounted } from '../support/traced-target.ts';

const parked = 10_000;

function probeOf({ probes }: AgentSummary, name: string) {
  const probe = probes.find(({ functionName }) => functionName === name);
  assert.ok(probe, `${name} is in the summary`);
  return probe;
}

test('calls that began before attaching or still run at detaching have names of their own', async (t) => {
  const wrong: string[] = [];
  const target = await traceTarget(t, await goTarget('parked'), ['-goroutines', String(parked)], {
    patterns: ['main.Park', 'main.Inner'],
    onCall({ arguments: given, results, goid }, name) {
      const number = given.find((value) => value.name === 'number')?.value;
      if (results[0]?.value !== number) wrong.push(`${name} on g${goid}: ${number} became ${results[0]?.value}`);
    },
  });
  const step = async (name: string) => {
    target.tell(name);
    assert.equal(await target.line(), name);
  };
  await step('more');
  const open = target.tracer.kernel.openCalls(target.process.slot, { forget: false });
  assert.equal(open.goroutines, parked);
  await step('first');
  await step('half');
  const { functions, undecodable } = target.detach();
  target.tell('rest');
  const report = JSON.parse(await target.line()) as TargetReport;

  assert.equal(report.functions['main.Park']?.returned, 2 * parked, 'the program did its work');
  const park = functions.get('main.Park')!;
  assert.equal(park.seen, parked);
  assert.equal(park.enteredBefore, parked);
  assert.equal(park.ended[0], parked / 2);
  assert.equal(park.stillRunning, parked / 2);
  const inner = functions.get('main.Inner')!;
  assert.deepEqual(
    [inner.seen, inner.enteredBefore, inner.ended[0], inner.stillRunning],
    [parked, 0, parked / 2, parked / 2],
  );
  assert.deepEqual([unaccounted(park), unaccounted(inner)], [0, 0]);
  assert.deepEqual(wrong.slice(0, 5), []);
  assert.deepEqual(undecodable, []);
});

test("the agent's summary says the same", async (t) => {
  const service = await startTracedService(t, await goTarget('parked'), {
    args: ['-goroutines', String(parked)],
    functions: ['main.Park'],
  });
  for (const name of ['more', 'first', 'half']) {
    service.tell(name);
    assert.equal(await service.line(), name);
  }
  const { summary, spans } = await service.stopAgent();
  const { seen, exported, sampledOut, stillRunning, enteredBeforeAttach, ...rest } = probeOf(summary, 'main.Park');
  assert.deepEqual(
    { seen, exported, sampledOut, stillRunning, enteredBeforeAttach, dropped: rest.dropped },
    {
      seen: parked,
      exported: parked / 2,
      sampledOut: 0,
      stillRunning: parked / 2,
      enteredBeforeAttach: parked,
      dropped: {},
    },
  );
  assert.equal(spans.length, parked / 2);
  assert.equal(summary.balanced, true);
});

test('a full table of goroutines costs only the calls that find no room', async (t) => {
  const service = await startTracedService(t, await goTarget('parked'), {
    args: ['-goroutines', '1000'],
    functions: ['main.Park', 'main.Inner'],
    env: { SIDESPAN_MAX_GOROUTINES: '64' },
  });
  for (const name of ['first', 'more', 'half']) {
    service.tell(name);
    assert.equal(await service.line(), name);
  }
  service.tell('rest');
  const report = JSON.parse(await service.line()) as TargetReport;
  const { summary } = await service.stopAgent();

  assert.equal(report.functions['main.Park']?.returned, 2000);
  for (const name of ['main.Park', 'main.Inner']) {
    const probe = probeOf(summary, name);
    assert.equal(probe.seen, 1000, name);
    assert.equal(probe.seen, probe.exported + dropped(probe) + probe.stillRunning, JSON.stringify(probe));
    assert.equal(probe.stillRunning, 0, name);
    assert.ok((probe.dropped['goroutine_table_full'] ?? 0) >= 1000 - 2 * 64, JSON.stringify(probe));
    assert.ok(probe.exported >= 32, JSON.stringify(probe));
  }
  assert.equal(probeOf(summary, 'main.Park').enteredBeforeAttach, 1000);
  assert.equal(probeOf(summary, 'main.Inner').enteredBeforeAttach, 0);
  assert.equal(summary.balanced, true);
});

const isGoroutineTime = (attribute: string) =>
  /^sidespan\.goroutine\.(running|runnable|syscall|blocked\.)/.test(attribute);

test('a full ring costs only the calls that find no room', { timeout: 120_000 }, async (t) => {
  const calls = 50_000;
  const service = await startTracedService(t, await goTarget('exact'), {
    args: ['-calls', String(calls), '-goroutines', '64'],
    functions: ['main.Traced', 'main.Leaf'],
    env: { SIDESPAN_RING_BYTES: '65536', SIDESPAN_GOROUTINE_TIMES: 'on', OTEL_METRICS_EXPORTER: 'otlp' },
  });
  service.tell();
  const report = JSON.parse(await service.line()) as TargetReport;
  const { summary, spans, metrics } = await service.stopAgent();

  assert.equal(report.functions['main.Traced']?.returned, calls, 'the program did its work');
  for (const name of ['main.Traced', 'main.Leaf']) {
    const probe = probeOf(summary, name);
    assert.equal(probe.seen, report.functions[name]?.calls, name);
    // From the next look at the ring on, fewer traces are kept.
    assert.equal(probe.seen, probe.exported + probe.sampledOut + dropped(probe), JSON.stringify(probe));
    assert.deepEqual([probe.stillRunning, probe.enteredBeforeAttach], [0, 0], name);
    const own = spans.filter((span) => span.name === name);
    assert.equal(own.length, probe.exported, name);
    // The record of a call may have found room where that of its times did not, or neither.
    const without = own.filter(({ attributes }) => !Object.keys(attributes).some(isGoroutineTime)).length;
    const lost = (reason: string) => probe.incomplete[`goroutine_times_${reason}`] ?? 0;
    const timesLost = lost('ring_full') + lost('no_room');
    assert.ok(timesLost >= without && timesLost <= without + dropped(probe), JSON.stringify({ probe, without }));
    const durations = metrics.filter(
      (point) => point.name === 'sidespan.function.duration' && point.attributes['code.function.name'] === name,
    );
    // Calls whose record was lost have no attributes.
    const counted = durations.reduce((sum, { count = 0 }) => sum + count, 0);
    assert.equal(counted + (probe.dropped['ring_full'] ?? 0), probe.seen, name);
  }
  assert.ok((probeOf(summary, 'main.Traced').dropped['ring_full'] ?? 0) > 0, 'the ring was full');
  assert.equal(summary.balanced, true);
});

test('a queue that is full drops by that name', { timeout: 120_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('exact'), {
    args: ['-calls', '20000', '-goroutines', '64'],
    functions: ['main.Traced'],
    env: { OTEL_BSP_MAX_QUEUE_SIZE: '512', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '128', SIDESPAN_RING_BYTES: '33554432' },
  });
  service.tell();
  const report = JSON.parse(await service.line()) as TargetReport;
  const { summary, spans } = await service.stopAgent();
  const probe = probeOf(summary, 'main.Traced');
  assert.equal(probe.seen, report.functions['main.Traced']?.calls);
  assert.equal(probe.seen, probe.exported + dropped(probe), JSON.stringify(probe));
  assert.ok((probe.dropped['queue_full'] ?? 0) > 0, JSON.stringify(probe));
  assert.equal(spans.length, probe.exported);
  assert.equal(summary.balanced, true);
});
