import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistogramMetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { instrumentationScope } from '../../src/telemetry/call-span.ts';
import { createLedger } from '../../src/telemetry/ledger.ts';
import { NO_COUNTS } from '../../src/telemetry/ledger-account.ts';
import { createMetricCollection } from '../../src/telemetry/metric-collection.ts';
import { createProcessMetrics } from '../../src/telemetry/process-metrics.ts';
import { agentResource, processResource } from '../../src/telemetry/resource.ts';
import {
  call,
  fields,
  functionProbe,
  grpcProbe,
  httpFields,
  httpProbe,
  intValue,
  telemetryFor,
  value,
} from '../support/calls.ts';

const start: [number, number] = [1_700_000_000, 0];
const end: [number, number] = [1_700_000_060, 0];

function histogramOf(metrics: ReturnType<typeof telemetryFor>['metrics'], name: string): HistogramMetricData {
  const all = metrics.scopeMetrics(start, end).flatMap((scope) => scope.metrics);
  const found = all.find(({ descriptor }) => descriptor.name === name);
  assert.ok(found, `${name} among ${all.map(({ descriptor }) => descriptor.name)}`);
  return found as HistogramMetricData;
}

test('http.server.request.duration: a series a route and outcome', () => {
  const { telemetry, metrics } = telemetryFor(httpProbe);
  for (const [status, durationNs] of [
    [200, 4_000_000],
    [200, 5_000_000],
    [200, 5_000_001],
    [500, 11_000_000_000],
  ] as const) {
    telemetry(call({ fields: fields({ ...httpFields, status }), durationNs }));
  }
  const { descriptor, dataPoints } = histogramOf(metrics, 'http.server.request.duration');
  assert.equal(descriptor.unit, 's');
  assert.deepEqual(dataPoints[0]?.attributes, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'http.route': '/cart/{id}',
    'http.response.status_code': 200,
    'network.protocol.version': '1.1',
  });
  assert.equal(dataPoints[1]?.attributes['error.type'], '500');
  const [ok, failed] = dataPoints.map(({ value }) => value);
  assert.deepEqual(ok?.buckets.boundaries, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]);
  // A boundary belongs to the bucket below it.
  assert.deepEqual(ok?.buckets.counts.slice(0, 3), [2, 1, 0]);
  assert.equal(ok?.count, 3);
  assert.ok(Math.abs((ok?.sum ?? 0) - 0.014000001) < 1e-12);
  assert.equal(ok?.min, 0.004);
  assert.equal(ok?.max, 0.005000001);
  assert.equal(failed?.buckets.counts.at(-1), 1);
});

test('sizes of bodies have the attributes of the duration', () => {
  const { telemetry, metrics } = telemetryFor(httpProbe);
  const sent = (more: Record<string, string | number>) =>
    telemetry(call({ fields: fields({ ...httpFields, ...more }) }));
  sent({});
  sent({ method: 'POST', contentLength: 11, written: 0 });
  // In chunks.
  sent({ method: 'POST', contentLength: -1, written: 20_000 });
  sent({ method: 'HEAD' });
  const points = (name: string) =>
    histogramOf(metrics, name).dataPoints.map(({ attributes, value: { count, sum } }) => [
      attributes['http.request.method'],
      count,
      sum,
    ]);
  assert.deepEqual(points('http.server.request.body.size'), [
    ['GET', 1, 0],
    ['POST', 1, 11],
    ['HEAD', 1, 0],
  ]);
  assert.deepEqual(points('http.server.response.body.size'), [
    ['GET', 1, 512],
    ['POST', 2, 20_000],
  ]);
  const durations = histogramOf(metrics, 'http.server.request.duration').dataPoints;
  const sizes = histogramOf(metrics, 'http.server.request.body.size').dataPoints;
  assert.deepEqual(
    sizes.map(({ attributes }) => attributes),
    durations.map(({ attributes }) => attributes),
  );
  assert.equal(sizes[1]?.value.buckets.counts[4], 0);
  assert.equal(sizes[1]?.value.buckets.counts[3], 1);
});

test('active requests are those that were counted last', () => {
  const { telemetry, metrics } = telemetryFor(httpProbe);
  const active = () => {
    const all = metrics.scopeMetrics(start, end).flatMap((scope) => scope.metrics);
    const found = all.find(({ descriptor }) => descriptor.name === 'http.server.active_requests');
    return found?.dataPoints.map(({ attributes, value }) => [attributes['http.request.method'], value]);
  };
  assert.equal(active(), undefined);
  for (const method of ['GET', 'GET', 'PUT']) {
    telemetry.countOpen({ end: 'returned', fields: fields({ ...httpFields, method }), results: [] });
  }
  assert.deepEqual(active(), [
    ['GET', 2],
    ['PUT', 1],
  ]);
  metrics.resetActive();
  assert.deepEqual(active(), [
    ['GET', 0],
    ['PUT', 0],
  ]);
});

