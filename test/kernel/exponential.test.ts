/** OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: each call in the bucket of its duration, counted by kernel or agent. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bucketOf, durationBuckets, sizeBuckets } from '../../src/telemetry/exponential-buckets.ts';
import { goTarget } from '../support/go-target.ts';
import type { SinkPoint } from '../support/otlp-sink.ts';
import { startTracedService } from '../support/traced-service.ts';

const run = promisify(execFile);
const exponential = {
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
};
const paths = ['/hello', '/greet/ada', '/greet/nobody', '/nowhere', '/sleep?for=3ms'];

/** index → calls, of points that have the attributes. */
function counted(points: readonly SinkPoint[]): Record<number, number> {
  const found: Record<number, number> = {};
  for (const { offset = 0, buckets = [] } of points) {
    buckets.forEach((count, index) => {
      if (count > 0) found[offset + index] = (found[offset + index] ?? 0) + count;
    });
  }
  return found;
}

function indexes(values: readonly number[], { bounds, firstIndex } = durationBuckets()): Record<number, number> {
  const sorted = Float64Array.from(bounds, Number);
  const found: Record<number, number> = {};
  for (const value of values) {
    const index = firstIndex + bucketOf(sorted, value) - 1;
    found[index] = (found[index] ?? 0) + 1;
  }
  return found;
}

test('sampled: the histograms are those of the spans', { timeout: 60_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), {
    functions: ['main.Greeting'],
    env: exponential,
  });
  const urls = paths.flatMap((path) => ['-url', `http://${service.address}${path}`]);
  await run(await goTarget('load'), [...urls, '-n', '1000', '-c', '4']);
  const { metrics, spans } = await service.stopAgent();
  for (const [metric, kind] of [
    ['http.server.request.duration', 'SERVER'],
    ['sidespan.function.duration', 'INTERNAL'],
  ]) {
    const points = metrics.filter(({ name }) => name === metric);
    assert.ok(points.length > 0);
    for (const { type, scale, temporality } of points) {
      assert.deepEqual([type, scale], ['exponential histogram', 3]);
      assert.equal(temporality, 'AGGREGATION_TEMPORALITY_CUMULATIVE');
    }
    assert.deepEqual(
      counted(points),
      indexes(spans.filter((span) => span.kind === kind).map(({ durationNs }) => durationNs)),
    );
    assert.ok(points.every(({ exemplars = [] }) => exemplars.length > 0));
  }
});

test('not sampled: one call a series, in the bucket of its duration and size', { timeout: 60_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), {
    env: { ...exponential, OTEL_TRACES_SAMPLER: 'always_off' },
  });
  const codes = Array.from({ length: 380 }, (_, index) => 210 + index).filter((code) => code !== 304);
  const urls = codes.flatMap((code) => ['-url', `http://${service.address}/status/${code}`]);
  await run(await goTarget('load'), [...urls, '-n', String(codes.length), '-c', '4']);
  await run(await goTarget('load'), [
    '-url',
    `http://${service.address}/echo`,
    '-n',
    '7',
    '-method',
    'POST',
    '-body',
    'x'.repeat(1000),
  ]);
  const { metrics, spans } = await service.stopAgent();
  assert.equal(spans.length, 0);
  const single = metrics.filter(({ name, count }) => name === 'http.server.request.duration' && count === 1);
  assert.equal(single.length, codes.length);
  for (const { value, offset, buckets, zeroCount = 0 } of single) {
    assert.equal(zeroCount, 0);
    const ns = Math.round(value * 1e9);
    assert.deepEqual({ offset, buckets }, { offset: Number(Object.keys(indexes([ns]))[0]), buckets: [1] }, `${ns} ns`);
  }
  const sent = metrics.filter(
    ({ name, attributes }) => name === 'http.server.request.body.size' && attributes['http.request.method'] === 'POST',
  );
  assert.deepEqual(counted(sent), indexes(new Array(7).fill(1000), sizeBuckets()));
  const empty = metrics.filter(
    ({ name, attributes }) => name === 'http.server.request.body.size' && attributes['http.request.method'] === 'GET',
  );
  assert.deepEqual(counted(empty), {});
  assert.equal(
    empty.reduce((sum, { zeroCount = 0 }) => sum + zeroCount, 0),
    empty.reduce((sum, { count = 0 }) => sum + count, 0),
  );
});
