/** Metrics say the same of calls, sampled or not. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { goTarget } from '../support/go-target.ts';
import type { SinkPoint } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { startTracedService } from '../support/traced-service.ts';
import { functions } from './http-counts.ts';
import { assertWhole, durations, load, metricsToSink, paths } from './metric-counts.ts';

const run = promisify(execFile);

/** What a metric says of calls, but for ports, which differ from run to run. */
function outcomes(points: readonly SinkPoint[], quantity: 'count' | 'value' = 'count'): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name, attributes, ...point } of points) {
    const count = point[quantity] ?? 0;
    const { 'server.port': port, ...rest } = attributes;
    const known = Object.entries({ ...rest, port: port !== undefined });
    const key = `${name} ${known
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(' ')}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

test('clients and servers, HTTP/1.1, HTTP/2, TLS: metrics say the same of what is not sampled', {
  timeout: 120_000,
}, async (t) => {
  const observed = async (sampler: string) => {
    const service = await startTracedService(t, await goTarget('httpclient'), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler },
    });
    service.tell('3');
    await service.line();
    const result = await service.stopAgent();
    assert.equal(result.summary.balanced, true);
    const points = result.metrics.filter(({ name }) => /^http\.(client|server)\.request\.duration$/.test(name));
    assertWhole(points);
    const sizes = result.metrics.filter(({ name }) =>
      /^http\.(client|server)\.(request|response)\.body\.size$/.test(name),
    );
    assertWhole(sizes);
    return {
      outcomes: outcomes(points),
      sized: outcomes(sizes),
      bytes: outcomes(sizes, 'value'),
      spans: result.spans.length,
    };
  };
  const on = await observed('always_on');
  const off = await observed('always_off');
  assert.ok(on.spans > 50);
  assert.equal(off.spans, 0);
  assert.deepEqual(off.outcomes, on.outcomes);
  assert.deepEqual(off.sized, on.sized);
  assert.deepEqual(off.bytes, on.bytes);
});

test('gRPC: metrics say the same of what is not sampled', { timeout: 120_000 }, async (t) => {
  const kinds = 'ok,notfound,unknown,download,upload,chat';
  const observed = async (sampler: string) => {
    const service = await startTracedService(t, await goTarget('grpcserver'), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler },
    });
    await run(await goTarget('grpcserver/grpcload'), ['-target', service.address, '-n', '140', '-kinds', kinds]);
    const result = await service.stopAgent();
    assert.equal(result.summary.balanced, true);
    const points = durations(result, 'rpc.server.call.duration');
    assertWhole(points);
    return outcomes(points);
  };
  assert.deepEqual(await observed('always_off'), await observed('always_on'));
});

for (const sampler of ['always_on', 'always_off']) {
  test(`requests that are open are active, ${sampler}`, { timeout: 60_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver'), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler, OTEL_METRIC_EXPORT_INTERVAL: '200' },
    });
    const agent = new Agent({ keepAlive: true });
    const open = Array.from({ length: 12 }, () => get(`http://${service.address}/sleep?for=60s`, { agent }));
    for (const request of open) request.on('error', () => {});
    const active = async () =>
      (await service.metrics())
        .filter(({ name }) => name === 'http.server.active_requests')
        .map(({ attributes, value }) => [attributes['http.request.method'], attributes['url.scheme'], value]);
    await eventually(active, (points) => points.some(([, , value]) => value === 12));
    assert.deepEqual(await active(), [['GET', 'http', 12]]);
    for (const request of open) request.destroy();
    await eventually(active, (points) => points.every(([, , value]) => value === 0));
    await service.stopAgent();
  });
}

test('exemplars are spans that were exported, of the value that they have', { timeout: 60_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), { functions, env: metricsToSink });
  await load(service, 500, [], [...paths, '/sleep?for=30ms']);
  const { metrics, spans } = await service.stopAgent();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const points = metrics.filter(({ name }) => name === 'http.server.request.duration');
  let found = 0;
  for (const { attributes, buckets = [], exemplars = [] } of points) {
    assert.equal(exemplars.length, buckets.filter((count) => count > 0).length, 'one for each bucket');
    for (const { traceId, spanId, value, unixNs } of exemplars) {
      const span = byId.get(spanId);
      assert.ok(span, `${spanId} was not exported`);
      assert.equal(span.traceId, traceId);
      assert.equal(span.attributes['http.route'], attributes['http.route']);
      assert.ok(Math.abs(value * 1e9 - span.durationNs) < 1);
      assert.equal(BigInt(unixNs), BigInt(span.startUnixNs) + BigInt(span.durationNs));
      found++;
    }
  }
  assert.ok(found >= points.length);
});
