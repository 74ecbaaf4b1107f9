import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { countSpans, encodedSpans } from './encoded-spans.ts';
import { countPoints, exemplifiedMetrics } from './exemplified-metrics.ts';
import {
  commonOptions,
  exportOnce,
  makeExporter,
  type OtlpExporter,
  type OtlpExporterSettings,
} from './otlp-exporter.ts';
import { httpFailure, type SendResult } from './otlp-outcome.ts';
import type { Content, OtlpSender, Signal } from './otlp-signal.ts';

type HttpOptions = ReturnType<typeof commonOptions> & {
  /** Asked for before each attempt. */
  readonly headers: () => Promise<Record<string, string>>;
  readonly httpAgentOptions: () => HttpAgent;
};

const exporters: {
  readonly [S in Signal]: (options: HttpOptions) => OtlpExporter<Content[S]>;
} = {
  // What OTLPTraceExporter of @opentelemetry/exporter-trace-otlp-proto and OTLPMetricExporter of
  // @opentelemetry/exporter-metrics-otlp-proto consist of, but for the serializers.
  traces: (options) =>
    createOtlpHttpExportDelegate(
      convertLegacyHttpOptions(options, 'TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' }),
      encodedSpans,
      'otlp_http_span_exporter',
      countSpans,
      undefined,
    ),
  metrics: (options) =>
    createOtlpHttpExportDelegate(
      convertLegacyHttpOptions(options, 'METRICS', 'v1/metrics', { 'Content-Type': 'application/x-protobuf' }),
      exemplifiedMetrics,
      'otlp_http_metric_exporter',
      countPoints,
      undefined,
    ),
};

/** The port that OTLP has for gRPC. */
const GRPC_PORT = '4317';

/**
 * OTLP/HTTP with protobuf bodies. The library tries again on its own within the time of one attempt: after a second or
 * more, or as long as `Retry-After` says.
 */
export async function openHttpSender<S extends Signal>(
  signal: S,
  settings: OtlpExporterSettings,
): Promise<OtlpSender<Content[S]>> {
  const newExporter = exporters[signal];
  const { host: place, protocol, port } = new URL(settings.url);
  const agent =
    protocol === 'https:' ? new HttpsAgent({ keepAlive: true, ...settings.tls }) : new HttpAgent({ keepAlive: true });
  let closed = false;
  const options = {
    ...commonOptions(settings),
    async headers() {
      if (closed) throw new Error('shut down'); // no further attempts of the library's own
      return Object.fromEntries(settings.headers);
    },
    httpAgentOptions: () => agent,
  };
  const exporter = makeExporter(() => newExporter(options));

  function failure(error: Error): SendResult {
    const result = httpFailure(error, place, settings.timeoutMs);
    if (result.outcome !== 'retry' || port !== GRPC_PORT) return result;
    const hint = `port ${GRPC_PORT} usually speaks gRPC: OTEL_EXPORTER_OTLP_PROTOCOL=grpc`;
    return { ...result, reason: `${result.reason} (${hint})` };
  }

  return {
    send: (data) => exportOnce(exporter, data, settings.timeoutMs, failure),
    close() {
      closed = true;
      agent.destroy();
    },
  };
}
