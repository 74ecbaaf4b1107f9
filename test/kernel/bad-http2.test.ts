/**
 * HTTP/2 and gRPC of any bytes and sizes, over real connections: each request that a server took has one span, what is too
 * long is cut and said to be, nothing is lost, and the receiver's own decoder takes everything. BAD_REQUESTS sends more.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../support/fast-check.ts';
import { goTarget } from '../support/go-target.ts';
import { grpcTarget } from '../support/grpc-target.ts';
import { type RawHeader, type RawRequest, sendHttp2 } from '../support/raw-http2.ts';
import { type AgentResult, dropped, startTracedService, type TracedService } from '../support/traced-service.ts';
import { assertBounded, bytes, headerValues, lineEnds, refusedBytes, traceparents } from './bad-texts.ts';

const count = Number(process.env.BAD_REQUESTS ?? 160);
const seed = 20_261_122;
const longPath = '\xff'.repeat(65_536);

const headers = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom('traceparent', 'Traceparent'), traceparents),
    fc.tuple(
      fc.constantFrom('tracestate', 'user-agent', 'x-forwarded-for', 'x-forwarded-proto', 'x-any'),
      headerValues,
    ),
    fc.tuple(fc.string({ unit: fc.constantFrom(...'abcxyz-_!#$%&'), minLength: 1, maxLength: 60 }), headerValues),
  ),
  { maxLength: 12 },
);

/** Nothing was lost, and but for what parents decided against all was exported. */
function assertAll({ summary, spans, log }: AgentResult, kind: string, seen: number): void {
  const probe = summary.probes.find((one) => one.kind === kind);
  assert.ok(probe);
  assert.deepEqual({ seen: probe.seen, exported: probe.exported }, { seen, exported: spans.length }, log);
  assert.ok(probe.sampledOut < seen / 5, JSON.stringify(probe));
  for (const one of summary.probes) assert.equal(dropped(one), 0, JSON.stringify(one));
  assert.equal(summary.balanced, true);
  assertBounded(spans);
}

const answered = async (service: TracedService, requests: readonly RawRequest[], tls = false) =>
  (await sendHttp2(service.address, requests, { tls })).filter((outcome) => outcome === 'answered').length;

test(`${count} requests of HTTP/2 of any bytes: one span each that has a handler, all of them valid`, {
  timeout: 300_000,
}, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), {
    args: ['-tls'],
    env: {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_PROPAGATORS: 'tracecontext,baggage,b3,b3multi',
      OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: 'x-any,x-forwarded-for',
    },
  });
  const request = fc
    .record({
      method: fc.oneof(
        fc.constantFrom('GET', 'POST', 'PRI'),
        fc.string({ unit: fc.constantFrom(...'aZ!#%-'), minLength: 1, maxLength: 90 }),
        bytes(20, []),
      ),
      path: fc.oneof(
        { weight: 4, arbitrary: bytes(400, refusedBytes).map((text) => `/status/200?${text}`) },
        bytes(400, lineEnds).map((text) => `/${text}`),
        fc.integer({ min: 1, max: 70_000 }).map((length) => `/hello?${'%ff'.repeat(length / 3)}`),
        fc.constantFrom('/', '*', '//', '', '/status/%', 'http://[::1/x', '/status/204?sig=secret&\xc3\x28'),
      ),
      authority: fc.oneof({ weight: 3, arbitrary: fc.constant('shop.test') }, bytes(80, lineEnds)),
      headers,
    })
    .map(
      ({ method, path, authority, headers: more }): RawRequest => ({
        headers: [[':method', method], [':scheme', 'https'], [':path', path], [':authority', authority], ...more],
      }),
    );
  const handled = await answered(service, fc.sample(request, { seed, numRuns: count }), true);
  assert.ok(handled > count / 10, `${handled} of them had a handler`);
  // Of this it is known what must be said.
  const last: RawRequest = {
    headers: [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', `/${longPath}`],
      [':authority', 'shop.test'],
      ['user-agent', 'last'],
    ],
  };
  assert.equal(await answered(service, [last], true), 1);
  const result = await service.stopAgent();
  assertAll(result, 'http.server', handled + 1);
  const span = result.spans.find(({ attributes }) => attributes['user_agent.original'] === 'last');
  assert.deepEqual(span?.attributes['sidespan.truncated'], [`target: of ${longPath.length + 1}`]);
});

