import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { type OtlpOptions, readTlsFiles } from './otlp-options.ts';
import type { SendResult } from './otlp-outcome.ts';

/** What a request holds, by signal. */
export interface Content {
  readonly traces: readonly ReadableSpan[];
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

/** @throws ExportError for a PEM file that can't be read, a header that gRPC does not allow. */
export async function openOtlpSender<S extends Signal>(
  signal: S,
  options: OtlpOptions,
  version: string,
): Promise<OtlpSender<Content[S]>> {
  const tls = await readTlsFiles(options.tls);
  const settings = { ...options, tls, userAgent: `sidespan/${version}` };
  if (options.protocol === 'grpc') {
    const { openGrpcSender } = await import('./otlp-grpc-sender.ts');
    return await openGrpcSender(signal, settings);
  }
  const { openHttpSender } = await import('./otlp-http-sender.ts');
  return await openHttpSender(signal, settings);
}
