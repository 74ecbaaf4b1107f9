import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { Call } from '../../src/event/call.ts';
import { createTraceExport } from '../../src/export/trace-export.ts';
import type { CallSpan, SpanOrigin } from '../../src/telemetry/call-span.ts';
import {
  call,
  fields,
  functionProbe,
  httpFields,
  httpProbe,
  intValue,
  telemetryFor,
  textValue,
  value,
} from '../support/calls.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';

// What spans cost the agent from the decoded call to the receiver, in CPU time and memory, each in a process of its own,
// beside OpenTelemetry's own serializer and exporter fed with the same spans.
//   node test/bench/telemetry.bench.ts

const BATCH = 512;
const POOL = 256;

const httpCalls = Array.from({ length: POOL }, (_, i) =>
  call({ fields: fields({ ...httpFields, path: `/cart/${i}`, query: `page=${i}`, peer: `10.1.2.3:${20_000 + i}` }) }),
);
const functionCalls = Array.from({ length: POOL }, (_, i) =>
  call({
    parentSpanId: 'b7ad6b7169203331',
    arguments: [intValue('cents', i), textValue('currency', 'EUR')],
    results: [intValue('', 1), value('err', 'INTERFACE', 'error', null)],
  }),
);

/** CPU time in ns of one of `count` things that `run` does; the best of some rounds. */
function cpuNs(count: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / count);
  }
  return best;
}

function perSpan(): void {
  for (const [name, probe, calls] of [
    ['HTTP request', httpProbe, httpCalls],
    ['function, 2 arguments', functionProbe, functionCalls],
  ] as const) {
    const on = telemetryFor(probe).telemetry;
    const repeat = (run: (one: Call) => unknown) => () => {
      for (let i = 0; i < 160 * POOL; i++) run(calls[i % POOL] as Call);
    };
    line(`${name}: metrics and span`, `${cpuNs(160 * POOL, repeat(on)).toFixed(0)} ns`);
  }
}

async function perSpanOfSdk(): Promise<void> {
  const { ProtobufTraceSerializer } = await import('@opentelemetry/otlp-transformer');
  const { MeterProvider, MetricReader } = await import('@opentelemetry/sdk-metrics');
  for (const [name, probe, calls] of [
    ['HTTP request', httpProbe, httpCalls],
    ['function, 2 arguments', functionProbe, functionCalls],
  ] as const) {
    const on = telemetryFor(probe).telemetry;
    const spans = Array.from({ length: BATCH }, (_, i) => calls[i % POOL] as Call).map(
      (one) => on(one) as ReadableSpan,
    );
    const encoded = cpuNs(20 * BATCH, () => {
      for (let i = 0; i < 20; i++) ProtobufTraceSerializer.serializeRequest(spans);
    });
    line(`${name}: SDK's serializer`, `${encoded.toFixed(0)} ns`);
  }
  class Reader extends MetricReader {
    override async onForceFlush() {}
    override async onShutdown() {}
  }
  const histogram = new MeterProvider({ readers: [new Reader()] }).getMeter('x').createHistogram('x');
  const attributes = {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'http.route': '/a',
    'http.response.status_code': 200,
    'network.protocol.version': '1.1',
  };
  const recorded = cpuNs(100_000, () => {
    for (let i = 0; i < 100_000; i++) histogram.record(i / 1e6, attributes);
  });
  line("HTTP request: SDK's histogram", `${recorded.toFixed(0)} ns`);
}

type Sending = { add(spans: readonly CallSpan[]): void; end(): Promise<void> };

