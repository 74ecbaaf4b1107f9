import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { type AgentResult, dropped, startTracedService, type TracedService } from '../support/traced-service.ts';

/** As test/targets/httpclient prints it: what came of each kind of request, and where its servers listen. */
interface Sent {
  readonly plain: string;
  readonly secure: string;
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

async function send(service: TracedService, times: number): Promise<Sent> {
  service.tell(String(times));
  return JSON.parse(await service.line()) as Sent;
}

/** The requests that each kind makes: path and what its span says of the outcome. */
const requestsOf: Readonly<Record<string, readonly string[]>> = {
  get: ['/ok/get 200 1.1'],
  post: ['/ok/p%C3%B3st%2Fed 200 1.1'],
  streamed: ['/ok/streamed 200 1.1'],
  brew: ['/status/418 418 1.1'],
  missing: ['/status/404 404 1.1'],
  failing: ['/status/503 503 1.1'],
  redirected: ['/redirect/2 302 1.1', '/redirect/1 302 1.1', '/redirect/0 302 1.1', '/ok/redirected 200 1.1'],
  secret: ['/ok/secret 200 1.1'],
  refused: ['/refused *net.OpError'],
  timeout: ['/sleep context.DeadlineExceeded'],
  cancelled: ['/sleep context.Canceled'],
  proxied: ['/proxy 200 1.1', '/ok/behind 200 1.1'],
  closing: ['/close 200 1.1'],
  tls: ['/ok/tls 200 1.1'],
  untrusted: ['/ok/untrusted *crypto/tls.CertificateVerificationError'],
  http2: ['/ok/http2 200 2'],
  'http2-post': ['/ok/http2 200 2'],
  'http2-missing': ['/status/404 404 2'],
};

const pathOf = (span: SinkSpan) => new URL(String(span.attributes['url.full'])).pathname;
const clientSpans = ({ spans }: AgentResult) => spans.filter(({ kind }) => kind === 'CLIENT');

function outcomeOf({ attributes }: SinkSpan): string {
  const status = attributes['http.response.status_code'];
  return status === undefined
    ? String(attributes['error.type'])
    : `${status} ${attributes['network.protocol.version']}`;
}

/** Errors whose type other releases of Go have otherwise. */
function sameInAllReleases(text: string): string {
  return text
    .replace(/x509.UnknownAuthorityError$/, 'tls.CertificateVerificationError')
    .replace(/^(\S+) \*?crypto/, '$1 *crypto');
}

function counted(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

function assertExact({ summary, log }: AgentResult, requests: number): void {
  const probe = summary.probes.find(({ kind }) => kind === 'http.client');
  assert.ok(probe, log);
  assert.deepEqual([probe.seen, probe.exported, dropped(probe)], [requests, requests, 0], JSON.stringify(probe));
  assert.equal(probe.enteredBeforeAttach + probe.stillRunning, 0, JSON.stringify(probe));
  assert.equal(summary.balanced, true);
}

const builds: readonly GoTargetOptions[] = [
  ...['1.19', '1.21', '1.23', '1.27'].map((go) => ({ go, ldflags: '-s -w' })),
  {},
];

for (const build of builds) {
  test(`one span a request and hop, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpclient', build));
    const times = 10;
    const { outcomes } = await send(service, times);
    const result = await service.stopAgent();

    assert.deepEqual(Object.keys(outcomes).sort(), Object.keys(requestsOf).sort());
    const expected = Object.values(requestsOf).flatMap((requests) =>
      Array<readonly string[]>(times).fill(requests).flat(),
    );
    const spans = clientSpans(result);
    assert.deepEqual(
      counted(spans.map((span) => sameInAllReleases(`${pathOf(span)} ${outcomeOf(span)}`))),
      counted(expected),
    );
    assertExact(result, expected.length);
    // Each proxied request has one of its own, on the goroutine of the server's span.
    for (const span of spans.filter((each) => pathOf(each) === '/ok/behind')) {
      const parent = result.spans.find(({ spanId }) => spanId === span.parentSpanId);
      assert.deepEqual([parent?.kind, parent?.attributes['url.path']], ['SERVER', '/proxy']);
      assert.equal(parent?.traceId, span.traceId);
    }
    for (const span of spans.filter((each) => pathOf(each) !== '/ok/behind')) {
      assert.equal(span.parentSpanId, undefined);
    }
  });
}

test("what a request's span says", { timeout: 60_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpclient', { ldflags: '-s -w' }));
  const { plain, secure } = await send(service, 1);
  const result = await service.stopAgent();
  const spans = clientSpans(result);
  const spanOf = (path: string) => spans.find((span) => pathOf(span) === path) as SinkSpan;
  const port = Number(plain.split(':')[1]);

  const post = spanOf('/ok/p%C3%B3st%2Fed');
  assert.deepEqual(
    { ...post.attributes, 'sidespan.goroutine.id': 0 },
    {
      'http.request.body.size': 9,
      'http.request.method': 'POST',
      'http.response.body.size': 5,
      'http.response.status_code': 200,
      'network.protocol.version': '1.1',
      'server.address': '127.0.0.1',
      'server.port': port,
      'sidespan.goroutine.id': 0,
      'url.full': `http://${plain}/ok/p%C3%B3st%2Fed`,
    },
  );
  assert.deepEqual([post.name, post.status, post.scope], ['POST', 'UNSET', 'sidespan/net/http']);
  // Go says 0 of a body whose length it does not know.
  assert.equal(spanOf('/ok/streamed').attributes['http.request.body.size'], undefined);

  assert.equal(spanOf('/ok/get').attributes['url.full'], `http://${plain}/ok/get?q=a%20b&page=2`);
  assert.equal(
    spanOf('/ok/secret').attributes['url.full'],
    `http://REDACTED:REDACTED@${plain}/ok/secret?token=REDACTED&sig=REDACTED&plain=5`,
  );
  assert.ok(!JSON.stringify(result.spans).includes('hunter'));
  assert.equal(spanOf('/ok/tls').attributes['url.full'], `https://${secure}/ok/tls`);

  const brew = spanOf('/status/418');
  assert.deepEqual(
    [brew.name, brew.attributes['http.request.method'], brew.attributes['http.request.method_original']],
    ['HTTP', '_OTHER', 'BREW'],
  );
  // To a client 4xx are errors.
  assert.deepEqual([brew.status, brew.attributes['error.type']], ['ERROR', '418']);
  const refused = spanOf('/refused');
  assert.deepEqual(
    [refused.status, refused.statusMessage],
    ['ERROR', 'dial tcp 127.0.0.1:1: connect: connection refused'],
  );
  assert.equal(
    spanOf('/ok/untrusted').statusMessage,
    'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  );

  const resent = ['/redirect/2', '/redirect/1', '/redirect/0', '/ok/redirected'].map(
    (path) => spanOf(path).attributes['http.request.resend_count'],
  );
  // Further back it is not looked.
  assert.deepEqual(resent, [undefined, 1, 2, undefined]);
  for (const { attributes } of spans) assert.ok(!('sidespan.unavailable' in attributes), JSON.stringify(attributes));
});
