import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { sendRaw, startTracedService } from '../support/traced-service.ts';
import {
  assertExact,
  byRouteAndStatus,
  childrenOf,
  functions,
  type ServerCounts,
  serverSpans,
  serversOwn,
} from './http-counts.ts';

const run = promisify(execFile);

function request(method: string, path: string, headers: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const head = [`${method} ${path} HTTP/1.1`, 'Host: shop.test:8080', 'Connection: close', ...length, ...headers];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

async function countsOf(address: string): Promise<ServerCounts> {
  const answer = await sendRaw(address, request('GET', '/debug/counts'));
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as ServerCounts;
}

/** Sends bounded load over keep-alive connections. */
async function load(address: string, paths: readonly string[], requests: number, more: readonly string[] = []) {
  const urls = paths.flatMap((path) => ['-url', `http://${address}${path}`]);
  const { stdout } = await run(await goTarget('load'), [...urls, '-n', String(requests), '-c', '16', ...more]);
  return JSON.parse(stdout) as { readonly sent: number; readonly answered: number };
}

const builds: readonly GoTargetOptions[] = [
  ...['1.22', '1.23', '1.24', '1.25'].map((go) => ({ go })),
  {},
  { go: '1.22', ldflags: '-s -w' },
  { ldflags: '-s -w' },
  { ldflags: '-w' },
  { go: '1.22', buildmode: 'pie' },
  { buildmode: 'pie' },
  { buildmode: 'pie', ldflags: '-s -w' },
];

for (const build of builds) {
  test(`one span a request, by route and status, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver', build), { functions });
    const { address } = service;
    const gets = ['/hello', '/greet/ada?x=1', '/greet/nobody', '/status/204', '/status/404', '/status/503', '/nowhere'];
    await load(address, gets, 1400);
    await load(address, ['/echo'], 100, ['-method', 'POST', '-body', 'some text']);
    await load(address, ['/panic', '/hijack', '/stream?pieces=3', '/sleep?for=2ms'], 80);
    const counts = await countsOf(address);
    const result = await service.stopAgent();

    assertExact(result, counts);
    const spans = serverSpans(result);
    assert.deepEqual(byRouteAndStatus(spans), serversOwn(counts));
    assert.equal(new Set(result.spans.map(({ spanId }) => spanId)).size, result.spans.length, 'span ids are unique');
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, spans.length, 'each request is a trace of its own');

    const greetings = spans.filter(({ attributes }) => attributes['url.path'] === '/greet/ada');
    assert.equal(greetings.length, 200);
    for (const span of greetings) {
      const [child, ...others] = childrenOf(result, span);
      assert.deepEqual([child?.name, child?.traceId, others.length], ['main.Greeting', span.traceId, 0]);
      assert.deepEqual(
        childrenOf(result, child!).map(({ name, traceId }) => [name, traceId]),
        [['main.Capitalize', span.traceId]],
      );
      assert.equal(child?.attributes['sidespan.goroutine.id'], span.attributes['sidespan.goroutine.id']);
    }
    for (const span of spans) {
      const { 'http.route': route, 'http.response.status_code': status, 'sidespan.ended': ended } = span.attributes;
      const failed = route === '/panic' || Number(status) >= 500;
      assert.equal(span.status, failed ? 'ERROR' : 'UNSET', JSON.stringify(span));
      assert.equal(ended, route === '/panic' ? 'panic' : route === '/hijack' ? 'goroutine end' : undefined);
      if (route === '/panic') assert.equal(span.attributes['error.type'], 'panic');
    }
  });
}

for (const build of [{ go: '1.22' }, {}, { ldflags: '-s -w' }]) {
  test(`what a request's span says, ${JSON.stringify(build)}`, { timeout: 60_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver', build), { functions });
    const { address } = service;
    const headers = [
      'User-Agent: raw/1.0 (żółw)',
      'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'tracestate: acme=t61rcWkgMzE,other=1',
    ];
    await sendRaw(address, request('POST', '/echo?q=a%20b&page=2', headers, 'hello there'));
    await sendRaw(address, request('BREW', '/status/418'));
    await sendRaw(address, request('GET', '/hijack'));
    await sendRaw(address, request('GET', '/forward/a%20b?to=c', headers.slice(0, 2)));
    const result = await service.stopAgent();
    // A hijacked connection's request may end after the next one.
    const byStart = serverSpans(result).sort((a, b) => Number(BigInt(a.startUnixNs) - BigInt(b.startUnixNs)));
    const [echo, brew, hijack, forward] = byStart as [SinkSpan, SinkSpan, SinkSpan, SinkSpan];

    const port = echo.attributes['network.peer.port'];
    assert.ok(Number.isInteger(port) && Number(port) > 0);
    assert.deepEqual(
      { ...echo.attributes, 'network.peer.port': 0, 'sidespan.goroutine.id': 0 },
      {
        'client.address': '127.0.0.1',
        'http.request.method': 'POST',
        'http.request.body.size': 11,
        'http.response.body.size': 11,
        'http.response.status_code': 200,
        'http.route': '/echo',
        'network.peer.address': '127.0.0.1',
        'network.peer.port': 0,
        'network.protocol.version': '1.1',
        'server.address': 'shop.test',
        'server.port': 8080,
        'sidespan.goroutine.id': 0,
        'url.path': '/echo',
        'url.query': 'q=a%20b&page=2',
        'url.scheme': 'http',
        'user_agent.original': 'raw/1.0 (żółw)',
      },
    );
    assert.deepEqual([echo.name, echo.status, echo.kind], ['POST /echo', 'UNSET', 'SERVER']);
    assert.deepEqual(
      [echo.traceId, echo.parentSpanId, echo.traceState],
      ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', 'acme=t61rcWkgMzE,other=1'],
    );
    assert.equal(echo.resource['service.name'], 'httpserver');
    assert.equal(echo.resource['process.pid'], service.pid);

    assert.equal(brew.attributes['http.request.method'], '_OTHER');
    assert.equal(brew.attributes['http.request.method_original'], 'BREW');
    assert.equal(brew.name, 'HTTP /status/{code}');
    assert.equal(brew.attributes['http.response.status_code'], 418);

    // Its handler changes the request: what counts is how it came.
    assert.equal(forward.attributes['url.path'], '/forward/a%20b');
    assert.equal(forward.attributes['url.query'], 'to=c');
    assert.equal(forward.attributes['http.request.method'], 'GET');
    assert.equal(forward.attributes['user_agent.original'], echo.attributes['user_agent.original']);
    assert.deepEqual([forward.traceId, forward.parentSpanId], [echo.traceId, echo.parentSpanId]);

    // What a hijacked connection carried is not net/http's to count.
    assert.ok(!('http.response.body.size' in hijack.attributes));
    assert.ok(!('http.response.status_code' in hijack.attributes));
  });
}

