import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { encodedSpan } from '../../src/export/encoded-span.ts';
import { cutSpan, MAX_RECORD_BYTES } from '../../src/web/cut-span.ts';
import { spanBody, spanTexts } from '../../src/web/span-reader.ts';
import { recordLabel } from '../../src/web/span-record.ts';
import fc from '../support/fast-check.ts';
import { readableSpan } from '../support/readable-span.ts';

const resource = resourceFromAttributes({});
const hex = (digits: number) =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits }).map((all) => all.join(''));
const text = fc.string({ unit: 'binary', maxLength: 60 });
/** Whole numbers are written as such, which have no -0. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const attributes = fc.dictionary(
  fc.oneof(text, fc.constantFrom('http.route', 'url.path', 'code.function.name', 'sidespan.argument.a.type')),
  fc.oneof(text, number, fc.boolean(), fc.array(text), fc.array(fc.option(number))),
  { noNullPrototype: true },
);
const plan = fc.record(
  {
    name: text,
    kind: fc.integer({ min: 0, max: 4 }),
    spanId: hex(16),
    parentSpanId: hex(16),
    remoteParent: fc.boolean(),
    startUnixNs: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }),
    durationNs: fc.integer({ min: 0, max: 2 ** 50 }),
    attributes,
    message: text,
  },
  { requiredKeys: ['name', 'kind', 'spanId', 'startUnixNs', 'durationNs', 'attributes'] },
);

/** As the store's ring gives it back. */
function recordOf(span: ReadableSpan, origin: number, cut = false): Buffer {
  const { memory, sizeBytes } = encodedSpan(span);
  const record = Buffer.concat([Buffer.alloc(4), memory.subarray(0, sizeBytes)]);
  record.writeUInt32LE(recordLabel(origin, cut));
  return record;
}

test('a span read is the span written, whatever it holds', () => {
  fc.assert(
    fc.property(plan, fc.integer({ min: 0, max: 20_000 }), ({ message, ...given }, origin) => {
      const status = message === undefined ? { code: 0 } : { code: 2, message };
      const span = readableSpan({
        ...given,
        attributes: given.attributes as Attributes,
        traceId: '0'.repeat(32),
        resource,
        status,
      });
      const record = recordOf(span, origin);
      const body = spanBody(record);
      assert.deepEqual(body, {
        origin,
        kind: span.kind,
        error: status.code === 2,
        startSeconds: span.startTime[0],
        startNs: span.startTime[1],
        durationNs: given.durationNs,
        id: given.spanId,
        parentId: given.parentSpanId,
        parentIsRemote: given.parentSpanId !== undefined && given.remoteParent === true,
        name: given.name,
        // An empty one is not written.
        statusMessage: message || undefined,
        attributes: Object.entries(given.attributes),
        events: [],
        cut: false,
      });
      const searched = spanTexts(record, new Set(['url.path', 'http.route']));
      const expected = Object.entries(given.attributes).filter(
        ([key, value]) => ['url.path', 'http.route'].includes(key) && typeof value === 'string',
      );
      assert.deepEqual(
        searched,
        expected.map(([, value]) => value),
      );
    }),
  );
});

test('an event keeps its time and attributes', () => {
  const span = readableSpan({
    name: 'a',
    traceId: '0'.repeat(32),
    spanId: '0123456789abcdef',
    startUnixNs: 1n,
    durationNs: 1,
    resource,
  });
  const attributes = { 'exception.type': 'panic', 'exception.message': 'index out of range [3] with length 3' };
  const event = { name: 'exception', time: [1_800_000_000, 999_999_999] as [number, number], attributes };
  const record = recordOf({ ...span, events: [event] }, 0);
  assert.deepEqual(spanBody(record).events, [
    { name: 'exception', seconds: 1_800_000_000, ns: 999_999_999, attributes: Object.entries(attributes) },
  ]);
});

test('however large a span, its record is bounded and readable', () => {
  const long = fc.string({ unit: 'binary', minLength: 3000, maxLength: 6000 });
  fc.assert(
    fc.property(
      long,
      long,
      fc.array(fc.tuple(long, fc.oneof(long, fc.array(long))), { maxLength: 8 }),
      (name, message, pairs) => {
        const span = readableSpan({
          name,
          traceId: '0'.repeat(32),
          spanId: '0123456789abcdef',
          startUnixNs: 1n,
          durationNs: 1,
          resource,
          status: { code: 2, message },
          attributes: Object.fromEntries(pairs),
        });
        const event = { name, time: [1, 1] as [number, number], attributes: Object.fromEntries(pairs) };
        const whole = { ...span, events: Array.from({ length: 300 }, () => event) };
        const record = recordOf(cutSpan(whole), 0, true);
        assert.ok(record.length <= MAX_RECORD_BYTES);
        const body = spanBody(record);
        assert.ok(body.attributes.length <= pairs.length);
        assert.equal(body.cut, true);
      },
    ),
    { numRuns: 40 },
  );
});
