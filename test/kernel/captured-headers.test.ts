import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { startTracedService } from '../support/traced-service.ts';

const wanted = 'Content-Type,X-Answer,X-Late,X-Absent,Set-Cookie,X-Asked,X-Many,Authorization';

/** Of a span: the headers that it shows, without the attributes' common beginning. */
function headersOf({ attributes }: SinkSpan): Record<string, unknown> {
  const shown = Object.entries(attributes).filter(([key]) => /^http\.re\w+\.header\./.test(key));
  return Object.fromEntries(shown.map(([key, value]) => [key.replace(/^http\./, ''), value]));
}

test('headers that were asked for are attributes, secrets are not read, known methods are given', {
  timeout: 300_000,
}, async (t) => {
  const service = await startTracedService(t, await goTarget('webparts'), {
    env: {
      OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: wanted,
      OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS: wanted,
      OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS: wanted,
      OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS: wanted,
      OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: 'GET,PROPFIND',
    },
  });
  const many = Array.from({ length: 9 }, (_, n) => `line ${n}`);
  const headers = {
    'X-Asked': ['for', '', 'x'.repeat(300)],
    'X-Many': many,
    Authorization: ['Bearer hunter2'],
    'X-Other': ['unasked'],
  };
  const send = async (order: object) => {
    service.tell(JSON.stringify({ by: 'http', to: 'http', headers, ...order }));
    return service.line();
  };
  assert.equal(await send({ method: 'PROPFIND', path: '/headers' }), '202');
  assert.equal(await send({ method: 'DELETE', path: '/unwritten' }), '200');
  const { spans, log } = await service.stopAgent();

  assert.equal(spans.length, 4);
  const sent = { 'response.header.content-type': ['text/x-answer'], 'response.header.x-answer': ['first', 'second'] };
  for (const span of spans) {
    const { attributes } = span;
    const method = attributes['http.request.method'];
    const expected = {
      'request.header.x-asked': ['for', '', 'x'.repeat(256)],
      'request.header.x-many': many.slice(0, 8),
    };
    assert.deepEqual(attributes['sidespan.truncated'], [
      'http.request.header.x-asked: of 300',
      'http.request.header.x-many: more lines',
    ]);
    assert.equal(method, method === 'PROPFIND' ? method : '_OTHER');
    assert.equal(attributes['http.request.method_original'], method === '_OTHER' ? 'DELETE' : undefined);
    const answer = method === 'PROPFIND' ? sent : { 'response.header.x-answer': ['only'] };
    assert.deepEqual(headersOf(span), { ...expected, ...answer }, `${span.kind} ${method}`);
    assert.equal(attributes['sidespan.unavailable'], undefined);
  }
  assert.match(log, /the header authorization is not captured/);
  assert.doesNotMatch(JSON.stringify(spans), /hunter2/);
});
