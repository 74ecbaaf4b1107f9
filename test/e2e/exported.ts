/** What an agent exported: at the receiver, and by its own account. */
import assert from 'node:assert/strict';
import type { OtlpSink, SinkSpan } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import type { ProbeSummary, RunningAgent } from './running-agent.ts';

export const protocols = ['grpc', 'http/protobuf'] as const;

/** Settings of an agent that exports there. */
export function exportTo(
  sink: Pick<OtlpSink, 'grpc' | 'http'>,
  protocol: (typeof protocols)[number],
): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${protocol === 'grpc' ? sink.grpc : sink.http}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_METRIC_EXPORT_INTERVAL: '500',
  };
}

/** Waits until the receiver has so many spans, and sees that no more come. */
export async function spansAtReceiver(sink: OtlpSink, expected: number): Promise<SinkSpan[]> {
  await eventually(
    async () => (await sink.state()).distinctSpans,
    (count) => count >= expected,
  );
  const spans = await sink.spans();
  assert.equal(spans.length, expected);
  assert.equal(new Set(spans.map(({ traceId, spanId }) => traceId + spanId)).size, expected, 'none comes twice');
  return spans;
}

/** Of an agent that has ended: what became of the requests of the only process it traced, by the library that served most of them. */
export function requestProbe(agent: RunningAgent): ProbeSummary {
  const { balanced, probes } = agent.summary();
  assert.equal(balanced, true, agent.log());
  const [probe] = probes.filter(({ kind }) => kind !== 'function').sort((a, b) => b.seen - a.seen);
  assert.ok(probe);
  return probe;
}
