/** What differs between the ways out: gRPC, HTTP, the console, none. */
import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { test } from 'node:test';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { listen, open } from './export-bench.ts';

test('gRPC on the port of OTLP over HTTP says what may be wrong', async () => {
  await using sink = await startOtlpSink();
  const bench = await open('grpc', sink.http, { batch: { timeoutMs: 200 } });
  bench.add(1);
  await eventually(
    () => bench.problems.length,
    (problems) => problems > 0,
  );
  assert.match(bench.problems[0] ?? '', /OTEL_EXPORTER_OTLP_PROTOCOL=http\/protobuf/);
  await bench.exporter.shutdown(100);
  assert.deepEqual(bench.row().dropped, { export_failed: 1 });
});

test('gRPC: requests under way at the same time, made in one place, arrive each as it was', async () => {
  await using sink = await startOtlpSink();
  const bench = await open('grpc', sink.grpc, { batch: { maxBatchSize: 64 } });
  bench.add(512);
  assert.equal(await bench.exporter.flush(20_000), true);
  const state = await sink.state();
  assert.equal(state.distinctSpans, 512);
  assert.equal(state.requests, 8);
  await bench.exporter.shutdown(1000);
});

test('gRPC: a request of more than 4 MiB, which Go refuses, goes in parts', async () => {
  await using sink = await startOtlpSink();
  const bench = await open('grpc', sink.grpc, { batch: { maxBatchSize: 16_384 } });
  bench.add(12_000);
  assert.equal(await bench.exporter.flush(20_000), true);
  const state = await sink.state();
  assert.equal(state.distinctSpans, 12_000);
  assert.ok(state.requests >= 2, `${state.requests} requests`);
  assert.equal(bench.row().exported, 12_000);
  await bench.exporter.shutdown(1000);
});

test('HTTP: 413 Content Too Large goes in parts', async () => {
  const limit = 2000;
  const taken: number[] = [];
  const server = createHttpServer(async (request, response) => {
    let size = 0;
    for await (const chunk of request) size += (chunk as Buffer).length;
    if (size <= limit) taken.push(size);
    response.writeHead(size > limit ? 413 : 200).end();
  });
  const bench = await open('http/protobuf', `127.0.0.1:${await listen(server)}`, { batch: { maxBatchSize: 64 } });
  bench.add(50);
  assert.equal(await bench.exporter.flush(5000), true);
  assert.deepEqual([bench.row().exported, bench.row().dropped], [50, {}]);
  assert.ok(taken.length > 1);
  await bench.exporter.shutdown(1000);
  server.close();
});

test('without an exporter the viewer has the spans: exported at once', async () => {
  const bench = await open('grpc', '127.0.0.1:1', { exporters: [] });
  bench.add(3);
  assert.equal(bench.row().exported, 3);
  await bench.exporter.shutdown(1000);
});

test('console: a line a span; a full disk is counted', async () => {
  const lines: string[] = [];
  let full = false;
  const output = {
    write(text: string, done: (error?: Error | null) => void) {
      if (!full) lines.push(...text.trimEnd().split('\n'));
      setImmediate(done, full ? new Error('ENOSPC: no space left on device, write') : undefined);
      return true;
    },
  };
  const bench = await open('grpc', '127.0.0.1:1', { exporters: ['console'], output });
  bench.add(2);
  assert.equal(await bench.exporter.flush(1000), true);
  assert.equal(lines.length, 2);
  assert.match(
    lines[0] ?? '',
    /^2023-11-14T22:30:00\.999999Z gateway "GET \/cart\/\{id\}" 1\.50ms kind=server trace=[0-9a-f]{32} span=[0-9a-f]{16} http\.request\.method=GET /,
  );
  full = true;
  bench.add(4);
  assert.equal(await bench.exporter.flush(1000), true);
  assert.deepEqual([bench.row().exported, bench.row().dropped], [2, { export_failed: 4 }]);
  assert.match(bench.problems[0] ?? '', /^console: 4 refused: can't write to the console: ENOSPC/);
  await bench.exporter.shutdown(1000);
});

test('console beside otlp: the receiver decides what counts as exported', async () => {
  await using sink = await startOtlpSink();
  await sink.behave({ mode: 'refuse' });
  let printed = 0;
  const output = {
    write(text: string, done: (error?: Error | null) => void) {
      printed += text.split('\n').length - 1;
      done();
      return true;
    },
  };
  const bench = await open('grpc', sink.grpc, { exporters: ['console', 'otlp'], output });
  bench.add(5);
  await bench.exporter.flush(2000);
  assert.deepEqual([bench.row().exported, bench.row().dropped, printed], [0, { export_failed: 5 }, 5]);
  assert.deepEqual(
    bench.exporter.queues().map(({ exporter }) => exporter),
    ['otlp', 'console'],
  );
  await bench.exporter.shutdown(1000);
});
