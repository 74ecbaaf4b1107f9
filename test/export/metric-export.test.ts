import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetricExport } from '../../src/export/metric-export.ts';
import { durationBuckets, sizeBuckets } from '../../src/telemetry/exponential-buckets.ts';
import { functionProbe } from '../support/calls.ts';
import { type SinkPoint, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { collection, options, otlp, version } from './two-processes.ts';

const retry = { firstMs: 20, maxMs: 50 };

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