async function ownExporter(address: string, protocol: 'grpc' | 'http/protobuf'): Promise<Sending> {
  const exporter = await createTraceExport<SpanOrigin>(
    {
      exporters: ['otlp'],
      otlp: {
        protocol,
        url: protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/traces`,
        headers: new Map(),
        timeoutMs: 10_000,
        compression: 'none',
        tls: { caFile: undefined, keyFile: undefined, certificateFile: undefined },
      },
      batch: { delayMs: 200, timeoutMs: 30_000, maxQueueSize: 16_384, maxBatchSize: BATCH },
    },
    {
      onExported: () => {},
      onDropped: (spans, reason) => console.log(`dropped ${spans.length}: ${reason}`),
      onProblem: console.log,
    },
    { version: '0.1.0' },
  );
  return { add: exporter.add, end: () => exporter.shutdown(4000) };
}

/** The SDK's exporter behind its own batch processor. */
async function sdkExporter(address: string): Promise<Sending> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc');
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
  const exporter = new OTLPTraceExporter({ url: `http://${address}` });
  const processor = new BatchSpanProcessor(exporter, {
    scheduledDelayMillis: 200,
    maxQueueSize: 16_384,
    maxExportBatchSize: BATCH,
  });
  return {
    add: (spans) => spans.forEach((span) => void processor.onEnd(span)),
    end: () => processor.shutdown(),
  };
}

const senders: Readonly<Record<string, (grpc: string, http: string) => Promise<Sending>>> = {
  'Sidespan, gRPC': (grpc) => ownExporter(grpc, 'grpc'),
  'Sidespan, HTTP': (_, http) => ownExporter(http, 'http/protobuf'),
  'SDK, gRPC': sdkExporter,
  'only made, not sent': async () => ({ add: () => {}, end: async () => {} }),
};

/** 5,000 spans a second for some seconds, then as many as go in half a million. */
async function send(name: string, grpc: string, http: string): Promise<void> {
  const sending = await senders[name]?.(grpc, http);
  if (sending === undefined) throw new Error(name);
  const { telemetry } = telemetryFor(httpProbe);
  let next = 0;
  const make = (count: number) =>
    Array.from({ length: count }, () => telemetry(httpCalls[next++ % POOL] as Call) as CallSpan);

  for (let i = 0; i < 200; i++) {
    sending.add(make(100)); // warm
    await sleep(10);
  }
  const rate = 5000;
  const seconds = 8;
  const start = performance.now();
  const before = process.cpuUsage();
  let sent = 0;
  while (sent < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - start) * rate) / 1000));
    sending.add(make(due - sent));
    sent = due;
    await sleep(10);
  }
  await sleep(400);
  const { user, system } = process.cpuUsage(before);
  const memory = process.memoryUsage.rss();
  line(`${name}: at ${rate} spans/s`, `${((user + system) / sent).toFixed(1)} us a span, RSS ${megabytes(memory)}`);

  const many = 500_000;
  for (let i = 0; i < many / 1000; i++) {
    sending.add(make(1000));
    await sleep(25);
  }
  await sending.end();
  line(`${name}: after ${(many + sent).toLocaleString('en-US')} more`, `RSS ${megabytes(process.memoryUsage.rss())}`);
}

async function delay(): Promise<void> {
  await using sink = await startOtlpSink();
  const sending = await ownExporter(sink.grpc, 'grpc');
  const { telemetry } = telemetryFor(httpProbe);
  for (let i = 0; i < 5; i++) {
    const start = Date.now();
    sending.add([telemetry(httpCalls[i] as Call) as CallSpan]);
    let { spans } = await sink.state();
    while (spans <= i) ({ spans } = await sink.state());
    line('one span a second: until it is at the receiver', `${Date.now() - start} ms`);
    await sleep(1000);
  }
  await sending.end();
}

function line(what: string, figure: string): void {
  console.log(`${what.padEnd(56)} ${figure}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

const jobs: Readonly<Record<string, (...args: string[]) => void | Promise<void>>> = {
  perSpan,
  perSpanOfSdk,
  send,
  delay,
};
const [job, ...args] = process.argv.slice(2);
if (job !== undefined) {
  await jobs[job]?.(...args);
} else {
  const run = (...of: string[]) => execFileSync(process.execPath, [import.meta.filename, ...of], { stdio: 'inherit' });
  run('perSpan');
  run('perSpanOfSdk');
  for (const name of Object.keys(senders)) {
    await using sink = await startOtlpSink();
    run('send', name, sink.grpc, sink.http);
    const { spans } = await sink.state();
    line(`${name}: arrived`, spans.toLocaleString('en-US'));
  }
  run('delay');
}
