import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { assertCodeUntouched, assertReleased, changedCode, heldBy } from './left-behind.ts';
import { assertAllAnswered, sendLoad, startAgent, startLoad, startServer } from './running-agent.ts';

const functions = 'main.Greeting;main.Capitalize';
const paths = ['/hello', '/greet/guest'];

/** Load that takes some time, but no more CPU than a shared machine can give. */
const spread = ['-c', '8', '-rate', '1500', '-timeout', '60s'];

test('killed under load, 20 times in a row: every request is answered and no probe is left', async (context) => {
  const server = await startServer(context, await goTarget('httpserver'));
  assert.deepEqual(changedCode(server.pid), []);
  for (let round = 1; round <= 20; round++) {
    const agent = startAgent(context, { SIDESPAN_TARGET_PID: `${server.pid}`, SIDESPAN_FUNCTIONS: functions });
    const load = await startLoad(context, server.address, paths, 3000, spread);
    await agent.untilAttached(server.pid);
    assert.notEqual(changedCode(server.pid).length, 0, 'probes are in the code while the agent runs');
    const held = heldBy(agent.pid);
    assert.ok(held.links.length > 0 && held.programs.length > 0);
    // At a different moment of the load each time.
    await sleep(round * 10);
    const { signal } = await agent.stop('SIGKILL');
    assert.equal(signal, 'SIGKILL');
    assertAllAnswered(await load.ended, 3000);
    await assertCodeUntouched(server.pid);
    await assertReleased(held);
  }
  assert.equal(server.child.exitCode, null);
});

test('killed at any moment of its start: every request is answered and no probe is left', async (context) => {
  const server = await startServer(context, await goTarget('httpserver'));
  const load = await startLoad(context, server.address, paths, 12_000, [...spread.slice(0, 2), '-rate', '800']);
  // From before it reads its settings until after it has attached.
  for (let delayMs = 40; delayMs <= 1240; delayMs += 100) {
    const agent = startAgent(context, { SIDESPAN_TARGET_PID: `${server.pid}`, SIDESPAN_FUNCTIONS: 'main.*' });
    await sleep(delayMs);
    const held = heldBy(agent.pid);
    await agent.stop('SIGKILL');
    await assertCodeUntouched(server.pid);
    await assertReleased(held);
  }
  assertAllAnswered(await load.ended, 12_000);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} under load: flushed, balanced, within 5 s, no probe left`, async (context) => {
    await using sink = await startOtlpSink();
    const server = await startServer(context, await goTarget('httpserver'));
    const agent = startAgent(context, {
      SIDESPAN_TARGET_PID: `${server.pid}`,
      SIDESPAN_FUNCTIONS: functions,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${sink.http}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    });
    await agent.untilAttached(server.pid);
    const held = heldBy(agent.pid);
    const load = await startLoad(context, server.address, paths, 6000, spread);
    await sleep(2000);
    const { code, tookMs } = await agent.stop(signal);
    assert.equal(code, 0, agent.log());
    // The bound is part of what is promised: orchestrators kill after it.
    assert.ok(tookMs < 5000, `${tookMs} ms`);
    await assertCodeUntouched(server.pid);
    await assertReleased(held);

    const { balanced, probes } = agent.summary();
    assert.equal(balanced, true);
    const sum = (pick: (probe: (typeof probes)[number]) => number) => probes.reduce((total, p) => total + pick(p), 0);
    assert.ok(sum((probe) => probe.seen) > 0);
    assert.deepEqual(
      probes.map(({ dropped }) => dropped),
      probes.map(() => ({})),
    );
    assert.equal(
      sum((probe) => probe.seen),
      sum((probe) => probe.exported + probe.sampledOut + probe.stillRunning),
    );
    assert.equal(
      (await sink.state()).distinctSpans,
      sum((probe) => probe.exported),
    );
    assert.equal(
      (await sink.state()).spans,
      sum((probe) => probe.exported),
      'none twice',
    );
    assertAllAnswered(await load.ended, 6000);
  });
}

test('the service dies while it is traced: what it did is exported, and the agent goes on', async (context) => {
  await using sink = await startOtlpSink();
  const server = await startServer(context, await goTarget('httpserver'));
  const agent = startAgent(context, {
    SIDESPAN_TARGET_PID: `${server.pid}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${sink.grpc}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  });
  await agent.untilAttached(server.pid);
  assertAllAnswered(await sendLoad(context, server.address, ['/hello'], 500), 500);
  server.child.kill('SIGKILL');
  await agent.until(new RegExp(`pid ${server.pid}\\) ended`));
  assert.equal(agent.child.exitCode, null, 'the agent is still there');
  assert.equal((await agent.stop()).code, 0);
  const { balanced, probes } = agent.summary();
  assert.equal(balanced, true);
  assert.equal(probes.find(({ kind }) => kind === 'http.server')?.exported, 500);
  assert.equal((await sink.state()).distinctSpans, 500);
});

test('service and agent end at the same moment, in any order', async (context) => {
  for (const gapMs of [-30, -5, 0, 0, 5, 30]) {
    const server = await startServer(context, await goTarget('httpserver'));
    const agent = startAgent(context, { SIDESPAN_TARGET_PID: `${server.pid}`, SIDESPAN_FUNCTIONS: functions });
    await agent.untilAttached(server.pid);
    const held = heldBy(agent.pid);
    assertAllAnswered(await sendLoad(context, server.address, paths, 200), 200);
    const serverEnded = once(server.child, 'exit');
    if (gapMs < 0) {
      server.child.kill('SIGKILL');
      await sleep(-gapMs);
    }
    const ended = agent.stop();
    if (gapMs >= 0) {
      await sleep(gapMs);
      server.child.kill('SIGKILL');
    }
    await serverEnded;
    assert.equal((await ended).code, 0, agent.log());
    assert.equal(agent.summary().balanced, true, agent.log());
    await assertReleased(held);
  }
});
