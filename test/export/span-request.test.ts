import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes, TraceState } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { releaseRequest, sharedEncodedSpans } from '../../src/export/encoded-spans.ts';
import { type SpanBatch, type SpanOf, type SpanOrigin, spanBatches } from '../../src/export/span-batches.ts';
import { spanRequest } from '../../src/export/span-request.ts';
import fc from '../support/fast-check.ts';
import { readableSpan } from '../support/readable-span.ts';

// The oracle is OpenTelemetry's own serializer: the same bytes.

const resources = [
  resourceFromAttributes(
    { 'service.name': 'gateway', 'process.pid': 4711 },
    { schemaUrl: 'https://example.com/1.45.0' },
  ),
  resourceFromAttributes({ 'service.name': 'Lager \u00fc \u{1f4e6}', 'process.command_args': ['a', 'b'] }),
];
const [resource] = resources as [(typeof resources)[number]];
const plan = { traceId: '1'.padStart(32, '0'), spanId: 'b7ad6b7169203331', startUnixNs: 1n, durationNs: 1, resource };
const scopes: ReadableSpan['instrumentationScope'][] = [
  { name: 'sidespan/net/http', version: '0.1.0', schemaUrl: 'https://example.com/1.45.0' },
  { name: 'sidespan/function' },
];

const hex = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
  // The length takes another byte in UTF-8 than in characters.
  fc.constantFrom('\u00e9'.repeat(64), `${'a'.repeat(120)}\u{1f600}`, '\ud800 alone', '\u20ac'.repeat(6000)),
);
const number = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, -1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 32), -(2 ** 53)),
  fc.constantFrom(2 ** 62, 2 ** 63, -(2 ** 63), -(2 ** 63) - 2048, 1.5, Number.NaN, Number.POSITIVE_INFINITY),
);
const scalar = fc.oneof(text, number, fc.boolean());
const attributes = fc.dictionary(
  text,
  fc.oneof(scalar, fc.array(fc.option(scalar)), fc.constantFrom(null, undefined)),
  { noNullPrototype: true },
);
const time = fc.tuple(fc.integer({ min: 0, max: 2 ** 34 }), fc.integer({ min: 0, max: 999_999_999 }));

const span = fc
  .record({
    name: text,
    kind: fc.integer({ min: 0, max: 4 }),
    traceId: hex(32),
    spanId: hex(16),
    parent: fc.option(fc.record({ spanId: hex(16), isRemote: fc.boolean() })),
    traceState: fc.option(fc.constantFrom('a=1', 'a=1,b=2', '')),
    startTime: time,
    endTime: time,
    attributes,
    message: fc.option(text),
    events: fc.array(fc.record({ name: text, time, attributes: fc.option(attributes) }), { maxLength: 3 }),
    resource: fc.constantFrom(...resources),
    instrumentationScope: fc.constantFrom(...scopes),
  })
  .map(({ parent, traceState, message, events, traceId, spanId, ...given }): ReadableSpan => {
    const context = {
      traceId,
      spanId,
      traceFlags: 1,
      ...(traceState !== null && { traceState: { serialize: () => traceState } as TraceState }),
    };
    return {
      ...readableSpan({ ...given, traceId, spanId, startUnixNs: 0n, durationNs: 0, attributes: {} }),
      ...given,
      attributes: given.attributes as Attributes,
      spanContext: () => context,
      ...(parent !== null && { parentSpanContext: { ...context, ...parent } }),
      status: message === null ? { code: 0 } : { code: 2, message },
      events: events.map((event) => ({
        ...event,
        attributes: (event.attributes ?? {}) as Attributes,
        droppedAttributesCount: 0,
      })),
    };
  });

const form = spanBatches();

/** As the queue makes it, in memory that earlier batches had. */
function batchOf(spans: readonly ReadableSpan[]): SpanBatch {
  const batch = form.open();
  for (const each of spans) form.append(batch, withOrigin(each));
  return batch;
}

const origins = new Map<unknown, Map<unknown, SpanOrigin>>();

function withOrigin(span: ReadableSpan): SpanOf<SpanOrigin> {
  const { resource, instrumentationScope: scope } = span;
  const ofResource = origins.get(resource) ?? new Map<unknown, SpanOrigin>();
  origins.set(resource, ofResource);
  const origin = ofResource.get(scope) ?? { resource, scope };
  ofResource.set(scope, origin);
  return { ...span, origin };
}

