import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { exportTo, requestProbe, spansAtReceiver } from './exported.ts';
import { assertAllAnswered, sendLoad, startAgent, startServer } from './running-agent.ts';

test('a receiver that comes up late gets everything', async (context) => {
  const probe = await startOtlpSink();
  const { http } = probe;
  await probe.stop();
  const server = await startServer(context, await goTarget('httpserver'));
  const agent = startAgent(context, {
    SIDESPAN_TARGET_PID: `${server.pid}`,
    ...exportTo({ http, grpc: '' }, 'http/protobuf'),
    OTEL_METRICS_EXPORTER: 'none',
  });
  await agent.untilAttached(server.pid);
  assertAllAnswered(await sendLoad(context, server.address, ['/hello'], 300), 300);
  await agent.until(/nothing listens on .*; trying again/);
  await using sink = await startOtlpSink({ http });
  await spansAtReceiver(sink, 300);
  assert.equal((await agent.stop()).code, 0);
  assert.equal(requestProbe(agent).exported, 300);
});

test('a receiver that hangs: bounded queue, counted drops, bounded memory, an undisturbed service', async (context) => {
  await using sink = await startOtlpSink();
  await sink.behave({ mode: 'hang' });
  const server = await startServer(context, await goTarget('httpserver'));
  const agent = startAgent(context, {
    SIDESPAN_TARGET_PID: `${server.pid}`,
    ...exportTo(sink, 'http/protobuf'),
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_MAX_QUEUE_SIZE: '2048',
  });
  await agent.untilAttached(server.pid);
  assertAllAnswered(
    await sendLoad(context, server.address, ['/hello'], 30_000, ['-c', '16', '-timeout', '60s']),
    30_000,
  );
  const status = readFileSync(`/proc/${agent.pid}/status`, 'utf8');
  const residentKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  // 30,000 kept spans would be some 60 MB more than what the agent takes anyway.
  assert.ok(residentKb < 250_000, `${residentKb} kB`);
  const { code, tookMs } = await agent.stop();
  assert.equal(code, 0);
  assert.ok(tookMs < 8000, `${tookMs} ms`);
  const { seen, exported, dropped } = requestProbe(agent);
  assert.equal(seen, 30_000);
  assert.equal(exported, 0);
  assert.ok((dropped['queue_full'] ?? 0) > 20_000, JSON.stringify(dropped));
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(lost, 30_000, JSON.stringify(dropped));
});
