import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { newSpanReader } from '../../src/web/span-reader.ts';
import { MAX_RECORD_BYTES, newSpanWriter } from '../../src/web/span-writer.ts';
import { newStringTable } from '../../src/web/string-table.ts';
import { readableSpan } from '../support/readable-span.ts';

const resource = resourceFromAttributes({});
const hex = (digits: number) =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits }).map((all) => all.join(''));
const text = fc.string({ unit: 'binary', maxLength: 60 });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
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

test('a span read is the span written, whatever it holds', () => {
  const strings = newStringTable();
  const writer = newSpanWriter(strings);
  const reader = newSpanReader(strings);
  fc.assert(
    fc.property(plan, fc.integer({ min: 0, max: 65535 }), ({ message, ...given }, origin) => {
      const status = message === undefined ? { code: 0 } : { code: 2, message };
      const span = readableSpan({
        ...given,
        attributes: given.attributes as Attributes,
        traceId: '',
        resource,
        status,
      });
      const record = Buffer.from(writer.write(span, origin));
      const body = reader.body(record);
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
        scope: 'sidespan/function',
        statusMessage: message,
        attributes: Object.entries(given.attributes),
        events: [],
        cut: false,
      });
      const searched = reader.texts(record, new Set(['url.path', 'http.route']));
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
  const strings = newStringTable();
  const span = readableSpan({
    name: 'a',
    traceId: '',
    spanId: '0123456789abcdef',
    startUnixNs: 1n,
    durationNs: 1,
    resource,
  });
  const attributes = { 'exception.type': 'panic', 'exception.message': 'index out of range [3] with length 3' };
  const event = { name: 'exception', time: [1_800_000_000, 999_999_999] as [number, number], attributes };
  const record = newSpanWriter(strings).write({ ...span, events: [event] }, 0);
  assert.deepEqual(newSpanReader(strings).body(Buffer.from(record)).events, [
    { name: 'exception', seconds: 1_800_000_000, ns: 999_999_999, attributes: Object.entries(attributes) },
  ]);
});

test('however large a span, its record is bounded and readable', () => {
  const long = fc.string({ unit: 'binary', minLength: 3000, maxLength: 6000 });
  const strings = newStringTable();
  const writer = newSpanWriter(strings);
  const reader = newSpanReader(strings);
  fc.assert(
    fc.property(
      long,
      long,
      fc.array(fc.tuple(long, fc.oneof(long, fc.array(long))), { maxLength: 8 }),
      (name, message, pairs) => {
        const span = readableSpan({
          name,
          traceId: '',
          spanId: '0123456789abcdef',
          startUnixNs: 1n,
          durationNs: 1,
          resource,
          status: { code: 2, message },
          attributes: Object.fromEntries(pairs),
        });
        const event = { name, time: [1, 1] as [number, number], attributes: Object.fromEntries(pairs) };
        const record = writer.write({ ...span, events: Array.from({ length: 300 }, () => event) }, 0);
        assert.ok(record.length <= MAX_RECORD_BYTES);
        const body = reader.body(Buffer.from(record));
        assert.ok(body.attributes.length <= pairs.length);
        assert.equal(body.cut, true);
      },
    ),
    { numRuns: 40 },
  );
});