test('rpc.server.call.duration', () => {
  const { telemetry, metrics } = telemetryFor(grpcProbe);
  telemetry(call({ fields: fields({ method: '/shop.Inventory/Reserve', code: 0 }) }));
  telemetry(call({ fields: fields({ method: '/shop.Inventory/Reserve', code: 13 }) }));
  telemetry(call({ fields: fields({ method: '/made.Up/A', code: 12 }) }));
  telemetry(call({ fields: fields({ method: '/made.Up/B', code: 12 }) }));
  const { dataPoints } = histogramOf(metrics, 'rpc.server.call.duration');
  assert.deepEqual(
    dataPoints.map(({ attributes, value }) => [attributes['rpc.method'], attributes['rpc.status_code'], value.count]),
    [
      ['shop.Inventory/Reserve', 'OK', 1],
      ['shop.Inventory/Reserve', 'INTERNAL', 1],
      ['_OTHER', 'UNIMPLEMENTED', 2],
    ],
  );
});

test('sidespan.function.duration: microseconds have buckets, errors their type', () => {
  const { telemetry, metrics } = telemetryFor(functionProbe);
  telemetry(call({ durationNs: 800 }));
  telemetry(call({ durationNs: 3_000, results: [intValue('', 1), value('err', 'INTERFACE', '*fs.PathError', 'x')] }));
  const { dataPoints } = histogramOf(metrics, 'sidespan.function.duration');
  assert.deepEqual(
    dataPoints.map(({ attributes }) => attributes),
    [
      { 'code.function.name': functionProbe.functionName },
      { 'code.function.name': functionProbe.functionName, 'error.type': '*fs.PathError' },
    ],
  );
  assert.equal(dataPoints[0]?.value.buckets.counts[0], 1);
  assert.equal(dataPoints[1]?.value.buckets.counts[2], 1);
});

test('calls that the kernel counted go into the series of those that came out of the ring', () => {
  const { telemetry, metrics } = telemetryFor(httpProbe);
  telemetry(call({ fields: fields({ ...httpFields, status: 200 }), durationNs: 4_000_000 }));
  const counts = new Array<number>(32).fill(0);
  const same = telemetry.openSeries({ end: 'returned', fields: fields({ ...httpFields, status: 200 }), results: [] });
  const rest = telemetry.openSeries(undefined);
  const totals = (fast: number, slow: number) => ({
    durations: {
      counts: counts.with(0, fast).with(1, slow),
      sum: fast * 1e6 + slow * 7e6,
      min: fast > 0 ? 1e6 : 7e6,
      max: slow > 0 ? 7e6 : 1e6,
    },
  });
  // Each time what was counted since the beginning.
  same(totals(2, 0));
  same(totals(2, 0));
  same(totals(3, 1));
  rest(totals(1, 0));
  const { dataPoints } = histogramOf(metrics, 'http.server.request.duration');
  assert.deepEqual(
    dataPoints.map(({ attributes, value }) => [
      attributes['otel.metric.overflow'] ?? attributes['http.route'],
      value.count,
    ]),
    [
      ['/cart/{id}', 5],
      [true, 1],
    ],
  );
  const { value: histogram } = dataPoints[0] as (typeof dataPoints)[number];
  assert.deepEqual(histogram.buckets.counts.slice(0, 3), [4, 1, 0]);
  assert.ok(Math.abs((histogram.sum ?? 0) - 0.014) < 1e-12, `${histogram.sum}`);
  assert.deepEqual([histogram.min, histogram.max], [0.001, 0.007]);
});

test('an unpaired call has no duration', () => {
  const { telemetry, metrics } = telemetryFor(functionProbe);
  telemetry(call({ end: 'unpaired' }));
  assert.deepEqual(metrics.scopeMetrics(start, end), []);
});

test('too many series end in one that says so, and no call is lost', () => {
  const { telemetry, metrics } = telemetryFor(httpProbe);
  for (let i = 0; i < 3000; i++) telemetry(call({ fields: fields({ ...httpFields, pattern: `/r/${i}` }) }));
  const { dataPoints } = histogramOf(metrics, 'http.server.request.duration');
  assert.equal(dataPoints.length, 2000);
  const overflow = dataPoints.find(({ attributes }) => attributes['otel.metric.overflow'] === true);
  assert.equal(overflow?.value.count, 3000 - 1999);
  assert.equal(
    dataPoints.reduce((sum, point) => sum + point.value.count, 0),
    3000,
  );
});

