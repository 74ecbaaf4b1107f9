import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type OtlpConfig, resolveOtlp } from './otlp-config.ts';
import type { logLevels, presetNames } from './own-settings.ts';
import type { RedactionRules } from './redaction-rules.ts';
import type { SettingName, SettingValues } from './schema.ts';
import type { metricsExporters, propagators, samplers, tracesExporters } from './telemetry-settings.ts';

export type PresetName = (typeof presetNames)[number];
export type LogLevel = (typeof logLevels)[number];

/** The effective configuration. */
export interface Config {
  /** Every condition that is given must hold. */
  readonly target: TargetSelection;
  /** Names or patterns. */
  readonly functions: readonly string[];
  readonly presets: readonly PresetName[];
  readonly goroutineParents: 'context' | 'start' | 'none';
  /** Spans say what their goroutine did. */
  readonly goroutineTimes: boolean;
  /** Spans of HTTP requests say where their time went. */
  readonly requestPhases: boolean;
  /** Messages of gRPC calls are counted. */
  readonly countsMessages: boolean;
  /** SIDESPAN_PROPAGATION=write */
  readonly writesHeaders: boolean;
  /** Most functions that `functions` may match in one process. */
  readonly maxFunctions: number;
  /** Calls of `functions` that the compiler inlined are counted. */
  readonly inlined: boolean;
  /** What is read of one call at most. */
  readonly capture: CaptureLimits;
  /** What is not to be shown: `usual` secrets, names (globs), texts. */
  readonly redaction: RedactionRules;
  /** Sanitized texts of queries are exported. */
  readonly queryText: boolean;
  /** Of one core, for the functions of each process; undefined: no limit. */
  readonly cpuBudget: number | undefined;
  readonly ringBytes: number;
  readonly maxGoroutines: number;
  readonly viewer: { readonly enabled: boolean; readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
  readonly summaryFile: string | undefined;
  /** Path of the library; undefined: the system's. */
  readonly libbpf: string | undefined;
  /** OTEL_SERVICE_NAME, else service.name of OTEL_RESOURCE_ATTRIBUTES. */
  readonly serviceName: string | undefined;
  /** OTEL_RESOURCE_ATTRIBUTES without service.name. */
  readonly resourceAttributes: ReadonlyMap<string, string>;
  /** Formats of incoming trace contexts and baggage, in the order given. */
  readonly propagators: readonly Exclude<(typeof propagators)[number], 'none'>[];
  /** Keys of baggage that become attributes; `*` and `?` as in patterns. */
  readonly baggageAttributes: readonly string[];
  readonly http: HttpConfig;
  readonly traces: TracesConfig;
  readonly metrics: MetricsConfig;
}

export interface HttpConfig {
  /** Names in lower case. */
  readonly headers: {
    readonly serverRequest: readonly string[];
    readonly serverResponse: readonly string[];
    readonly clientRequest: readonly string[];
    readonly clientResponse: readonly string[];
  };
  readonly knownMethods: readonly string[];
  readonly route: 'router' | 'guess';
}

export interface TargetSelection {
  readonly pid?: number | undefined;
  /** Pattern for the executable's path or file name. */
  readonly exe?: string | undefined;
  readonly port?: number | undefined;
}

export interface CaptureLimits {
  readonly stringBytes: number;
  readonly elements: number;
  /** Pointers followed one behind the other. */
  readonly depth: number;
  readonly totalBytes: number;
  /** Calls of each function whose values are read in a second; undefined: all. */
  readonly callsPerSecond: number | undefined;
}

export interface TracesConfig {
  /** Empty: the viewer alone. */
  readonly exporters: readonly Exclude<(typeof tracesExporters)[number], 'none'>[];
  readonly otlp: OtlpConfig;
  readonly sampler: { readonly name: (typeof samplers)[number]; readonly ratio: number };
  /** Calls whose trace is not sampled that are exported all the same. */
  readonly keep: { readonly errors: boolean; readonly slowerThanNs: number | undefined };
  /** Most that begin here and are kept in a second; undefined: no limit. */
  readonly tracesPerSecond: number | undefined;
  readonly batch: {
    readonly delayMs: number;
    readonly timeoutMs: number;
    readonly maxQueueSize: number;
    readonly maxBatchSize: number;
  };
}

export interface MetricsConfig {
  readonly exporters: readonly Exclude<(typeof metricsExporters)[number], 'none'>[];
  readonly otlp: OtlpConfig & {
    readonly temporality: 'cumulative' | 'delta' | 'lowmemory';
    readonly exponential: boolean;
  };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly prometheus: { readonly host: string; readonly port: number };
  /** Points of histograms name spans. */
  readonly exemplars: boolean;
}

const logLevelOfOtel = {
  none: 'silent',
  fatal: 'error',
  error: 'error',
  warn: 'warn',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
  verbose: 'debug',
  all: 'debug',
} as const;

/**
 * Puts the single values together and applies the rules that involve more than one of them.
 * @param place where a setting came from, for messages.
 * @throws ConfigError where values contradict each other.
 */
export function resolveConfig(
  values: SettingValues,
  place: (name: SettingName) => string,
): { readonly config: Config; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const problems: ConfigProblem[] = [];
  const serviceName = values.OTEL_SERVICE_NAME ?? values.OTEL_RESOURCE_ATTRIBUTES.get('service.name');
  const resourceAttributes = new Map(values.OTEL_RESOURCE_ATTRIBUTES);
  resourceAttributes.delete('service.name');

  const exporters = <T extends string>(signal: 'TRACES' | 'METRICS', given: readonly T[] | undefined) => {
    if (values.OTEL_SDK_DISABLED) return [];
    const endpoint = values[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ?? values.OTEL_EXPORTER_OTLP_ENDPOINT;
    if (given === undefined) return endpoint === undefined ? [] : (['otlp'] as const);
    if (given.includes('none' as T) && given.length > 1) {
      warnings.push(
        `${place(`OTEL_${signal}_EXPORTER`)}: OTEL_${signal}_EXPORTER: none stands beside other exporters and is ignored.`,
      );
    }
    return given.filter((name) => name !== 'none') as Exclude<T, 'none'>[];
  };
  const otlp = (signal: 'TRACES' | 'METRICS', used: boolean) => resolveOtlp(values, signal, { place, problems, used });

  const tracesTo = exporters('TRACES', values.OTEL_TRACES_EXPORTER);
  const metricsTo = exporters('METRICS', values.OTEL_METRICS_EXPORTER);
  const tracesOtlp = otlp('TRACES', tracesTo.includes('otlp'));
  const metricsOtlp = otlp('METRICS', metricsTo.includes('otlp'));

  const maxQueueSize = values.OTEL_BSP_MAX_QUEUE_SIZE;
  if (values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE > maxQueueSize) {
    warnings.push(
      `${place('OTEL_BSP_MAX_EXPORT_BATCH_SIZE')}: OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ${values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE} is above OTEL_BSP_MAX_QUEUE_SIZE. ${maxQueueSize} is used.`,
    );
  }
  const presets = values.SIDESPAN_PRESETS;
  if (presets.includes('none') && presets.length > 1) {
    problems.push({
      name: 'SIDESPAN_PRESETS',
      place: place('SIDESPAN_PRESETS'),
      what: 'none stands beside other presets',
      remedy: 'Give none alone, or leave it out.',
    });
  }
  const propagators = values.OTEL_PROPAGATORS.filter((name) => name !== 'none');
  if (values.SIDESPAN_PROPAGATION === 'write' && propagators.every((name) => name === 'baggage')) {
    warnings.push(
      `${place('OTEL_PROPAGATORS')}: OTEL_PROPAGATORS names no format of the trace context: SIDESPAN_PROPAGATION=write writes nothing. Add tracecontext, b3 or b3multi.`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);

  const config: Config = {
    target: { pid: values.SIDESPAN_TARGET_PID, exe: values.SIDESPAN_TARGET_EXE, port: values.SIDESPAN_TARGET_PORT },
    functions: values.SIDESPAN_FUNCTIONS,
    presets: presets.filter((name) => name !== 'none'),
    goroutineParents: values.SIDESPAN_GOROUTINE_PARENTS,
    goroutineTimes: values.SIDESPAN_GOROUTINE_TIMES,
    requestPhases: values.SIDESPAN_REQUEST_PHASES,
    countsMessages: values.SIDESPAN_GRPC_MESSAGES,
    writesHeaders: values.SIDESPAN_PROPAGATION === 'write',
    maxFunctions: values.SIDESPAN_MAX_FUNCTIONS,
    inlined: values.SIDESPAN_INLINED,
    capture: {
      stringBytes: values.SIDESPAN_CAPTURE_STRING_BYTES,
      elements: values.SIDESPAN_CAPTURE_ELEMENTS,
      depth: values.SIDESPAN_CAPTURE_DEPTH,
      totalBytes: values.SIDESPAN_CAPTURE_BYTES,
      callsPerSecond: values.SIDESPAN_CAPTURE_CALLS_PER_SECOND,
    },
    redaction: values.SIDESPAN_REDACT,
    queryText: values.SIDESPAN_DB_QUERY_TEXT,
    cpuBudget: values.SIDESPAN_CPU_BUDGET === 'off' ? undefined : values.SIDESPAN_CPU_BUDGET,
    ringBytes: values.SIDESPAN_RING_BYTES,
    maxGoroutines: values.SIDESPAN_MAX_GOROUTINES,
    viewer: {
      enabled: values.SIDESPAN_VIEWER,
      host: values.SIDESPAN_VIEWER_HOST,
      port: values.SIDESPAN_VIEWER_PORT,
    },
    logLevel: values.SIDESPAN_LOG_LEVEL ?? logLevelOfOtel[values.OTEL_LOG_LEVEL ?? 'info'],
    summaryFile: values.SIDESPAN_SUMMARY_FILE,
    libbpf: values.SIDESPAN_LIBBPF,
    serviceName,
    resourceAttributes,
    propagators,
    baggageAttributes: values.SIDESPAN_BAGGAGE_ATTRIBUTES,
    http: {
      headers: {
        serverRequest: values.OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS,
        serverResponse: values.OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS,
        clientRequest: values.OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS,
        clientResponse: values.OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS,
      },
      knownMethods: values.OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS,
      route: values.SIDESPAN_HTTP_ROUTE,
    },
    traces: {
      exporters: tracesTo,
      otlp: tracesOtlp,
      sampler: { name: values.OTEL_TRACES_SAMPLER, ratio: values.OTEL_TRACES_SAMPLER_ARG ?? 1 },
      keep: { errors: values.SIDESPAN_KEEP_ERRORS, slowerThanNs: values.SIDESPAN_KEEP_SLOWER_THAN },
      tracesPerSecond: values.SIDESPAN_TRACES_PER_SECOND,
      batch: {
        delayMs: values.OTEL_BSP_SCHEDULE_DELAY,
        timeoutMs: values.OTEL_BSP_EXPORT_TIMEOUT,
        maxQueueSize,
        maxBatchSize: Math.min(values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, maxQueueSize),
      },
    },
    metrics: {
      exporters: metricsTo,
      otlp: {
        ...metricsOtlp,
        temporality: values.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE ?? 'cumulative',
        exponential:
          values.OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION === 'base2_exponential_bucket_histogram',
      },
      intervalMs: values.OTEL_METRIC_EXPORT_INTERVAL,
      timeoutMs: values.OTEL_METRIC_EXPORT_TIMEOUT,
      prometheus: { host: values.OTEL_EXPORTER_PROMETHEUS_HOST, port: values.OTEL_EXPORTER_PROMETHEUS_PORT },
      exemplars: values.OTEL_METRICS_EXEMPLAR_FILTER !== 'always_off',
    },
  };
  return { config, warnings };
}
