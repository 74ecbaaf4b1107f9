/**
 * Requests of any bytes and sizes, by several routers and to a database, over real connections: each that reached a handler has one
 * span, what is too long is cut and said to be, nothing is lost, and the receiver (protobuf's own decoder, which refuses what is no UTF-8)
 * takes everything. BAD_REQUESTS sends more than a usual run.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from '../support/fast-check.ts';
import { goTarget } from '../support/go-target.ts';
import { dropped, startTracedService, type TracedService } from '../support/traced-service.ts';
import { assertBounded, bytes, headerValues, refusedBytes, spaced, traceparents } from './bad-texts.ts';

const requests = Number(process.env.BAD_REQUESTS ?? 160);
const atOnce = 16;
const headers = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom('traceparent', 'Traceparent', 'TRACEPARENT'), traceparents),
    fc.tuple(
      fc.constantFrom('tracestate', 'User-Agent', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Any'),
      headerValues,
    ),
    fc.tuple(fc.string({ unit: fc.constantFrom(...'abcXYZ-_!#$%&'), minLength: 1, maxLength: 60 }), headerValues),
  ),
  { maxLength: 12 },
);
const paths = fc.oneof(
  { weight: 4, arbitrary: bytes(400, refusedBytes).map((text) => `/users/${text}`) },
  bytes(400, spaced).map((text) => `/${text}`),
  bytes(60, spaced).map((text) => `/users/${text}?${text}`),
  fc.integer({ min: 1, max: 70_000 }).map((length) => `/users/${'%ff'.repeat(length / 3)}`),
  fc.constantFrom('/', '*', '//', '/users/%', 'http://[::1/x', '/users/7?sig=secret&\xc3\x28'),
);
const request = fc
  .record({
    method: fc.oneof(
      fc.constantFrom('GET', 'POST', 'PRI'),
      fc.string({ unit: fc.constantFrom(...'aZ!#%-'), minLength: 1, maxLength: 90 }),
    ),
    path: paths,
    host: fc.constantFrom('chi', 'mux', 'gin', 'echo'),
    headers,
  })
  .map(
    ({ method, path, host, headers: lines }) =>
      `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );

/** The answer, as far as it came. */
function send(address: string, text: string): Promise<string> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), host);
    socket.setEncoding('latin1').on('data', (data) => {
      answer += data;
    });
    // A server that has heard enough closes before all is sent.
    socket.on('error', () => {}).on('close', () => resolve(answer));
    socket.write(text, 'latin1');
  });
}

/** What net/http answers by itself, without a handler. */
const refused =
  /^HTTP\/1\.1 (400 Bad Request|431 .*|505 .*|501 .*)\r\nContent-Type: text\/plain; charset=utf-8\r\nConnection: close\r\n\r\n/;

async function sendAll(service: TracedService, texts: readonly string[]): Promise<number> {
  let handled = 0;
  const left = [...texts];
  const work = async () => {
    for (let text = left.pop(); text !== undefined; text = left.pop()) {
      const answer = await send(service.address, text);
      if (answer !== '' && !refused.test(answer)) handled++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return handled;
}

test(`${requests} requests of any bytes: one span each that has a handler, all of them valid`, {
  timeout: 300_000,
}, async (t) => {
  const service = await startTracedService(t, await goTarget('routers'), {
    env: {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_PROPAGATORS: 'tracecontext,baggage,b3,b3multi',
      OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: 'x-any,x-forwarded-for',
    },
  });
  const handled = await sendAll(service, fc.sample(request, { seed: 20_261_122, numRuns: requests }));
  assert.ok(handled > requests / 10, `${handled} of them had a handler`);
  // Of this it is known what must be said.
  const longPath = `/users/${'\xff'.repeat(65_536)}`;
  await send(service.address, `GET ${longPath} HTTP/1.1\r\nHost: chi\r\nConnection: close\r\nUser-Agent: last\r\n\r\n`);
  const { spans, summary, log } = await service.stopAgent();
  const [probe] = summary.probes;
  assert.ok(probe);
  // `PRI *` is no request, and some parents have decided against their trace.
  assert.deepEqual({ seen: probe.seen, exported: probe.exported }, { seen: handled + 1, exported: spans.length }, log);
  assert.ok(probe.sampledOut < handled / 10, JSON.stringify(probe));
  assertBounded(spans);
  const last = spans.find(({ attributes }) => attributes['user_agent.original'] === 'last');
  assert.deepEqual(last?.attributes['sidespan.truncated'], [`target: of ${longPath.length}`]);
  assert.equal(last?.attributes['http.route'], '/users/{id}');
  for (const one of summary.probes) assert.equal(dropped(one), 0, JSON.stringify(one));
  assert.equal(summary.balanced, true);
});

test('SQL of any bytes and of megabytes: one span each, sanitized and bounded', { timeout: 300_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('sqlclient/sqliteserver'));
  const texts = fc.sample(
    fc.oneof(
      bytes(3000, []),
      fc.integer({ min: 1, max: 3_000_000 }).map((length) => `SELECT '${'S3CR3T'.repeat(length / 6)}'`),
      bytes(300, []).map((text) => `SELECT '${text}`),
    ),
    { seed: 20_261_122, numRuns: 40 },
  );
  for (const text of texts) {
    const { status } = await fetch(`http://${service.address}/any`, {
      method: 'POST',
      body: Buffer.from(text, 'latin1'),
    });
    assert.equal(status, 200);
  }
  const { spans, summary, log } = await service.stopAgent();
  assert.equal(spans.length, 2 * texts.length, log);
  assertBounded(spans);
  assert.doesNotMatch(JSON.stringify(spans), /S3CR3T/);
  for (const one of summary.probes) assert.equal(dropped(one), 0, JSON.stringify(one));
  assert.equal(summary.balanced, true);
});