const message = Buffer.from([0, 0, 0, 0, 4, 10, 2, 111, 107]);
/** What gRPC asks of a request. */
const call = (path: string, more: readonly RawHeader[] = []): RawRequest => ({
  headers: [
    ...([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', path],
      [':authority', 'shop.test'],
    ] as const),
    ...([
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ] as const),
    ...more,
  ],
  body: message,
});

/** As test/targets/grpcserver counts them. */
async function calls(service: TracedService): Promise<number> {
  process.kill(service.pid, 'SIGUSR1');
  return (JSON.parse(await service.line()) as { readonly calls: number }).calls;
}

test(`${count} gRPC calls of any bytes: one span each that the server took, all of them valid`, {
  timeout: 300_000,
}, async (t) => {
  const service = await startTracedService(t, await grpcTarget(), {
    args: ['-unknown'],
    env: { OTEL_METRICS_EXPORTER: 'otlp', OTEL_PROPAGATORS: 'tracecontext,baggage,b3' },
  });
  const metadata = fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constantFrom('traceparent', 'tracestate', 'x-any', 'user-agent'), headerValues),
      },
      fc.tuple(fc.constant('traceparent'), traceparents),
      fc.tuple(
        fc.constant('grpc-timeout'),
        fc.oneof(fc.constantFrom('1n', '1H', '', 'S', '99999999999S', '-1S'), bytes(12, lineEnds)),
      ),
      fc.tuple(fc.constant('x-any-bin'), bytes(80, lineEnds)),
    ),
    { maxLength: 6 },
  );
  const paths = fc.oneof(
    bytes(300, refusedBytes).map((text) => `/any/${text}`),
    fc.integer({ min: 1, max: 70_000 }).map((length) => `/any.${'\xc3'.repeat(length)}/x`),
  );
  const requests = fc.sample(
    fc.tuple(paths, metadata).map(([path, more]) => call(path, more)),
    { seed, numRuns: count },
  );
  // What is not taken is no call: a timeout that is none, a value that gRPC does not decode.
  await answered(service, [...requests, call('/sidespan.test.Probe/Unary')]);
  const taken = await calls(service);
  assert.ok(taken > count / 10, `${taken} were taken`);
  assert.equal(await answered(service, [call(`/any/${longPath}`, [['x-last', 'yes']])]), 1);
  const result = await service.stopAgent();
  assertAll(result, 'rpc.server', taken + 1);
  const truncated = result.spans.flatMap(({ attributes }) => attributes['sidespan.truncated'] ?? []);
  assert.ok(truncated.includes(`method: of ${longPath.length + 5}`), truncated.join());
});

test('thousands of gRPC methods, half of the calls sampled: no more series than are let, no call less', {
  timeout: 60_000,
}, async (t) => {
  const service = await startTracedService(t, await grpcTarget(), {
    args: ['-unknown'],
    env: { OTEL_METRICS_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' },
  });
  const methods = 3000;
  await answered(
    service,
    Array.from({ length: methods }, (_, n) => call(`/any.Service/${n}`)),
  );
  const { metrics, spans, summary } = await service.stopAgent();
  const points = metrics.filter(({ name }) => name === 'rpc.server.call.duration');
  assert.equal(points.length, 2000);
  assert.equal(points.filter(({ attributes }) => attributes['otel.metric.overflow'] === true).length, 1);
  assert.equal(
    points.reduce((sum, { count: calls = 0 }) => sum + calls, 0),
    methods,
  );
  assert.ok(spans.length > 0 && spans.length < methods);
  assert.equal(summary.balanced, true);
});
