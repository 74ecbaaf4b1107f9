import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import { urlText } from '../../src/telemetry/go-url.ts';
import { call, fields, httpClientProbe, telemetryFor } from '../support/calls.ts';
import fc from '../support/fast-check.ts';

const ok = {
  method: 'GET',
  scheme: 'https',
  host: 'shop.example',
  path: '/items/7',
  user: null,
  status: 200,
  protoMajor: 2,
  protoMinor: 0,
  error: null,
};

function spanOf(values: Record<string, string | number | boolean | null>, changes: Partial<Call> = {}) {
  const span = telemetryFor(httpClientProbe).telemetry(call({ fields: fields(values), ...changes }));
  assert.ok(span);
  return span;
}

test('a request as the conventions want it', () => {
  const span = spanOf({ ...ok, query: 'page=2&sig=abc' });
  assert.deepEqual([span.name, span.kind, span.status], ['GET', 2, { code: 0 }]);
  assert.deepEqual(span.attributes, {
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'network.protocol.version': '2',
    'server.address': 'shop.example',
    'server.port': 443,
    'sidespan.goroutine.id': 18,
    'url.full': 'https://shop.example/items/7?page=2&sig=REDACTED',
  });
});

test('whether credentials are there is not known: none are shown, and none are said to be missing', () => {
  const { user: _, ...rest } = ok;
  assert.equal(spanOf(rest).attributes['url.full'], 'https://REDACTED:REDACTED@shop.example/items/7');
});

test('4xx and 5xx are errors, without a description', () => {
  for (const status of [400, 404, 503]) {
    const span = spanOf({ ...ok, status });
    assert.deepEqual([span.status, span.attributes['error.type']], [{ code: 2 }, String(status)]);
  }
  assert.deepEqual(spanOf({ ...ok, status: 302 }).status, { code: 0 });
});

test('an error without an answer', () => {
  const { status: _, protoMajor: __, protoMinor: ___, ...asked } = ok;
  const cancelled = spanOf({ ...asked, error: 'context canceled' });
  assert.equal(cancelled.attributes['error.type'], 'context.Canceled');
  assert.deepEqual(cancelled.status, { code: 2, message: 'context canceled' });
  assert.ok(!('http.response.status_code' in cancelled.attributes));
  const panicked = spanOf(asked, { end: 'panic' });
  assert.equal(panicked.attributes['error.type'], 'panic');
  assert.equal(panicked.events[0]?.name, 'exception');
});

test('how often it was sent before, as far as it was looked', () => {
  const resent = (redirect1: boolean | null, redirect2: boolean | null, redirect3: boolean | null) =>
    spanOf({ ...ok, redirect1, redirect2, redirect3 }).attributes['http.request.resend_count'];
  assert.equal(resent(false, null, null), undefined);
  assert.equal(resent(true, false, null), 1);
  assert.equal(resent(true, true, false), 2);
  assert.equal(resent(true, true, true), undefined);
});

test('how often it was sent again: after each try that failed but the last', () => {
  const closed = 'http: server closed idle connection';
  const resent = (tries: readonly string[], error: string | null) => {
    const { status, ...asked } = ok;
    const answer = error === null ? { status } : {};
    const noted = tries.flatMap((name) => fields({ [name]: closed }));
    const span = spanOf({}, { fields: [...fields({ ...asked, ...answer, error }), ...noted] });
    return span.attributes['http.request.resend_count'];
  };
  assert.equal(resent([], null), undefined);
  assert.equal(resent(['failedTry'], null), 1);
  assert.equal(resent(['failedTry', 'failedTry'], null), 2);
  assert.equal(resent(['failedTry'], closed), undefined);
  assert.equal(resent(['failedTry', 'failedTry'], closed), 1);
  assert.equal(resent(['failedStream'], null), 1);
  // HTTP/2 gives up, and what calls it does too.
  assert.equal(resent(['failedStream', 'failedTry'], closed), undefined);
  assert.equal(resent(['failedStream', 'failedStream', 'failedTry'], closed), 1);
});

test('URLs as Go writes them', () => {
  const url = { scheme: 'http', hasUser: false, host: 'a:1', path: '' };
  assert.equal(urlText(url), 'http://a:1');
  assert.equal(urlText({ ...url, path: '/a b/ż?' }), 'http://a:1/a%20b/%C5%BC%3F');
  assert.equal(urlText({ ...url, path: '/a/b', rawPath: '/a%2Fb' }), 'http://a:1/a%2Fb');
  assert.equal(urlText({ ...url, path: 'relative' }), 'http://a:1/relative');
  assert.equal(urlText({ ...url, opaque: '//proxy/x', query: 'q' }), 'http://proxy/x?q');
  assert.equal(urlText({ ...url, hasUser: true, path: '/' }), 'http://REDACTED:REDACTED@a:1/');
});

test('any path gives a URL that means it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (path) => {
      const text = urlText({ scheme: 'http', hasUser: false, host: 'a', path: `/${path}` });
      assert.equal(Buffer.from(decodeURIComponent(text)).toString(), Buffer.from(`http://a/${path}`).toString());
    }),
  );
});
