import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { goTarget } from '../support/go-target.ts';
import { goCodeNames, grpcBuilds, grpcTarget } from '../support/grpc-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { type AgentResult, dropped, startTracedService, type TracedService } from '../support/traced-service.ts';

const run = promisify(execFile);

/** As test/targets/grpcserver prints them: calls by method and code, of the methods that it has. */
interface ServerCounts {
  readonly grpc: string;
  readonly calls: number;
  readonly methods: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const serviceName = 'sidespan.test.Probe';
async function load(address: string, kinds: readonly string[], calls: number, more: readonly string[] = []) {
  const args = ['-target', address, '-n', String(calls), '-kinds', kinds.join(','), ...more];
  const { stdout } = await run(await goTarget('grpcserver/grpcload'), args);
  return JSON.parse(stdout) as { readonly sent: number };
}

async function countsOf(service: TracedService): Promise<ServerCounts> {
  process.kill(service.pid, 'SIGUSR1');
  return JSON.parse(await service.line()) as ServerCounts;
}

function byMethodAndCode(spans: readonly SinkSpan[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { attributes } of spans) {
    const key = `${attributes['rpc.method']} ${attributes['rpc.status_code']}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function serversOwn({ methods }: ServerCounts): Record<string, number> {
  const entries = Object.entries(methods).flatMap(([method, byCode]) =>
    Object.entries(byCode).map(([code, count]) => [`${method.slice(1)} ${goCodeNames[code] ?? code}`, count] as const),
  );
  return Object.fromEntries(entries);
}

function assertExact({ summary, log }: AgentResult, calls: number): void {
  const probe = summary.probes.find(({ kind }) => kind === 'rpc.server');
  assert.ok(probe, log);
  assert.deepEqual([probe.seen, probe.exported], [calls, calls], JSON.stringify(probe));
  for (const each of summary.probes) {
    assert.equal(dropped(each), 0, JSON.stringify(each));
    assert.equal(each.enteredBeforeAttach + each.stillRunning, 0, JSON.stringify(each));
  }
  assert.equal(summary.balanced, true);
}

const serverSpans = ({ spans }: AgentResult) => spans.filter(({ kind }) => kind === 'SERVER');

/** A call of Unary by another client, in this process. */
function unaryClient(context: TestContext, address: string) {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  context.after(() => client.close());
  const encode = (text: string) => Buffer.from([0x0a, text.length, ...Buffer.from(text)]);
  return (text: string, metadata: grpc.Metadata, options: { cancelAfterMs?: number; timeoutMs?: number } = {}) =>
    new Promise<grpc.status>((resolve) => {
      const deadline = options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
      const call = client.makeUnaryRequest(
        `/${serviceName}/Unary`,
        encode,
        (bytes) => bytes,
        text,
        metadata,
        deadline,
        (error) => resolve(error === null ? grpc.status.OK : error.code),
      );
      if (options.cancelAfterMs !== undefined) setTimeout(() => call.cancel(), options.cancelAfterMs);
    });
}

const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = 'b7ad6b7169203331';

for (const { version, ...options } of grpcBuilds()) {
  const name = `grpc-go ${version} ${JSON.stringify(options)}`;

  test(`one span a call, by method and code, ${name}`, { timeout: 300_000 }, async (t) => {
    const service = await startTracedService(t, await grpcTarget(version, options), { functions: ['main.answer'] });
    const kinds = ['ok', 'notfound', 'plain', 'sleep', 'download', 'downloadfail', 'upload', 'chat', 'chatfail'];
    await load(service.address, kinds, 450, ['-c', '8', '-connections', '2']);
    await load(service.address, ['unknown'], 20);
    const counts = await countsOf(service);
    const result = await service.stopAgent();

    assert.equal(counts.calls, 450);
    assertExact(result, 470);
    const spans = serverSpans(result);
    assert.deepEqual(byMethodAndCode(spans), { ...serversOwn(counts), '_OTHER UNIMPLEMENTED': 20 });
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, spans.length);
    for (const { attributes, status, name: spanName } of spans) {
      const code = attributes['rpc.status_code'];
      assert.equal(attributes['rpc.system.name'], 'grpc');
      assert.equal(attributes['network.peer.address'], '127.0.0.1');
      assert.equal(
        status,
        code === 'UNKNOWN' || code === 'UNIMPLEMENTED' ? 'ERROR' : 'UNSET',
        JSON.stringify(attributes),
      );
      if (code === 'UNIMPLEMENTED') {
        assert.equal(attributes['rpc.method_original'], `${serviceName}/Missing`);
        assert.equal(spanName, 'grpc');
      } else {
        assert.equal(spanName, attributes['rpc.method']);
      }
    }
    // The program's own functions, within the call's goroutine, are its children.
    const children = result.spans.filter(({ name: called }) => called === 'main.answer');
    const servers = new Map(spans.map((span) => [span.spanId, span]));
    assert.ok(children.length > 0);
    for (const child of children) {
      assert.equal(servers.get(child.parentSpanId ?? '')?.traceId, child.traceId, JSON.stringify(child));
    }
  });

  test(`parents, cancellation and deadlines, ${name}`, { timeout: 300_000 }, async (t) => {
    const service = await startTracedService(t, await grpcTarget(version, options), {});
    const call = unaryClient(t, service.address);
    const metadata = (entries: Readonly<Record<string, string>>) => {
      const result = new grpc.Metadata();
      for (const [key, value] of Object.entries(entries)) result.set(key, value);
      return result;
    };
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x-some-other-key-${n}`, String(n)]));
    const traceparent = `00-${trace}-${parent}-01`;
    const outcomes = [
      await call('ok', metadata({ traceparent, tracestate: 'a=b' })),
      await call('ok', metadata({ ...many, traceparent })),
      await call('ok', metadata({ traceparent: `00-${trace}-${'0'.repeat(16)}-01` })),
      await call('sleep:20s', metadata({}), { cancelAfterMs: 150 }),
      await call('sleep:20s', metadata({}), { timeoutMs: 150 }),
    ];
    const { OK, CANCELLED, DEADLINE_EXCEEDED } = grpc.status;
    assert.deepEqual(outcomes.slice(0, 4), [OK, OK, OK, CANCELLED]);
    // The server keeps the deadline too: the client hears of its cancelling before its own timer runs out, now and then.
    assert.ok(
      outcomes[4] === DEADLINE_EXCEEDED || outcomes[4] === CANCELLED,
      `the last call ended with ${outcomes[4]}`,
    );
    // The server hears of the last two only after the client has given up on them.
    await service.untilArrived(5);
    const counts = await countsOf(service);
    const result = await service.stopAgent();
    assertExact(result, 5);
    const spans = serverSpans(result).sort((a, b) => Number(BigInt(a.startUnixNs) - BigInt(b.startUnixNs)));
    assert.deepEqual(byMethodAndCode(spans), serversOwn(counts));
    const [first, many2, invalid] = spans as [SinkSpan, SinkSpan, SinkSpan];
    assert.deepEqual([first.traceId, first.parentSpanId, first.traceState], [trace, parent, 'a=b']);
    assert.deepEqual([many2.traceId, many2.parentSpanId], [trace, parent]);
    assert.notEqual(invalid.traceId, trace);
    assert.equal(invalid.parentSpanId, undefined);
  });
}

test("a server behind net/http's: the call and the request that brought it, each once", {
  timeout: 300_000,
}, async (t) => {
  const service = await startTracedService(t, await grpcTarget(), { args: ['-handler'] });
  const kinds = ['ok', 'notfound', 'plain', 'download', 'downloadfail', 'upload', 'chat', 'chatfail'];
  await load(service.address, kinds, 160, ['-c', '8', '-traceparent', `00-${trace}-${parent}-01`]);
  const counts = await countsOf(service);
  const result = await service.stopAgent();

  assertExact(result, 160);
  const requests = serverSpans(result).filter(({ attributes }) => attributes['http.request.method'] === 'POST');
  const rpcs = serverSpans(result).filter(({ attributes }) => attributes['rpc.system.name'] === 'grpc');
  assert.deepEqual(byMethodAndCode(rpcs), serversOwn(counts));
  const paths = (spans: readonly SinkSpan[], key: string) => spans.map(({ attributes }) => attributes[key]).sort();
  assert.deepEqual(
    paths(requests, 'url.path'),
    paths(rpcs, 'rpc.method').map((method) => `/${method}`),
  );
  for (const span of [...requests, ...rpcs]) assert.deepEqual([span.traceId, span.parentSpanId], [trace, parent]);
});
