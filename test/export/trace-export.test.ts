import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { OtlpOptions } from '../../src/export/otlp-options.ts';
import { createTraceExport, type TraceExport, type TraceExportOptions } from '../../src/export/trace-export.ts';
import type { CallSpan, SpanOrigin } from '../../src/telemetry/call-span.ts';
import { NO_COUNTS } from '../../src/telemetry/ledger-account.ts';
import { balanced, type LedgerRow } from '../../src/telemetry/ledger-snapshot.ts';
import { ledgerTable } from '../../src/telemetry/ledger-table.ts';
import { call, fields, httpFields, httpProbe, telemetryFor } from '../support/calls.ts';
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';

const noTls = { caFile: undefined, keyFile: undefined, certificateFile: undefined };
const quickRetry = { firstMs: 20, maxMs: 50 };

type Protocol = OtlpOptions['protocol'];

interface Bench {
  readonly exporter: TraceExport<SpanOrigin>;
  /** Makes spans and adds them, a batch of its own for each call of this. */
  add(count: number): void;
  /** The ledger's row after all is over. */
  row(): LedgerRow;
  readonly problems: string[];
}

interface Changes {
  readonly otlp?: Partial<OtlpOptions>;
  readonly batch?: Partial<TraceExportOptions['batch']>;
  readonly exporters?: TraceExportOptions['exporters'];
  readonly output?: { write(text: string, done: (error?: Error | null) => void): boolean };
}

async function open(protocol: Protocol, address: string, changes: Changes = {}): Promise<Bench> {
  const { telemetry, ledger, account } = telemetryFor(httpProbe);
  const problems: string[] = [];
  const exporter = await createTraceExport<SpanOrigin>(
    {
      exporters: changes.exporters ?? ['otlp'],
      otlp: {
        protocol,
        url: protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/traces`,
        headers: new Map(),
        timeoutMs: 10_000,
        compression: 'none',
        tls: noTls,
        ...changes.otlp,
      },
      batch: { delayMs: 50, timeoutMs: 30_000, maxQueueSize: 16_384, maxBatchSize: 512, ...changes.batch },
    },
    {
      onExported: (spans) => ledger.exported(spans),
      onDropped: (spans, reason) => ledger.dropped(spans, reason),
      onProblem: (message) => problems.push(message),
    },
    { version: '0.1.0', retry: quickRetry, ...(changes.output && { output: changes.output }) },
  );
  let made = 0;
  return {
    exporter,
    problems,
    add(count) {
      made += count;
      const spans = Array.from({ length: count }, () => telemetry(call({ fields: fields(httpFields) })) as CallSpan);
      exporter.add(spans);
    },
    row() {
      account.kernel = { ...NO_COUNTS, seen: made, ended: [made, 0, 0, 0, 0] };
      const snapshot = ledger.snapshot();
      assert.equal(balanced(snapshot), true, ledgerTable(snapshot));
      return snapshot.rows[0] as LedgerRow;
    },
  };
}

/** An address on which nothing listens. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

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
