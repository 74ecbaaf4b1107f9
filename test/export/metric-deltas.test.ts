import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import type { Histogram, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { createMetricDeltas } from '../../src/export/metric-deltas.ts';
import { createHistogramMetric } from '../../src/telemetry/histogram-metric.ts';
import { counter, VALUE_TYPE } from '../../src/telemetry/metric-data.ts';
import { processResource } from '../../src/telemetry/resource.ts';
import fc from '../support/fast-check.ts';

const resource = processResource({ pid: 1, startTicks: 1, exePath: '/a' }, { version: '0' });
const scope = { name: 'x' };
const descriptor = { name: 'd', description: '', unit: 's', valueType: VALUE_TYPE.DOUBLE };
const labels: readonly Attributes[] = [{ a: 1 }, { a: 2 }, { a: 3 }];

test('the deltas of accepted exports add up to what was counted, whichever exports fail', () => {
  const step = fc.record({ calls: fc.array(fc.nat(2), { maxLength: 10 }), accepted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const metric = createHistogramMetric(descriptor, { bounds: [0.001, 0.01], partsOfUnit: 1e9 });
      const series = labels.map((attributes) => metric.series(attributes));
      const counts = labels.map(() => 0);
      const deltas = createMetricDeltas('delta');
      const received = new Map<Attributes, { calls: number; buckets: number; counter: number }>();
      steps.push({ calls: [], accepted: true });
      steps.forEach(({ calls, accepted }, index) => {
        for (const which of calls) {
          const one = series[which];
          if (one) metric.record(one, 2_000_000);
          counts[which] = (counts[which] ?? 0) + 1;
        }
        const total = counter(
          descriptor,
          labels.map((attributes, i) => [attributes, counts[i] ?? 0]),
          [0, 0],
          [index + 1, 0],
        );
        const all: ResourceMetrics[] = [
          {
            resource,
            scopeMetrics: [
              {
                scope,
                metrics: [metric.data([0, 0], [index + 1, 0]), { ...total, descriptor: { ...descriptor, name: 'c' } }],
              },
            ],
          },
        ];
        const sent = deltas.since(all);
        if (!accepted) return;
        deltas.accepted(resource);
        for (const data of sent.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))) {
          assert.equal(data.aggregationTemporality, 0);
          for (const { attributes, value } of data.dataPoints) {
            const sum = received.get(attributes) ?? { calls: 0, buckets: 0, counter: 0 };
            received.set(attributes, sum);
            if (typeof value === 'number') {
              sum.counter += value;
            } else {
              const { count, buckets } = value as Histogram;
              sum.calls += count;
              sum.buckets += buckets.counts[1] ?? 0;
            }
          }
        }
      });
      labels.forEach((attributes, i) => {
        const calls = counts[i] ?? 0;
        assert.deepEqual(received.get(attributes), calls === 0 ? undefined : { calls, buckets: calls, counter: calls });
      });
    }),
  );
});

test('lowmemory: sums stay cumulative', () => {
  const deltas = createMetricDeltas('lowmemory');
  const total = counter(descriptor, [[{ a: 1 }, 5]], [0, 0], [1, 0]);
  const [first] = deltas.since([{ resource, scopeMetrics: [{ scope, metrics: [total] }] }]);
  assert.deepEqual(first?.scopeMetrics[0]?.metrics, [total]);
});