function ownRequest(spans: readonly ReadableSpan[]): string {
  const batch = batchOf(spans);
  const request = hexOf(spanRequest(batch));
  form.free(batch);
  return request;
}

const officialRequest = (spans: ReadableSpan[]) => hexOf(ProtobufTraceSerializer.serializeRequest(spans));

const hexOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

test("a request has the bytes of OpenTelemetry's serializer, whatever the spans hold", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 8 }), (spans) => {
      assert.equal(ownRequest(spans), officialRequest(spans));
    }),
    { numRuns: 300 },
  );
});

test('a full batch from two processes in turn', () => {
  const spans = fc.sample(span, { numRuns: 512, seed: 1 });
  assert.equal(ownRequest(spans), officialRequest(spans));
});

test('attributes that are those of the span before, almost those, or lists that have changed', () => {
  const list = ['a'];
  const values = [1, 1, '1', '1', true, true, 0, -0, Number.NaN, Number.NaN, '\u00e9', '\u00e9', list, list, undefined];
  const long = ['x'.repeat(200), 'x'.repeat(200), 'short', 'x'.repeat(200)];
  for (const value of [...values, ...long, 'short']) {
    const given = { ...plan, name: 'x', attributes: { same: value, [`${value}`]: 'one', '': value } as Attributes };
    assert.equal(ownRequest([readableSpan(given)]), officialRequest([readableSpan(given)]), String(value));
    list.push('b');
  }
});

test('attributes that spans share come before their own', () => {
  const shared: Attributes[] = [{ 'http.route': '/a', code: 200 }, {}, { list: ['a', 'b'], 'http.route': '/\u00fc' }];
  for (const sharedAttributes of [...shared, ...shared]) {
    const ownAttributes = { 'url.path': '/a/7' };
    const span = readableSpan({ ...plan, name: 'x', attributes: { ...sharedAttributes, ...ownAttributes } });
    const sharing = { ...span, sharedAttributes, ownAttributes };
    assert.equal(ownRequest([sharing, sharing]), officialRequest([span, span]));
  }
});

test('a request for gRPC is memory that its transport shares, and given back when it was accepted', () => {
  for (const [seed, numRuns] of [20, 3, 200, 1, 0].entries()) {
    const spans = fc.sample(span, { numRuns, seed });
    const batch = batchOf(spans);
    const request = sharedEncodedSpans.serializeRequest(batch) as unknown as ArrayBuffer;
    // What the transport does; it has no other claim on the memory.
    const sent = Buffer.from(request);
    assert.equal(sent.buffer, request);
    assert.equal(hexOf(sent), officialRequest(spans));
    releaseRequest(batch);
    assert.equal(request.byteLength, 0);
    releaseRequest(batch);
  }
});

test('very large spans', () => {
  const spans = [10, 70_000, 3_000_000, 20].map((length) =>
    readableSpan({ ...plan, name: 'x'.repeat(length), attributes: { text: '\u00e9'.repeat(length) } }),
  );
  assert.equal(ownRequest(spans), officialRequest(spans));
});

test('halves of a batch are together the batch', () => {
  const spans = fc.sample(span, { numRuns: 7, seed: 2 });
  const [first, second] = form.halves(batchOf(spans)) as [SpanBatch, SpanBatch];
  assert.equal(hexOf(spanRequest(first)), officialRequest(spans.slice(0, 4)));
  assert.equal(hexOf(spanRequest(second)), officialRequest(spans.slice(4)));
  const [third, fourth] = form.halves(second) as [SpanBatch, SpanBatch];
  assert.equal(hexOf(spanRequest(third)), officialRequest(spans.slice(4, 6)));
  assert.equal(hexOf(spanRequest(fourth)), officialRequest(spans.slice(6)));
});

test('a span that can not be encoded leaves nothing behind', () => {
  const good = readableSpan({ ...plan, name: 'good' });
  const broken = Object.defineProperty({}, 'broken', {
    enumerable: true,
    get() {
      throw new Error('broken');
    },
  });
  const batch = batchOf([good]);
  assert.throws(() => form.append(batch, withOrigin({ ...good, attributes: broken })), /broken/);
  form.append(batch, withOrigin(good));
  assert.equal(hexOf(spanRequest(batch)), officialRequest([good, good]));
});
