import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { goCodeNames, grpcBuilds, grpcClientTarget } from '../support/grpc-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { start } from '../support/running.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';
import { assertWhole, durations, metricsToSink } from './metric-counts.ts';

/** As grpcload prints it: calls by method and Go's name of the code. */
interface Sent {
  readonly sent: number;
  readonly methods: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const kinds = [
  ...['ok', 'notfound', 'plain', 'unknown', 'download', 'downloadfail', 'upload', 'chat', 'chatfail'],
  ...['timeout', 'refused', 'giveup'],
];

async function startGrpcServer(t: TestContext): Promise<string> {
  const server = start(t, await goTarget('grpcserver'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
  return await new Promise((resolve) => {
    server.stdout!.setEncoding('utf8').once('data', (text: string) => resolve(/listening (\S+)/.exec(text)![1]!));
  });
}

const sorted = (counts: Readonly<Record<string, number>>) => Object.fromEntries(Object.entries(counts).sort());

/** `package.Service/Method CODE`, as the program counted them. */
function byMethod(methods: Sent['methods']): Record<string, number> {
  const counts = Object.entries(methods).flatMap(([method, byCode]) =>
    Object.entries(byCode).map(([code, count]) => [`${method.slice(1)} ${goCodeNames[code]}`, count] as const),
  );
  return Object.fromEntries(counts);
}

for (const { version, ...options } of grpcBuilds()) {
  test(`one span a call, by method and code, grpc-go ${version} ${JSON.stringify(options)}`, {
    timeout: 300_000,
  }, async (t) => {
    const address = await startGrpcServer(t);
    const calls = 25 * kinds.length;
    const args = ['-wait', '-target', address, '-n', String(calls), '-c', '8', '-kinds', kinds.join(',')];
    const client = await startTracedService(t, await grpcClientTarget(version, options), { args });
    client.tell();
    const { methods } = JSON.parse(await client.line()) as Sent;
    const { spans, summary, log } = await client.stopAgent();

    const probe = summary.probes.find(({ kind }) => kind === 'rpc.client');
    assert.ok(probe, log);
    assert.deepEqual([probe.seen, probe.exported, dropped(probe)], [calls, calls, 0], JSON.stringify(probe));
    assert.equal(probe.enteredBeforeAttach + probe.stillRunning, 0, JSON.stringify(probe));
    assert.equal(summary.balanced, true);
    assert.deepEqual(byMethodAndCode(spans), sorted(byMethod(methods)));
    const [, port] = address.split(':');
    for (const span of spans) {
      const { attributes } = span;
      const code = attributes['rpc.status_code'];
      assert.equal(span.kind, 'CLIENT');
      assert.equal(span.name, attributes['rpc.method']);
      assert.equal(attributes['rpc.system.name'], 'grpc');
      assert.equal(attributes['server.address'], '127.0.0.1');
      const isRefused = span.statusMessage?.includes('connection refused');
      assert.equal(attributes['server.port'], isRefused ? 1 : Number(port), JSON.stringify(span));
      assert.equal(span.status, code === 'OK' ? 'UNSET' : 'ERROR');
      assert.equal(attributes['error.type'], code === 'OK' ? undefined : code);
      assert.ok(!('sidespan.unavailable' in attributes), JSON.stringify(attributes));
    }
    assert.equal(spans.filter(({ statusMessage }) => statusMessage?.includes('connection refused')).length, 25);
  });
}

for (const sampler of ['always_on', 'always_off']) {
  test(`metrics by method, code and server, ${sampler}`, { timeout: 60_000 }, async (t) => {
    const address = await startGrpcServer(t);
    const args = ['-wait', '-target', address, '-n', String(10 * kinds.length), '-c', '8', '-kinds', kinds.join(',')];
    const client = await startTracedService(t, await goTarget('grpcserver/grpcload'), {
      args,
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler },
    });
    client.tell();
    const { methods } = JSON.parse(await client.line()) as Sent;
    const result = await client.stopAgent();
    assert.equal(result.summary.balanced, true);
    const points = durations(result, 'rpc.client.call.duration');
    assertWhole(points);
    const counted: Record<string, number> = {};
    for (const { attributes, count = 0 } of points) {
      const code = attributes['rpc.status_code'];
      assert.equal(attributes['server.address'], '127.0.0.1');
      assert.equal(attributes['error.type'], code === 'OK' ? undefined : code);
      const key = `${attributes['rpc.method']} ${code}`;
      counted[key] = (counted[key] ?? 0) + count;
    }
    assert.deepEqual(sorted(counted), sorted(byMethod(methods)));
    const ports = points.map(({ attributes }) => attributes['server.port']);
    assert.deepEqual([...new Set(ports)].sort(), [1, Number(address.split(':')[1])]);
  });
}

function byMethodAndCode(spans: readonly SinkSpan[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { attributes } of spans) {
    const key = `${attributes['rpc.method']} ${attributes['rpc.status_code']}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return sorted(counts);
}
