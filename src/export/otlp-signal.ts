import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { SendResult } from './otlp-outcome.ts';
import type { SpanBatch } from './span-batches.ts';

/** What a request holds, by signal. */
export interface Content {
  readonly traces: SpanBatch;
  /** One resource: the exporters take no more at a time. */
  readonly metrics: ResourceMetrics;
}
export type Signal = keyof Content;

/** An exporter of OpenTelemetry's that says what became of a request. It connects when something is sent. */
export interface OtlpSender<Data> {
  /** Never rejects. Takes `timeoutMs` of the options; by HTTP up to twice as long. */
  send(data: Data): Promise<SendResult>;
  /** Takes no more. By HTTP what is under way is broken off; by gRPC it ends with its time. */
  close(): void;
}
