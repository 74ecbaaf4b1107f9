import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufMetricsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { encodeMetricRequest } from '../../src/export/otlp-metric-request.ts';
import { encodeTraceRequest } from '../../src/export/otlp-trace-request.ts';
import type { CallSpan } from '../../src/telemetry/call-span.ts';
import { createLedger } from '../../src/telemetry/ledger.ts';
import { NO_COUNTS } from '../../src/telemetry/ledger-account.ts';
import { createMetricCollection } from '../../src/telemetry/metric-collection.ts';
import { agentResource, processResource } from '../../src/telemetry/resource.ts';
import { parsedTraceState } from '../../src/telemetry/trace-state.ts';
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

/** The SDK's serializer is the oracle: the same bytes. */
function sameAsSdk(spans: readonly ReadableSpan[]): void {
  const expected = Buffer.from(ProtobufTraceSerializer.serializeRequest([...spans]) as Uint8Array);
  const got = encodeTraceRequest(spans);
  assert.equal(got.toString('hex'), expected.toString('hex'));
}

function metricsSameAsSdk(all: readonly ResourceMetrics[]): void {
  // A message's repeated fields may be written one after the other: requests can be joined.
  const expected = Buffer.concat(all.map((one) => ProtobufMetricsSerializer.serializeRequest(one) as Uint8Array));
  assert.equal(encodeMetricRequest(all).toString('hex'), expected.toString('hex'));
}

function spans(): CallSpan[] {
  const http = telemetryFor(httpProbe).telemetry;
  const grpc = telemetryFor(grpcProbe).telemetry;
  const fn = telemetryFor(functionProbe).telemetry;
  const all = [
    http(call({ fields: fields(httpFields) })),
    http(
      call({
        fields: fields({ ...httpFields, status: 500, tracestate: 'a=1,b=2' }),
        parentSpanId: '00f067aa0ba902b7',
        remoteParent: { sampled: true },
      }),
    ),
    grpc(call({ fields: fields({ method: '/shop.Inventory/Reserve', code: 13, message: 'out of stock: größer' }) })),
    fn(call({ end: 'panic', start: [1, 5], parentSpanId: '00f067aa0ba902b7' })),
    fn(
      call({
        start: [4_000_000, 0],
        durationNs: 4_900_000_000,
        arguments: [
          intValue('n', -1),
          value('ratio', 'FLOAT', 'float64', 0.25),
          value('ok', 'BOOL', 'bool', false),
          textValue('π', 'x'.repeat(200)),
          textValue('body', 'ü'.repeat(3000)),
        ],
      }),
    ),
  ];
  return all.filter((span) => span !== undefined);
}

test('spans of all kinds, several resources and scopes', () => {
  sameAsSdk(spans());
  sameAsSdk([...spans(), ...spans(), ...spans()]);
  sameAsSdk([]);
});

test('a batch of megabytes, then a small one', () => {
  const fn = telemetryFor(functionProbe).telemetry;
  const large = Array.from({ length: 400 }, () => fn(call({ arguments: [textValue('s', 'a'.repeat(9000))] })));
  sameAsSdk(large.filter((span) => span !== undefined));
  sameAsSdk(spans().slice(0, 1));
});

test('room for a frame is left before the message', () => {
  const plain = encodeTraceRequest(spans().slice(0, 1));
  const framed = encodeTraceRequest(spans().slice(0, 1), 5);
  assert.equal(framed.length, plain.length + 5);
});

const text = fc.oneof(
  fc.string({ maxLength: 60, unit: 'binary' }),
  fc.string({ maxLength: 60, unit: 'grapheme-ascii' }),
  fc.integer({ min: 100, max: 400 }).map((length) => 'ab€'.repeat(length)),
);
const attributeValue = fc.oneof(
  text,
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, 127, 128, 16383, 16384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 62, -1, -(2 ** 63), 2 ** 63),
  fc.array(text, { maxLength: 4 }),
);
const attributes = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  attributeValue,
  { maxKeys: 20, noNullPrototype: true },
);
const time = fc.tuple(fc.integer({ min: 0, max: 18_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }));

