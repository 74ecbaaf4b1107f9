import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { ExportError } from '../../src/export/export-error.ts';
import { createMetricExport, type MetricExportOptions } from '../../src/export/metric-export.ts';
import { instrumentationScope } from '../../src/telemetry/call-span.ts';
import { durationBuckets, sizeBuckets } from '../../src/telemetry/exponential-buckets.ts';
import { createLedger } from '../../src/telemetry/ledger.ts';
import { NO_COUNTS } from '../../src/telemetry/ledger-account.ts';
import { createMetricCollection } from '../../src/telemetry/metric-collection.ts';
import type { ExponentialForms } from '../../src/telemetry/process-metrics.ts';
import { agentResource, processResource } from '../../src/telemetry/resource.ts';
import { call, functionProbe } from '../support/calls.ts';
import { type SinkPoint, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';

const version = '0.1.0';
const retry = { firstMs: 20, maxMs: 50 };

/** Two processes with a function each, called once and twice. */
function collection(exponential?: ExponentialForms) {
  const ledger = createLedger();
  const agent = agentResource({ version }, 9, 'host');
  const metrics = createMetricCollection({
    ledger,
    agent,
    version,
    queues: () => [{ exporter: 'otlp', size: 1, capacity: 9 }],
    exponential,
    clock: { wallTime: ([seconds, ns]) => [seconds, ns] },
  });
  const scope = instrumentationScope('sidespan/function', version);
  const calls = ['gateway', 'inventory'].map((serviceName, index) => {
    const owner = { pid: index + 1, serviceName };
    const account = ledger.open(owner, functionProbe);
    const of = metrics.open(
      owner,
      processResource({ pid: index + 1, startTicks: 1, exePath: `/${serviceName}` }, { version }),
    );
    const durations = of.function(scope, functionProbe.functionName);
    return (durationNs = 2_000_000) => {
      durations.record(undefined, call({ durationNs }));
      account.received++;
      account.exported++;
      const seen = account.kernel.seen + 1;
      account.kernel = { ...NO_COUNTS, seen, ended: [seen, 0, 0, 0, 0] };
    };
  });
  const [first, second] = calls as [(durationNs?: number) => void, () => void];
  first();
  second();
  second();
  return { collect: metrics.collect, first, second };
}

function options(changes: Partial<MetricExportOptions> & { otlp?: MetricExportOptions['otlp'] }): MetricExportOptions {
  return {
    exporters: ['otlp'],
    otlp: otlp('grpc', '127.0.0.1:1'),
    intervalMs: 3_600_000,
    timeoutMs: 5000,
    prometheus: { host: '127.0.0.1', port: 0 },
    ...changes,
  };
}

function otlp(
  protocol: 'grpc' | 'http/protobuf',
  address: string,
  temporality: 'cumulative' | 'delta' | 'lowmemory' = 'cumulative',
): MetricExportOptions['otlp'] {
  const url = protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/metrics`;
  const tls = { caFile: undefined, keyFile: undefined, certificateFile: undefined };
  return { protocol, url, headers: new Map(), timeoutMs: 5000, compression: 'none', tls, temporality };
}

const of = (points: readonly SinkPoint[], service: string, name: string) =>
  points.filter((point) => point.resource['service.name'] === service && point.name === name);

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  test(`OTLP by ${protocol}: a resource each, figures as they are`, async () => {
    await using sink = await startOtlpSink();
    const { collect } = collection();
    const address = protocol === 'grpc' ? sink.grpc : sink.http;
    const exporter = await createMetricExport(
      options({ otlp: otlp(protocol, address) }),
      { collect, onProblem: assert.fail },
      { version, retry },
    );
    assert.equal(await exporter.flush(5000), true);
    const points = await sink.metrics();
    const [duration] = of(points, 'inventory', 'sidespan.function.duration');
    assert.equal(duration?.type, 'histogram');
    assert.equal(duration?.unit, 's');
    assert.equal(duration?.count, 2);
    assert.equal(duration?.value, 0.004);
    assert.equal(duration?.temporality, 'AGGREGATION_TEMPORALITY_CUMULATIVE');
    assert.deepEqual(duration?.attributes, { 'code.function.name': functionProbe.functionName });
    assert.deepEqual(
      [
        of(points, 'gateway', 'sidespan.calls.seen')[0]?.value,
        of(points, 'inventory', 'sidespan.calls.seen')[0]?.value,
      ],
      [1, 2],
    );
    assert.equal(of(points, 'gateway', 'sidespan.calls.seen')[0]?.type, 'counter');
    assert.equal(of(points, 'sidespan', 'sidespan.export.queue.size')[0]?.value, 1);
    await exporter.shutdown(2000);
  });
}

test('exports at its interval and once more at the end', async () => {
  await using sink = await startOtlpSink();
  const { collect, first } = collection();
  const exporter = await createMetricExport(
    options({ otlp: otlp('grpc', sink.grpc), intervalMs: 50 }),
    { collect, onProblem: assert.fail },
    { version, retry },
  );
  await eventually(
    () => sink.state(),
    (state) => state.metricRequests >= 2,
  );
  first();
  await exporter.shutdown(5000);
  assert.equal(of(await sink.metrics(), 'gateway', 'sidespan.calls.seen')[0]?.value, 2);
});

test('a receiver that fails and recovers: retried, reported once each', async () => {
  await using sink = await startOtlpSink();
  await sink.behave({ mode: 'unavailable', requests: 2 });
  const { collect } = collection();
  const problems: string[] = [];
  const exporter = await createMetricExport(
    options({ otlp: otlp('grpc', sink.grpc) }),
    { collect, onProblem: (message) => problems.push(message) },
    { version, retry },
  );
  assert.equal(await exporter.flush(5000), true, 'retried within the time');
  await sink.behave({ mode: 'unavailable' });
  assert.equal(await exporter.flush(200), false);
  assert.equal(await exporter.flush(200), false);
  await sink.behave({ mode: 'ok' });
  assert.equal(await exporter.flush(5000), true);
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /^otlp metrics: .*UNAVAILABLE/);
  assert.match(problems[1] ?? '', /accepted again/);
  await exporter.shutdown(1000);
});

test('delta: what came since the last export that was accepted', async () => {
  await using sink = await startOtlpSink();
  const { collect, first } = collection();
  const exporter = await createMetricExport(
    options({ otlp: otlp('grpc', sink.grpc, 'delta') }),
    { collect, onProblem: () => {} },
    { version, retry },
  );
  await exporter.flush(5000);
  const [before] = of(await sink.metrics(), 'gateway', 'sidespan.function.duration');
  assert.deepEqual([before?.count, before?.temporality], [1, 'AGGREGATION_TEMPORALITY_DELTA']);
  await sink.behave({ mode: 'refuse', requests: 1 });
  first();
  assert.equal(await exporter.flush(5000), false, 'refused: its figures come with the next');
  first();
  assert.equal(await exporter.flush(5000), true);
  const points = await sink.metrics();
  const [after] = of(points, 'gateway', 'sidespan.function.duration');
  assert.equal(after?.count, 2);
  assert.equal(after?.startUnixNs, before?.timeUnixNs);
  assert.equal(of(points, 'gateway', 'sidespan.calls.seen')[0]?.value, 2);
  // Nothing happened there: no series; what goes up and down stays as it is.
  assert.deepEqual(of(points, 'inventory', 'sidespan.function.duration'), []);
  assert.equal(of(points, 'gateway', 'sidespan.calls.in_flight')[0]?.temporality, 'AGGREGATION_TEMPORALITY_CUMULATIVE');
  await exporter.shutdown(1000);
});

for (const temporality of ['cumulative', 'delta'] as const) {
  test(`exponential histograms, ${temporality}`, async () => {
    await using sink = await startOtlpSink();
    const { collect, first } = collection({ durations: durationBuckets(), sizes: sizeBuckets() });
    const exporter = await createMetricExport(
      options({ otlp: { ...otlp('grpc', sink.grpc, temporality), exponential: true } }),
      { collect, onProblem: assert.fail },
      { version, retry },
    );
    await exporter.flush(5000);
    first(9_000_000);
    first(9_000_000);
    await exporter.flush(5000);
    const [point] = of(await sink.metrics(), 'gateway', 'sidespan.function.duration');
    assert.deepEqual([point?.type, point?.scale], ['exponential histogram', 3]);
    // 2 ms is between 2^(-72/8) and 2^(-71/8) seconds, 9 ms between 2^(-55/8) and 2^(-54/8).
    const ninth = 17;
    assert.equal(point?.offset, -72);
    const expected = [temporality === 'cumulative' ? 1 : 0, ...new Array(ninth - 1).fill(0), 2];
    assert.deepEqual(point?.buckets, expected);
    assert.equal(point?.count, temporality === 'cumulative' ? 3 : 2);
    // The calls of this test were long ago: before the time that a delta is of.
    assert.equal(point?.exemplars?.at(-1)?.value, temporality === 'cumulative' ? 0.009 : undefined);
    await exporter.shutdown(1000);
  });
}

test('a hanging receiver does not hold a shutdown up', async () => {
  await using sink = await startOtlpSink();
  await sink.behave({ mode: 'hang' });
  const { collect } = collection();
  const exporter = await createMetricExport(
    options({ otlp: otlp('grpc', sink.grpc) }),
    { collect, onProblem: () => {} },
    { version },
  );
  const ended = await Promise.race([
    exporter.shutdown(100).then(() => 'ended'),
    new Promise((resolve) => setTimeout(resolve, 10_000, 'held up').unref()),
  ]);
  assert.equal(ended, 'ended');
});

test('Prometheus: all processes on one page, valid names, one head a family', async () => {
  const { collect } = collection();
  const exporter = await createMetricExport(
    options({ exporters: ['prometheus'] }),
    { collect, onProblem: assert.fail },
    { version },
  );
  const response = await fetch(exporter.prometheusUrl ?? '');
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  const lines = text.trimEnd().split('\n');
  assert.equal(
    lines.filter((line) => line.startsWith('# TYPE sidespan_function_duration_seconds histogram')).length,
    1,
  );
  const function_ = functionProbe.functionName;
  const series = lines.filter((line) => line.startsWith('sidespan_function_duration_seconds_count'));
  assert.equal(series.length, 2);
  assert.ok(
    series[0]?.startsWith(
      `sidespan_function_duration_seconds_count{code_function_name="${function_}",service_name="gateway",`,
    ),
  );
  assert.ok(series[0]?.endsWith(' 1'));
  assert.ok(lines.some((line) => line.startsWith('sidespan_calls_seen_total{') && line.endsWith(' 2')));
  assert.ok(lines.some((line) => line.startsWith('process_memory_usage_bytes{')));
  assert.ok(lines.some((line) => line.startsWith('process_cpu_time_seconds_total{cpu_mode="user"')));
  assert.equal(lines.filter((line) => line.startsWith('target_info{')).length, 3);
  const buckets = lines.filter(
    (line) => line.startsWith('sidespan_function_duration_seconds_bucket') && line.includes('inventory'),
  );
  const counts = buckets.map((line) => Number(line.split(' ').at(-1)));
  assert.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
    'buckets are cumulative',
  );
  assert.equal(counts.at(-1), 2);
  for (const line of lines) {
    assert.match(
      line,
      /^(# (HELP|TYPE) [a-z_:]+ .*|[a-zA-Z_:][a-zA-Z0-9_:]*\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\} \S+)$/,
      line,
    );
  }
  assert.equal(new Set(lines).size, lines.length, 'no series twice');
  assert.equal((await fetch(new URL('/', exporter.prometheusUrl))).status, 404);
  assert.equal((await fetch(exporter.prometheusUrl ?? '', { method: 'POST' })).status, 405);
  await exporter.shutdown(1000);
  await assert.rejects(fetch(exporter.prometheusUrl ?? ''));
});

test('Prometheus: a port in use is an error that says what to do', async () => {
  const server = createServer();
  const port = await listen(server);
  await assert.rejects(
    createMetricExport(
      options({ exporters: ['prometheus'], prometheus: { host: '127.0.0.1', port } }),
      { collect: () => [], onProblem: assert.fail },
      { version },
    ),
    (error: unknown) => {
      assert.ok(error instanceof ExportError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} is in use\\. Set OTEL_EXPORTER_PROMETHEUS_PORT`));
      return true;
    },
  );
  server.close();
});

test('console: a line a series', async () => {
  const lines: string[] = [];
  const output = {
    write(text: string, done: (error?: Error | null) => void) {
      lines.push(...text.trimEnd().split('\n'));
      done();
      return true;
    },
  };
  const { collect } = collection();
  const exporter = await createMetricExport(
    options({ exporters: ['console'] }),
    { collect, onProblem: assert.fail },
    { version, output },
  );
  await exporter.flush(1000);
  assert.ok(
    lines.includes(
      `inventory sidespan.function.duration count=2 mean=2.00ms min=2.00ms max=2.00ms code.function.name=${functionProbe.functionName}`,
    ),
    lines.join('\n'),
  );
  await exporter.shutdown(1000);
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}