test('functions of one process share a metric, processes do not', () => {
  const resource = processResource({ pid: 1, startTicks: 1, exePath: '/a' }, { version: '0' });
  const metrics = createProcessMetrics(resource);
  const scope = instrumentationScope('sidespan/function', '0');
  metrics.function(scope, 'main.a').record(undefined, call({ durationNs: 1000 }));
  metrics.function(scope, 'main.b').record(undefined, call({ durationNs: 1000 }));
  const [scopeMetrics, ...others] = metrics.scopeMetrics(start, end);
  assert.equal(others.length, 0);
  assert.equal(scopeMetrics?.metrics.length, 1);
  assert.equal(scopeMetrics?.metrics[0]?.dataPoints.length, 2);
});

test('functions of one name are one series: up to Go 1.20 all instances of a generic one are main.Map[...]', () => {
  const resource = processResource({ pid: 1, startTicks: 1, exePath: '/a' }, { version: '0' });
  const metrics = createProcessMetrics(resource);
  const scope = instrumentationScope('sidespan/function', '0');
  const instances = [metrics.function(scope, 'main.Map[...]'), metrics.function(scope, 'main.Map[...]')];
  for (const instance of instances) instance.record(undefined, call({ durationNs: 1000 }));
  const { dataPoints } = histogramOf(metrics, 'sidespan.function.duration');
  assert.deepEqual(
    dataPoints.map(({ value }) => value.count),
    [2],
  );
});

test('a collection has a resource for each process and the agent', () => {
  const ledger = createLedger();
  const version = '0.1.0';
  const agent = agentResource({ version }, 9, 'host');
  const queues = () => [{ exporter: 'otlp', size: 3, capacity: 100 }];
  const collection = createMetricCollection({ ledger, agent, version, queues });
  for (const [pid, serviceName] of [
    [1, 'a'],
    [2, 'b'],
  ] as const) {
    const owner = { pid, serviceName };
    const account = ledger.open(owner, functionProbe);
    account.kernel = { ...NO_COUNTS, seen: 5 * pid, ended: [5 * pid, 0, 0, 0, 0], ringFull: pid };
    account.received = 4 * pid;
    account.exported = 4 * pid;
    collection.open(owner, processResource({ pid, startTicks: 1, exePath: `/${serviceName}` }, { version }));
  }
  ledger.setRecursionMisses(2);
  const collected = collection.collect();
  assert.deepEqual(
    collected.map(({ resource }) => resource.attributes['service.name']),
    ['a', 'b', 'sidespan'],
  );
  assert.deepEqual(figures(collected[1]), {
    'sidespan.calls.seen': [10],
    'sidespan.calls.exported': [8],
    'sidespan.calls.sampled_out': [0],
    'sidespan.calls.dropped': [2],
    'sidespan.calls.in_flight': [0],
    'sidespan.calls.entered_before_attach': [0],
  });
  const ofAgent = figures(collected[2]);
  assert.deepEqual(ofAgent['sidespan.export.queue.size'], [3]);
  assert.deepEqual(ofAgent['sidespan.export.queue.capacity'], [100]);
  assert.deepEqual(ofAgent['sidespan.calls.dropped'], [2]);
  assert.ok((ofAgent['process.memory.usage']?.[0] ?? 0) > 10_000_000);
});

test('a process that ended is collected once more, not for ever', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  const version = '0.1.0';
  const collection = createMetricCollection({
    ledger: createLedger(),
    agent: agentResource({ version }, 9, 'host'),
    version,
    queues: () => [],
  });
  const metrics = collection.open(
    { pid: 1, serviceName: 'a' },
    processResource({ pid: 1, startTicks: 1, exePath: '/a' }, { version }),
  );
  metrics
    .function(instrumentationScope('sidespan/function', version), 'main.a')
    .record(undefined, call({ durationNs: 1000 }));
  collection.close(metrics);
  assert.equal(collection.collect().length, 2);
  t.mock.timers.setTime(1_700_000_000_000 + 6 * 60 * 1000);
  assert.equal(collection.collect().length, 1);
});

function figures(metrics: ResourceMetrics | undefined): Record<string, number[]> {
  const all = metrics?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  return Object.fromEntries(
    all.map((metric) => [metric.descriptor.name, metric.dataPoints.map(({ value }) => value as number)]),
  );
}
