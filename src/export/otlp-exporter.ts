import type { ExportResult } from '@opentelemetry/core';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { OtlpOptions, TlsMaterial } from './otlp-options.ts';
import { type SendResult, TIMED_OUT } from './otlp-outcome.ts';
import { takePartialSuccess, watchPartialSuccess } from './partial-success.ts';

/** What the four exporters of OpenTelemetry have in common. */
export interface OtlpExporter<Data> {
  export(data: Data, done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

export interface OtlpExporterSettings extends Omit<OtlpOptions, 'tls'> {
  readonly tls: TlsMaterial;
  readonly userAgent: string;
}

type Compression = NonNullable<NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>['compression']>;

/** Options that the gRPC and the HTTP exporters share. */
export function commonOptions({ url, timeoutMs, compression, userAgent }: OtlpExporterSettings) {
  return {
    url,
    timeoutMillis: timeoutMs,
    compression: compression as string as Compression,
    concurrencyLimit: CONCURRENCY_LIMIT,
    userAgent,
  };
}

/** Requests under way that the library allows; ours are fewer. */
const CONCURRENCY_LIMIT = 64;

const OWN_VARIABLES = 'OTEL_EXPORTER_OTLP_';

/**
 * Makes an exporter of our options alone. By itself it adds headers and certificates from `OTEL_EXPORTER_OTLP_…`, by
 * rules that differ from ours (headers for all signals are added to those for one), and knows nothing of the file with
 * settings; it reads these variables only while it is made.
 */
export function makeExporter<T>(make: () => T): T {
  watchPartialSuccess();
  const hidden = Object.entries(process.env).filter(([name]) => name.startsWith(OWN_VARIABLES));
  for (const [name] of hidden) delete process.env[name];
  try {
    return make();
  } finally {
    for (const [name, value] of hidden) process.env[name] = value;
  }
}

/** An HTTP exporter's own limit is on the silence between two packets: so many times longer, and it is given up. */
const PATIENCE = 2;
const EXPORT_SUCCESS = 0;

/** One export. @param failure says what an error of this exporter means. */
export function exportOnce<Data>(
  exporter: OtlpExporter<Data>,
  data: Data,
  timeoutMs: number,
  failure: (error: Error) => SendResult,
): Promise<SendResult> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(failure(new Error(TIMED_OUT))), PATIENCE * timeoutMs);
    exporter.export(data, ({ code, error }) => {
      clearTimeout(timer);
      // In this turn, or it is another request's.
      const partial = takePartialSuccess();
      if (code !== EXPORT_SUCCESS) resolve(failure(error ?? new Error('the export failed without a reason')));
      else resolve({ outcome: 'accepted', rejected: partial?.rejected ?? 0, message: partial?.message ?? '' });
    });
  });
}
