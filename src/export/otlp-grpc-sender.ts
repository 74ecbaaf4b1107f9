import { type ChannelCredentials, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { convertLegacyOtlpGrpcOptions, createOtlpGrpcExportDelegate } from '@opentelemetry/otlp-grpc-exporter-base';
import { countSpans, releaseRequest, sharedEncodedSpans } from './encoded-spans.ts';
import { countPoints, exemplifiedMetrics } from './exemplified-metrics.ts';
import { ExportError } from './export-error.ts';
import {
  commonOptions,
  exportOnce,
  makeExporter,
  type OtlpExporter,
  type OtlpExporterSettings,
} from './otlp-exporter.ts';
import { GRPC_STATUS, grpcFailure, isServiceError, isUnconnected, type SendResult } from './otlp-outcome.ts';
import type { Content, OtlpSender, Signal } from './otlp-signal.ts';

type GrpcOptions = ReturnType<typeof commonOptions> & {
  readonly metadata: Metadata;
  readonly credentials: ChannelCredentials;
};

const exporters: {
  readonly [S in Signal]: (options: GrpcOptions) => OtlpExporter<Content[S]>;
} = {
  // What OTLPTraceExporter of @opentelemetry/exporter-trace-otlp-grpc and OTLPMetricExporter of
  // @opentelemetry/exporter-metrics-otlp-grpc consist of, but for the serializers, which their constructors do not take.
  traces: (options) =>
    createOtlpGrpcExportDelegate(
      convertLegacyOtlpGrpcOptions(options, 'TRACES'),
      sharedEncodedSpans,
      'otlp_grpc_span_exporter',
      countSpans,
      undefined,
      'TraceExportService',
      '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    ),
  metrics: (options) =>
    createOtlpGrpcExportDelegate(
      convertLegacyOtlpGrpcOptions(options, 'METRICS'),
      exemplifiedMetrics,
      'otlp_grpc_metric_exporter',
      countPoints,
      undefined,
      'MetricsExportService',
      '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    ),
};

/**
 * OTLP/gRPC. Of the environment grpc-js itself still reads `grpc_proxy`, `https_proxy`, `http_proxy`, `no_grpc_proxy`,
 * `no_proxy`, `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH`, `GRPC_SSL_CIPHER_SUITES` and its switches for debugging: as every
 * gRPC client does.
 */
export async function openGrpcSender<S extends Signal>(
  signal: S,
  settings: OtlpExporterSettings,
): Promise<OtlpSender<Content[S]>> {
  const newExporter = exporters[signal];
  const { url, timeoutMs, tls, userAgent } = settings;
  const place = new URL(url).host;
  const metadata = metadataOf(settings.headers);
  let connections = 0;

  function open(): OtlpExporter<Content[S]> {
    connections++;
    const options = {
      ...commonOptions(settings),
      metadata,
      credentials: url.startsWith('https:')
        ? credentials.createSsl(tls.ca, tls.key, tls.cert)
        : credentials.createInsecure(),
      // Clients with the same options share a connection, and the pause before it is tried again.
      userAgent: connections === 1 ? userAgent : `${userAgent} (connection ${connections})`,
    };
    return makeExporter(() => newExporter(options));
  }

  let exporter = open();
  return {
    async send(data) {
      const used = exporter;
      const start = performance.now();
      const result = await exportOnce(used, data, timeoutMs, (error): SendResult => {
        // grpc-js would wait up to two minutes before it connects again, and keep a connection whose end has vanished.
        if (used === exporter && isServiceError(error) && needsConnection(error)) {
          exporter = open();
          void close(used);
        }
        const elapsedMs = performance.now() - start;
        return withHint(grpcFailure(error, place, { elapsedMs, timeoutMs }), error.message);
      });
      if (result.outcome === 'accepted') releaseRequest(data);
      return result;
    },
    close: () => void close(exporter),
  };
}

/** It waits for what is under way. */
async function close(exporter: { shutdown(): Promise<void> }): Promise<void> {
  await exporter.shutdown().catch(() => {});
}

function metadataOf(headers: ReadonlyMap<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) {
    try {
      metadata.set(name, value);
    } catch (cause) {
      throw new ExportError(`the header ${name} for OTLP is not possible with gRPC (${(cause as Error).message})`, {
        cause,
      });
    }
  }
  return metadata;
}

function needsConnection(error: ServiceError): boolean {
  return isUnconnected(error) || error.code === GRPC_STATUS.DEADLINE_EXCEEDED;
}

/** What an HTTP/1 server or one with TLS sends is not HTTP/2. */
const OTHER_PROTOCOL = /protocol error|parse error|wrong version|ERR_HTTP2/i;

function withHint(result: SendResult, details: string): SendResult {
  if (result.outcome !== 'retry' || !OTHER_PROTOCOL.test(details)) return result;
  const hint = 'does it speak gRPC there? For OTLP over HTTP: OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf';
  return { ...result, reason: `${result.reason} (${hint})` };
}
