import { redactedUrl } from './compound-type.ts';
import type { ConfigProblem } from './config-error.ts';
import type { OtlpSettingName, otlpCompressions, otlpProtocols } from './otlp-settings.ts';
import type { SettingName, SettingValues } from './schema.ts';

/** Where and how one signal is sent by OTLP. */
export interface OtlpConfig {
  readonly protocol: (typeof otlpProtocols)[number];
  /** Always with a scheme. HTTP: the full URL with the signal's path. gRPC: `http://host:port`, or https for TLS. */
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  readonly compression: (typeof otlpCompressions)[number];
  /** Paths of PEM files. */
  readonly tls: {
    readonly caFile: string | undefined;
    readonly keyFile: string | undefined;
    readonly certificateFile: string | undefined;
  };
}

type Signal = 'TRACES' | 'METRICS';

const defaultTimeoutMs = 10_000;

/**
 * The settings of one signal, each falling back to the one for all signals.
 * Problems are added only where the exporter is used: an unused endpoint can do no harm.
 */
export function resolveOtlp(
  values: SettingValues,
  signal: Signal,
  context: {
    readonly place: (name: SettingName) => string;
    readonly problems: ConfigProblem[];
    readonly used: boolean;
  },
): OtlpConfig {
  const pick = <Name extends OtlpSettingName>(name: Name) =>
    values[`OTEL_EXPORTER_OTLP_${signal}_${name}`] ?? values[`OTEL_EXPORTER_OTLP_${name}`];
  const problem = (name: SettingName, what: string, remedy: string) => {
    // What holds for all signals is said once.
    const isSaid = context.problems.some((other) => other.name === name && other.what === what);
    if (context.used && !isSaid) context.problems.push({ name, place: context.place(name), what, remedy });
  };
  const protocol = pick('PROTOCOL') ?? 'http/protobuf';

  const specific = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT` as const;
  const endpointName = values[specific] === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : specific;
  const given = values[endpointName];
  let url: string;
  if (protocol === 'grpc') {
    const scheme = pick('INSECURE') ? 'http' : 'https';
    url = given === undefined ? 'http://localhost:4317' : hasScheme(given) ? given : `${scheme}://${given}`;
  } else {
    if (given !== undefined && !hasScheme(given)) {
      problem(
        endpointName,
        `${redactedUrl(given)} has no scheme, which OTLP over HTTP needs`,
        `Write http://${redactedUrl(given)}, or set OTEL_EXPORTER_OTLP_PROTOCOL to grpc.`,
      );
    }
    url = given ?? 'http://localhost:4318';
    if (endpointName !== specific) url = appended(url, `v1/${signal.toLowerCase()}`);
  }

  const tls = {
    caFile: pick('CERTIFICATE'),
    keyFile: pick('CLIENT_KEY'),
    certificateFile: pick('CLIENT_CERTIFICATE'),
  };
  if ((tls.keyFile === undefined) !== (tls.certificateFile === undefined)) {
    const [has, lacks] = tls.keyFile === undefined ? ['CERTIFICATE', 'KEY'] : ['KEY', 'CERTIFICATE'];
    problem(
      `OTEL_EXPORTER_OTLP_CLIENT_${has}` as SettingName,
      'a key and a certificate are needed together',
      `Set OTEL_EXPORTER_OTLP_CLIENT_${lacks} too.`,
    );
  }
  return {
    protocol,
    url,
    headers: pick('HEADERS') ?? new Map(),
    timeoutMs: pick('TIMEOUT') ?? defaultTimeoutMs,
    compression: pick('COMPRESSION') ?? 'none',
    tls,
  };
}

function hasScheme(endpoint: string): boolean {
  return /^https?:\/\//i.test(endpoint);
}

/** Appends a path to a URL's own, keeping its query. */
function appended(url: string, path: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url;
  parsed.pathname = `${parsed.pathname.replace(/\/$/, '')}/${path}`;
  return parsed.href;
}