test('any span is written as the SDK writes it', () => {
  const [first] = spans();
  assert.ok(first);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          name: text,
          attributes,
          startTime: time,
          endTime: time,
          kind: fc.nat(4),
          remote: fc.boolean(),
          message: text,
          code: fc.nat(2),
          state: fc.constantFrom('a=1', 'zz=y,b=2', ''),
        }),
        { maxLength: 5 },
      ),
      (records) => {
        sameAsSdk(
          records.map(({ remote, message, code, state, ...record }): ReadableSpan => {
            const traceState = parsedTraceState(state);
            const context = { ...first.spanContext(), ...(traceState && { traceState }) };
            return {
              ...first,
              ...record,
              spanContext: () => context,
              parentSpanContext: { ...context, isRemote: remote },
              status: { code, message },
              events: [
                { name: message, time: record.endTime, attributes: record.attributes, droppedAttributesCount: 0 },
              ],
              resource: { ...first.resource, attributes: record.attributes },
            };
          }),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('metrics of a collection', () => {
  const ledger = createLedger();
  const version = '0.1.0';
  const collection = createMetricCollection({
    ledger,
    agent: agentResource({ version }, 9, 'host'),
    version,
    queues: () => [{ exporter: 'otlp', size: 3, capacity: 2 ** 40 }],
  });
  const owner = { pid: 1, serviceName: 'a' };
  const account = ledger.open(owner, functionProbe);
  account.kernel = { ...NO_COUNTS, seen: 2 ** 40, ended: [2 ** 40, 0, 0, 0, 0], ringFull: 7 };
  const metrics = collection.open(owner, processResource({ pid: 1, startTicks: 1, exePath: '/a' }, { version }));
  const scope = { name: 'sidespan/function', version };
  for (let i = 0; i < 50; i++) metrics.function(scope, `main.f${i}`)(undefined, i * 1_000_000);
  metricsSameAsSdk(collection.collect());
});

test('any metric is written as the SDK writes it', () => {
  const count = fc.integer({ min: 0, max: 2 ** 52 });
  const point = fc.record({ attributes, startTime: time, endTime: time });
  const descriptor = fc.record({ name: text, description: text, unit: text, valueType: fc.constant(1) });
  const sum = fc.record({
    descriptor,
    aggregationTemporality: fc.nat(1),
    dataPointType: fc.constantFrom(2, 3),
    isMonotonic: fc.boolean(),
    dataPoints: fc.array(
      fc.tuple(point, fc.double()).map(([rest, value]) => ({ ...rest, value })),
      { maxLength: 3 },
    ),
  });
  const histogram = fc.record({
    descriptor,
    aggregationTemporality: fc.nat(1),
    dataPointType: fc.constant(0),
    dataPoints: fc.array(
      fc
        .tuple(point, fc.array(count, { minLength: 2, maxLength: 20 }), fc.double(), fc.boolean())
        .map(([rest, counts, total, extremes]) => ({
          ...rest,
          value: {
            buckets: { counts, boundaries: counts.slice(1).map((_, index) => index / 8) },
            count: counts.length,
            sum: total,
            ...(extremes && { min: total, max: total }),
          },
        })),
      { maxLength: 3 },
    ),
  });
  const resource = processResource({ pid: 1, startTicks: 1, exePath: '/a' }, { version: '1' });
  fc.assert(
    fc.property(fc.array(fc.oneof(sum, histogram), { maxLength: 3 }), (all) => {
      const metrics = all as unknown as ResourceMetrics['scopeMetrics'][number]['metrics'];
      metricsSameAsSdk([{ resource, scopeMetrics: [{ scope: { name: 'x', schemaUrl: 'https://x' }, metrics }] }]);
    }),
    { numRuns: 200 },
  );
});