const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = 'b7ad6b7169203331';

test('only a valid traceparent becomes the parent', { timeout: 60_000 }, async (t) => {
  const valid = [
    `00-${trace}-${parent}-01`,
    `00-${trace}-${parent}-03`,
    `cc-${trace}-${parent}-01-what-the-future-brings`,
  ];
  const invalid = [
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${trace}-${parent}-01-extra`,
    `00-${trace}-${parent}-0`,
    `00-${trace}-${parent}`,
    `00-${trace.slice(1)}g-${parent}-01`,
    `00_${trace}_${parent}_01`,
    'nonsense',
    '',
  ];
  for (const build of [{ go: '1.22' }, {}]) {
    const service = await startTracedService(t, await goTarget('httpserver', build), { functions });
    for (const [index, value] of [...valid, ...invalid].entries()) {
      await sendRaw(service.address, request('GET', `/greet/n${index}`, [`traceparent: ${value}`]));
    }
    const result = await service.stopAgent();
    const spans = serverSpans(result);
    assert.equal(spans.length, valid.length + invalid.length);
    for (const [index, value] of [...valid, ...invalid].entries()) {
      const span = spans.find(({ attributes }) => attributes['url.path'] === `/greet/n${index}`)!;
      const expected = index < valid.length ? [trace, parent] : [undefined, undefined];
      const got = [span.traceId === trace ? trace : undefined, span.parentSpanId];
      assert.deepEqual(got, expected, JSON.stringify(value));
      assert.equal(childrenOf(result, span)[0]?.traceId, span.traceId, 'children belong to the same trace');
    }
  }
});

test('a trace that its caller does not record is sampled out, children too', { timeout: 60_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), { functions });
  for (const flags of ['00', '01', '00']) {
    await sendRaw(service.address, request('GET', '/greet/eve', [`traceparent: 00-${trace}-${parent}-${flags}`]));
  }
  const { spans, summary } = await service.stopAgent();
  assert.equal(spans.length, 3);
  for (const { seen, exported, sampledOut } of summary.probes) {
    assert.deepEqual({ seen, exported, sampledOut }, { seen: 3, exported: 1, sampledOut: 2 });
  }
  assert.equal(summary.balanced, true);
});

for (const build of [{ go: '1.22' }, { go: '1.23' }, { go: '1.24' }, {}]) {
  test(`headers are found among many, ${JSON.stringify(build)}`, { timeout: 60_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver', build), { functions });
    // Names as long as a wanted one cost a comparison each, and their number is limited: these are not.
    const numbers = [0, 4, 6, 7, 8, 20, 60, 150];
    for (const number of numbers) {
      const others = Array.from({ length: number }, (_, index) => `X-Some-Other-Header-${index}: value ${index}`);
      const wanted = [`traceparent: 00-${trace}-${parent}-01`, 'User-Agent: among-many', 'tracestate: a=b'];
      const half = Math.floor(number / 2);
      const headers = [...others.slice(0, half), ...wanted, ...others.slice(half)];
      await sendRaw(service.address, request('GET', `/greet/h${number}`, headers));
    }
    const result = await service.stopAgent();
    for (const number of numbers) {
      const span = serverSpans(result).find(({ attributes }) => attributes['url.path'] === `/greet/h${number}`);
      assert.deepEqual(
        [span?.traceId, span?.parentSpanId, span?.attributes['user_agent.original'], span?.traceState],
        [trace, parent, 'among-many', 'a=b'],
        `${number} other headers`,
      );
    }
  });
}
