import { endpoint, keyValues, secretPath } from './compound-type.ts';
import { optional, type Setting, withDefault } from './setting.ts';
import { choice, integer, path, trueFalse } from './value-type.ts';

export const otlpProtocols = ['grpc', 'http/protobuf'] as const;
export const histogramAggregations = ['explicit_bucket_histogram', 'base2_exponential_bucket_histogram'] as const;
export const otlpCompressions = ['gzip', 'none'] as const;

/** One row a signal is made of each of these. */
const rows = {
  ENDPOINT: optional({
    type: endpoint,
    group: 'OTLP',
    description: 'Where the receiver is. With HTTP, `/v1/traces` and `/v1/metrics` are appended.',
    example: 'http://collector:4318',
    otherwise: '`http://localhost:4318`, for gRPC `http://localhost:4317`',
  }),
  PROTOCOL: optional<(typeof otlpProtocols)[number]>({
    type: choice(otlpProtocols, ['http/json']),
    group: 'OTLP',
    description: 'How to talk to it.',
    example: 'grpc',
    otherwise: '`http/protobuf`',
  }),
  HEADERS: optional<ReadonlyMap<string, string>>({
    type: keyValues({ headers: true }),
    group: 'OTLP',
    description: 'Headers of every request, with percent-encoded values. Never shown.',
    example: 'authorization=Bearer%20abc',
    otherwise: 'none',
  }),
  TIMEOUT: optional({
    type: integer({ min: 1, max: 2 ** 31 - 1, unit: 'ms' }),
    group: 'OTLP',
    description: 'Longest time that one request may take, in milliseconds.',
    example: '3000',
    otherwise: '10000',
  }),
  COMPRESSION: optional<(typeof otlpCompressions)[number]>({
    type: choice(otlpCompressions),
    group: 'OTLP',
    description: 'Compression of requests.',
    example: 'gzip',
    otherwise: '`none`',
  }),
  CERTIFICATE: optional({
    type: path,
    group: 'OTLP',
    description: "PEM file with the certificates that the receiver's own is checked against.",
    example: '/etc/otel/ca.pem',
    otherwise: "Node's list of authorities",
  }),
  CLIENT_KEY: optional({
    type: secretPath,
    group: 'OTLP',
    description: "PEM file with the client's private key, for mutual TLS.",
    example: '/etc/otel/client.key',
    otherwise: 'none',
  }),
  CLIENT_CERTIFICATE: optional({
    type: path,
    group: 'OTLP',
    description: "PEM file with the client's certificate, for mutual TLS.",
    example: '/etc/otel/client.pem',
    otherwise: 'none',
  }),
  INSECURE: optional({
    type: trueFalse,
    group: 'OTLP',
    description: 'Without TLS, where a gRPC endpoint names no scheme (`collector:4317`).',
    example: 'true',
    otherwise: '`false`',
  }),
};

export type OtlpSettingName = keyof typeof rows;
/** As it stands in the variables' names; empty: for all signals. */
export type OtlpScope = '' | 'TRACES_' | 'METRICS_';

type Rows<Scope extends OtlpScope> = {
  [Name in OtlpSettingName as `OTEL_EXPORTER_OTLP_${Scope}${Name}`]: (typeof rows)[Name];
};

const scopeNames: Readonly<Record<OtlpScope, string>> = { '': 'all signals', TRACES_: 'traces', METRICS_: 'metrics' };

function scoped<Scope extends OtlpScope>(scope: Scope): Rows<Scope> {
  const entries = Object.entries(rows).map(([name, row]): [string, Setting<unknown>] => {
    if (scope === '') return [`OTEL_EXPORTER_OTLP_${name}`, row as Setting<unknown>];
    const specific = {
      description:
        name === 'ENDPOINT'
          ? `The same for ${scopeNames[scope]} alone; with HTTP it is taken as it is, nothing is appended.`
          : `The same for ${scopeNames[scope]} alone.`,
      example: name === 'ENDPOINT' ? `http://collector:4318/v1/${scopeNames[scope]}` : row.example,
      otherwise: `\`OTEL_EXPORTER_OTLP_${name}\``,
    };
    return [`OTEL_EXPORTER_OTLP_${scope}${name}`, { ...(row as Setting<unknown>), ...specific }];
  });
  return Object.fromEntries(entries) as unknown as Rows<Scope>;
}

/**
 * Variables of the OTLP exporter: for all signals, and each again for traces and for metrics.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export const otlpSettings = {
  ...scoped(''),
  ...scoped('TRACES_'),
  ...scoped('METRICS_'),
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: optional<'cumulative' | 'delta' | 'lowmemory'>({
    type: choice(['cumulative', 'delta', 'lowmemory']),
    group: 'OTLP',
    description: 'Whether metrics count from the start of the agent or from the last export.',
    example: 'delta',
    otherwise: '`cumulative`',
  }),
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: withDefault<(typeof histogramAggregations)[number]>({
    type: choice(histogramAggregations),
    fallback: 'explicit_bucket_histogram',
    group: 'OTLP',
    description:
      'Which histograms OTLP gets: with the buckets of the semantic conventions, or with eight for each power of two (four, of sizes). The Prometheus page always has the former.',
    example: 'base2_exponential_bucket_histogram',
  }),
};
