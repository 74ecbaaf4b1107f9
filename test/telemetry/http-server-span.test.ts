import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import { routeOfPattern } from '../../src/telemetry/http-server-span.ts';
import { call, fields, httpFields, httpProbe, telemetryFor, unavailable } from '../support/calls.ts';

function spanOf(values: Record<string, string | number | boolean | null>, changes: Partial<Call> = {}) {
  const span = telemetryFor(httpProbe).telemetry(call({ fields: fields(values), ...changes }));
  assert.ok(span);
  return span;
}

test('a request as the conventions want it', () => {
  const span = spanOf(httpFields, { goid: 77 });
  assert.equal(span.name, 'GET /cart/{id}');
  assert.equal(span.kind, 1);
  assert.deepEqual(span.status, { code: 0 });
  assert.deepEqual(span.attributes, {
    'http.request.method': 'GET',
    'url.path': '/cart/7',
    'url.query': 'page=2',
    'url.scheme': 'http',
    'http.route': '/cart/{id}',
    'http.response.status_code': 200,
    'server.address': 'shop.example.com',
    'server.port': 8080,
    'client.address': '10.1.2.3',
    'network.peer.address': '10.1.2.3',
    'network.peer.port': 51234,
    'network.protocol.version': '1.1',
    'user_agent.original': 'curl/8.9.1',
    'http.response.body.size': 512,
    'sidespan.goroutine.id': 77,
  });
  assert.deepEqual(span.events, []);
});

test('path and query are those of the first line, whatever became of Request.URL', () => {
  const cases: [target: string, path: string | undefined, query: string | undefined][] = [
    ['/some/data?x=1', '/some/data', 'x=1'],
    ['/a%20b/c', '/a%20b/c', undefined],
    ['/a?', '/a', undefined],
    ['/a?b?c', '/a', 'b?c'],
    ['//a', '//a', undefined],
    ['*', '*', undefined],
    ['http://shop.example.com/a?sig=1', '/a', 'sig=REDACTED'],
    ['http://shop.example.com', '/', undefined],
    ['HTTP://shop.example.com?a', '/', 'a'],
    ['shop.example.com:443', undefined, undefined],
    // A handler cleared it to hand the request to a client.
    ['', '/data', 'y=2'],
  ];
  for (const [target, path, query] of cases) {
    const { attributes } = spanOf({ ...httpFields, target, path: '/data', query: 'y=2' });
    assert.deepEqual([attributes['url.path'], attributes['url.query']], [path, query], target);
  }
});

test('times: boot clock to wall clock, with a carry', () => {
  const span = spanOf(httpFields);
  assert.deepEqual(span.startTime, [1_700_001_000, 999_999_500]);
  assert.deepEqual(span.endTime, [1_700_001_001, 1_499_500]);
  assert.deepEqual(span.duration, [0, 1_500_000]);
  assert.deepEqual(spanOf(httpFields, { durationNs: 3_000_000_001 }).duration, [3, 1]);
});

