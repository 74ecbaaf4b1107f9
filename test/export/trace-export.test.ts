import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { type Bench, type Changes, deadAddress, listen, open } from './export-bench.ts';

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  describe(`OTLP by ${protocol}`, () => {
    let sink: OtlpSink;
    let address: string;
    before(async () => {
      sink = await startOtlpSink();
      address = protocol === 'grpc' ? sink.grpc : sink.http;
    });
    after(() => sink.stop());

    /** By HTTP the library tries again on its own, from 0.8 s on, if the time of an attempt allows. */
    const once = protocol === 'grpc' ? {} : { timeoutMs: 700 };

    async function fresh(changes: Changes = {}): Promise<Bench> {
      await sink.reset();
      return open(protocol, address, changes);
    }

    test('every span arrives as it was made', async () => {
      const bench = await fresh();
      bench.add(1);
      await eventually(
        () => bench.exporter.queued,
        (queued) => queued === 0,
      );
      await bench.exporter.shutdown(4000);
      const [span] = await sink.spans();
      assert.equal(span?.name, 'GET /cart/{id}');
      assert.equal(span?.kind, 'SERVER');
      assert.equal(span?.status, 'UNSET');
      assert.equal(span?.durationNs, 1_500_000);
      assert.equal(span?.startUnixNs, '1700001000999999500');
      assert.equal(span?.flags, 0x101);
      assert.equal(span?.attributes['http.response.status_code'], 200);
      assert.equal(span?.resource['service.name'], 'gateway');
      assert.equal(span?.resource['telemetry.distro.name'], 'sidespan');
      assert.equal(span?.scope, 'sidespan/net/http');
      assert.equal(span?.scopeVersion, '0.1.0');
      assert.match(span?.schemaUrl ?? '', /schemas/);
      const { headers } = await sink.state();
      assert.match(headers['user-agent'] ?? '', /^sidespan\/0\.1\.0/);
      assert.deepEqual([bench.row().exported, bench.row().inFlight], [1, 0]);
    });

    test('many spans: batches, none lost, none twice', async () => {
      const bench = await fresh();
      for (let i = 0; i < 100; i++) {
        bench.add(100);
        if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(await bench.exporter.flush(20_000), true);
      const state = await sink.state();
      assert.equal(state.spans, 10_000);
      assert.equal(state.distinctSpans, 10_000);
      assert.equal(bench.row().exported, 10_000);
      await bench.exporter.shutdown(1000);
    });

    test('UNAVAILABLE, then OK: retried, nothing lost', async () => {
      const bench = await fresh({ otlp: once });
      await sink.behave({ mode: 'unavailable', requests: 3 });
      bench.add(700);
      await eventually(
        () => bench.row().exported,
        (exported) => exported === 700,
      );
      const state = await sink.state();
      assert.equal(state.distinctSpans, 700);
      assert.equal(state.spans, 700);
      assert.equal(state.answered.unavailable, 3);
      assert.match(bench.problems[0] ?? '', /^otlp: 127\.0\.0\.1:\d+ answered .*(UNAVAILABLE|503).*; trying again/);
      assert.match(bench.problems[1] ?? '', /^otlp: takes data again after \d+ s; 0 were dropped/);
      await bench.exporter.shutdown(1000);
    });

    test('throttled with a time to come back: comes back', async () => {
      const bench = await fresh();
      await sink.behave({ mode: 'throttle', requests: 1, retryAfterMs: 1000 });
      bench.add(10);
      await eventually(
        () => bench.row().exported,
        (exported) => exported === 10,
      );
      const { answered } = await sink.state();
      assert.deepEqual(answered, { throttle: 1, ok: 1 });
      await bench.exporter.shutdown(1000);
    });

    test('refused: counted, not repeated', async () => {
      const bench = await fresh();
      await sink.behave({ mode: 'refuse', requests: 1 });
      bench.add(10);
      await eventually(
        () => bench.exporter.queued,
        (queued) => queued === 0,
      );
      bench.add(5);
      await bench.exporter.flush(5000);
      assert.deepEqual([bench.row().exported, bench.row().dropped], [5, { export_failed: 10 }]);
      assert.equal((await sink.state()).requests, 2);
      assert.match(bench.problems[0] ?? '', /10 refused: .*(INVALID_ARGUMENT|400 Bad Request): told to: 100% wrong/);
      await bench.exporter.shutdown(1000);
    });

    test('taken in part: what the receiver refuses is counted as dropped', async () => {
      const bench = await fresh();
      await sink.behave({ mode: 'partial', rejected: 4, requests: 1 });
      bench.add(10);
      assert.equal(await bench.exporter.flush(5000), true);
      assert.deepEqual([bench.row().exported, bench.row().dropped], [6, { export_failed: 4 }]);
      assert.match(bench.problems[0] ?? '', /4 of 10 refused: told to/);
      await bench.exporter.shutdown(1000);
    });

    test('dead from the start: the queue is full, then counted drops, then the batch is given up', async () => {
      const bench = await open(protocol, await deadAddress(), {
        batch: { maxQueueSize: 1000, timeoutMs: 300 },
      });
      for (let i = 0; i < 15; i++) bench.add(100);
      assert.equal(bench.exporter.queued, 1000);
      assert.deepEqual(bench.row().dropped, { queue_full: 500 });
      await eventually(
        () => bench.row().dropped.export_failed ?? 0,
        (failed) => failed >= 512,
      );
      await bench.exporter.shutdown(100);
      const row = bench.row();
      assert.deepEqual(row.dropped, { queue_full: 500, export_failed: 1000 });
      assert.equal(row.inFlight, 0);
      assert.match(bench.problems[0] ?? '', /nothing listens on 127\.0\.0\.1:\d+/);
    });

    test('dies and comes back on the same port', async () => {
      const first = await startOtlpSink();
      const place = protocol === 'grpc' ? first.grpc : first.http;
      const bench = await open(protocol, place, { otlp: once });
      bench.add(10);
      assert.equal(await bench.exporter.flush(5000), true);
      await first.stop();
      bench.add(600);
      await eventually(
        () => bench.problems.length,
        (problems) => problems > 0,
      );
      await using second = await startOtlpSink(protocol === 'grpc' ? { grpc: place } : { http: place });
      await eventually(
        () => bench.exporter.queued,
        (queued) => queued === 0,
      );
      assert.equal((await second.state()).distinctSpans, 600);
      assert.deepEqual([bench.row().exported, bench.row().dropped], [610, {}]);
      await bench.exporter.shutdown(1000);
    });

    test('hangs: given up, and shut down in time with everything counted', async () => {
      const bench = await fresh({ otlp: { timeoutMs: 100 }, batch: { timeoutMs: 250, maxBatchSize: 50 } });
      await sink.behave({ mode: 'hang' });
      bench.add(120);
      await eventually(
        () => bench.row().dropped.export_failed ?? 0,
        (failed) => failed >= 50,
      );
      assert.match(bench.problems[0] ?? '', /did not answer within \d+ ms/);
      await bench.exporter.shutdown(200);
      assert.deepEqual(bench.row().dropped, { export_failed: 120 });
      assert.equal(bench.exporter.queued, 0);
    });

    test('a hanging receiver does not hold a shutdown up', async () => {
      const bench = await fresh({ otlp: { timeoutMs: 500 } });
      await sink.behave({ mode: 'hang' });
      bench.add(20);
      await eventually(
        () => sink.state(),
        (state) => state.requests > 0,
      );
      bench.add(20);
      assert.equal(await bench.exporter.flush(50), false);
      await bench.exporter.shutdown(50);
      assert.deepEqual(bench.row().dropped, { export_failed: 40 });
      bench.add(3);
      assert.deepEqual(bench.row().dropped, { export_failed: 43 });
      // By gRPC the request ends with its time: it must not end in the next test.
      await setTimeout(600);
    });

    test('slow: all of it arrives once', async () => {
      const bench = await fresh();
      await sink.behave({ mode: 'ok', delayMs: 150 });
      for (let i = 0; i < 40; i++) bench.add(100);
      assert.equal(await bench.exporter.flush(20_000), true);
      assert.equal((await sink.state()).distinctSpans, 4000);
      assert.equal(bench.row().exported, 4000);
      await bench.exporter.shutdown(1000);
    });

    test('headers and gzip', async () => {
      const bench = await fresh({
        otlp: {
          compression: 'gzip',
          headers: new Map([
            ['Authorization', 'Bearer abc'],
            ['x-tenant', 'a b'],
          ]),
        },
      });
      bench.add(300);
      assert.equal(await bench.exporter.flush(5000), true);
      const state = await sink.state();
      assert.equal(state.distinctSpans, 300);
      assert.equal(state.encoding, 'gzip');
      assert.equal(state.headers.authorization, 'Bearer abc');
      assert.equal(state.headers['x-tenant'], 'a b');
      await bench.exporter.shutdown(1000);
    });

    test('headers of the environment are not sent: the settings have them, or mean others', async (context) => {
      process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'x-other=1';
      context.after(() => delete process.env['OTEL_EXPORTER_OTLP_HEADERS']);
      const bench = await fresh({ otlp: { headers: new Map([['x-tenant', 'a']]) } });
      bench.add(1);
      assert.equal(await bench.exporter.flush(5000), true);
      const { headers } = await sink.state();
      assert.deepEqual([headers['x-tenant'], headers['x-other']], ['a', undefined]);
      assert.equal(process.env['OTEL_EXPORTER_OTLP_HEADERS'], 'x-other=1');
      await bench.exporter.shutdown(1000);
    });

    test('a server that speaks something else', async () => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.end('SSH-2.0-OpenSSH_9.9\r\n');
      });
      const bench = await open(protocol, `127.0.0.1:${await listen(server)}`, { batch: { timeoutMs: 400 } });
      bench.add(2);
      await eventually(
        () => bench.row().dropped.export_failed ?? 0,
        (failed) => failed === 2,
      );
      assert.match(bench.problems[0] ?? '', /^otlp: .*127\.0\.0\.1/);
      await bench.exporter.shutdown(100);
      server.close();
    });
  });
}
