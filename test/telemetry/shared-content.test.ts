import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Call, CallContent } from '../../src/event/call.ts';
import { encodedSpan } from '../../src/export/encoded-span.ts';
import {
  call,
  fields,
  functionProbe,
  grpcProbe,
  httpFields,
  httpProbe,
  intValue,
  telemetryFor,
  textValue,
  value,
} from '../support/calls.ts';

const none: CallContent = { end: 'returned', arguments: [], results: [], fields: [] };

const cases: readonly (readonly [string, typeof httpProbe, CallContent])[] = [
  ['a request', httpProbe, { ...none, fields: fields(httpFields) }],
  ['a panic', httpProbe, { ...none, end: 'panic', fields: fields({ ...httpFields, status: 0 }) }],
  ['a gRPC call', grpcProbe, { ...none, fields: fields({ method: '/shop.Cart/Add', code: 5, peer: '10.0.0.1:7' }) }],
  [
    'a function',
    functionProbe,
    {
      ...none,
      arguments: [intValue('cents', 5), textValue('currency', 'EUR')],
      results: [intValue('', 1), value('err', 'INTERFACE', 'error', null)],
    },
  ],
];

for (const [name, probe, content] of cases) {
  test(`${name}: calls that share a content have the spans that they would have alone`, () => {
    const alone = telemetryFor(probe);
    const sharing = telemetryFor(probe);
    for (const parentBy of [undefined, 'context', undefined, 'goroutine start'] as const) {
      const one: Call = { ...call(), ...content, goid: 7 + (parentBy?.length ?? 0), parentBy };
      const expected = alone.telemetry(one);
      const span = sharing.telemetry({ ...one, sharedContent: content });
      assert.ok(span !== undefined && expected !== undefined);
      assert.deepEqual(span.attributes, expected.attributes);
      assert.deepEqual(
        [span.name, span.kind, span.status, span.events],
        [expected.name, expected.kind, expected.status, expected.events],
      );
      // What is copied as one is what the official serializer writes of each.
      const { memory, sizeBytes } = encodedSpan(span);
      const official = Buffer.from(ProtobufTraceSerializer.serializeRequest([span]) ?? []);
      assert.ok(official.includes(memory.subarray(0, sizeBytes)), official.toString('hex'));
    }
    const points = ({ metrics }: typeof alone) => JSON.stringify(metrics.scopeMetrics([0, 0], [1, 0]));
    assert.equal(points(sharing), points(alone));
    assert.equal(sharing.account.received, 4);
  });
}