test('a remote parent is kept and marked', () => {
  const remote = { parentSpanId: '00f067aa0ba902b7', remoteParent: { sampled: true, format: 'traceparent' as const } };
  const span = spanOf({ ...httpFields, tracestate: 'rojo=00f067aa0ba902b7, congo=t61rcWkgMzE' }, remote);
  assert.equal(span.parentSpanContext?.spanId, '00f067aa0ba902b7');
  assert.equal(span.parentSpanContext?.isRemote, true);
  assert.equal(span.spanContext().traceState?.serialize(), 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE');
  assert.equal(spanOf({ ...httpFields, tracestate: 'not a list' }, remote).spanContext().traceState, undefined);
  // A traceparent that was invalid, or is not to be followed.
  assert.equal(spanOf({ ...httpFields, tracestate: 'a=1' }).spanContext().traceState, undefined);
  assert.equal(spanOf(httpFields).parentSpanContext, undefined);
});

test('status: 5xx are errors, 4xx are the client’s', () => {
  for (const [status, code, errorType] of [
    [100, 0, undefined],
    [404, 0, undefined],
    [499, 0, undefined],
    [500, 2, '500'],
    [503, 2, '503'],
  ] as const) {
    const span = spanOf({ ...httpFields, status });
    assert.deepEqual(span.status, { code }, String(status));
    assert.equal(span.attributes['error.type'], errorType);
    assert.equal(span.attributes['http.response.status_code'], status);
  }
});

test('a handler that writes nothing has sent 200; one that panicked before writing has sent nothing', () => {
  assert.equal(spanOf({ ...httpFields, status: 0 }).attributes['http.response.status_code'], 200);
  const panicked = spanOf({ ...httpFields, status: 0 }, { end: 'panic' });
  assert.equal('http.response.status_code' in panicked.attributes, false);
  assert.deepEqual(panicked.status, { code: 2 });
  assert.equal(panicked.attributes['error.type'], 'panic');
  assert.equal(panicked.attributes['sidespan.ended'], 'panic');
  assert.equal(panicked.events[0]?.name, 'exception');
  assert.deepEqual(panicked.events[0]?.attributes, {
    'exception.type': 'panic',
    'sidespan.exception.unavailable': 'not seen',
  });
  assert.deepEqual(panicked.events[0]?.time, panicked.endTime);
});

test('what could not be read is left out with the reason, never invented', () => {
  const all = Object.keys(httpFields).map((name) => unavailable(name, 'fault'));
  const notes = { 'sidespan.unavailable': Object.keys(httpFields).map((name) => `${name}: fault`) };
  for (const [nothing, expected] of [
    [all, notes],
    [[], {}],
  ] as const) {
    const span = telemetryFor(httpProbe).telemetry(call({ fields: nothing }));
    assert.equal(span?.name, 'HTTP');
    assert.deepEqual(span?.attributes, { 'sidespan.goroutine.id': 18, ...expected });
    assert.deepEqual(span?.status, { code: 0 });
  }
});

test('what was cut says so, and half a tracestate is none', () => {
  const cut = fields({ ...httpFields, tracestate: 'a=1,b=2' }).map((field) =>
    ['path', 'tracestate'].includes(field.name) ? { ...field, truncated: { of: 900 } } : field,
  );
  const span = telemetryFor(httpProbe).telemetry(
    call({ fields: cut, remoteParent: { sampled: true, format: 'traceparent' as const } }),
  );
  assert.deepEqual(span?.attributes['sidespan.truncated'], ['path: of 900', 'tracestate: of 900']);
  assert.equal(span?.attributes['url.path'], '/cart/7');
  assert.equal(span?.spanContext().traceState, undefined);
});

test('methods: unknown ones do not make names', () => {
  const span = spanOf({ ...httpFields, method: 'BREW' });
  assert.equal(span.name, 'HTTP /cart/{id}');
  assert.equal(span.attributes['http.request.method'], '_OTHER');
  assert.equal(span.attributes['http.request.method_original'], 'BREW');
  // Names are case-sensitive: this is not GET.
  assert.equal(spanOf({ ...httpFields, method: 'get' }).attributes['http.request.method'], '_OTHER');
});

test('without a pattern the path does not become the route', () => {
  const span = spanOf({ ...httpFields, pattern: '' });
  assert.equal(span.name, 'GET');
  assert.equal('http.route' in span.attributes, false);
});

test('routes of ServeMux patterns', () => {
  assert.equal(routeOfPattern('/cart/{id}'), '/cart/{id}');
  assert.equal(routeOfPattern('POST /cart'), '/cart');
  assert.equal(routeOfPattern('GET shop.example.com/files/{path...}'), '/files/{path...}');
  assert.equal(routeOfPattern('/{$}'), '/{$}');
  assert.equal(routeOfPattern('*'), undefined);
});

test('clients behind proxies', () => {
  const client = (forwardedFor: string) => spanOf({ ...httpFields, forwardedFor }).attributes['client.address'];
  assert.equal(client('203.0.113.9, 10.0.0.1'), '203.0.113.9');
  assert.equal(client('203.0.113.9:4711'), '203.0.113.9');
  assert.equal(client('"[2001:db8::9]:4711", 10.0.0.1'), '2001:db8::9');
  assert.equal(client('2001:db8::9'), '2001:db8::9');
  // Not addresses: the peer is what is known.
  for (const text of ['unknown', '_hidden', '', ',', '<script>', '999999999999999999999:1:']) {
    assert.equal(client(text), '10.1.2.3', text);
  }
  const span = spanOf({ ...httpFields, forwardedFor: '203.0.113.9', forwardedProto: 'HTTPS, http' });
  assert.equal(span.attributes['network.peer.address'], '10.1.2.3');
  assert.equal(span.attributes['url.scheme'], 'https');
  assert.equal(spanOf({ ...httpFields, forwardedProto: 'gopher' }).attributes['url.scheme'], 'http');
});

test('peers: IPv6, Unix sockets, nonsense', () => {
  const peer = (text: string) => spanOf({ ...httpFields, peer: text }).attributes;
  assert.equal(peer('[fe80::1%eth0]:99')['network.peer.address'], 'fe80::1%eth0');
  assert.equal(peer('/run/app.sock')['network.peer.address'], '/run/app.sock');
  for (const text of ['@', '', ':80', '1.2.3.4:99999', '1.2.3.4:', '[::1', '[]:1']) {
    assert.equal('network.peer.address' in peer(text), false, text);
    assert.equal('network.peer.port' in peer(text), false, text);
  }
});

test('TLS and protocol versions', () => {
  assert.equal(spanOf({ ...httpFields, tls: true }).attributes['url.scheme'], 'https');
  const version = (protoMajor: number, protoMinor: number) =>
    spanOf({ ...httpFields, protoMajor, protoMinor }).attributes['network.protocol.version'];
  assert.equal(version(1, 0), '1.0');
  assert.equal(version(2, 0), '2');
});

test('sizes', () => {
  const of = (values: Record<string, string | number | null>) => spanOf({ ...httpFields, ...values }).attributes;
  assert.equal(of({ contentLength: 90 })['http.request.body.size'], 90);
  assert.equal('http.request.body.size' in of({ contentLength: -1, method: 'POST' }), false);
  assert.equal(of({ contentLength: 0, method: 'POST' })['http.request.body.size'], 0);
  assert.equal(of({ written: 0 })['http.response.body.size'], 0);
  assert.equal('http.response.body.size' in of({ method: 'HEAD' }), false);
});

test('credentials in the query are redacted', () => {
  const query = (text: string) => spanOf({ ...httpFields, query: text }).attributes['url.query'];
  assert.equal(query('q=a&sig=abc'), 'q=a&sig=REDACTED');
  assert.equal(query('X-Amz-Signature=1&X-Amz-Date=2&sig'), 'X-Amz-Signature=REDACTED&X-Amz-Date=2&sig');
  assert.equal(
    query('AWSAccessKeyId=A%3D&Signature=b=c&X-Goog-Signature='),
    'AWSAccessKeyId=REDACTED&Signature=REDACTED&X-Goog-Signature=REDACTED',
  );
  assert.equal(query('%73ig=abc'), '%73ig=REDACTED');
  assert.equal(query('SIG=abc&signature=1&%zz=1'), 'SIG=abc&signature=1&%zz=1');
});

test('where no router said a route it is guessed, if that is wanted', () => {
  const { telemetry } = telemetryFor(httpProbe, { guessRoutes: true });
  const routeOf = (values: Record<string, string | number | boolean | null>) =>
    telemetry(call({ fields: fields({ ...httpFields, ...values }) }))?.attributes['http.route'];
  assert.equal(routeOf({}), '/cart/{id}');
  assert.equal(routeOf({ pattern: '', target: '/orders/7/lines?page=2' }), '/orders/{id}/lines');
  assert.equal(routeOf({ pattern: '', target: '/.env', status: 404 }), undefined);
  for (let n = 0; n < 200; n++)
    routeOf({ pattern: '', target: `/page-${String.fromCharCode(97 + (n % 26)).repeat(1 + n / 26)}` });
  assert.equal(routeOf({ pattern: '', target: '/one/more' }), 'other');
  assert.equal(spanOf({ ...httpFields, pattern: '' }).attributes['http.route'], undefined);
});
