import { choiceList, keyValues } from './compound-type.ts';
import { optional, withDefault } from './setting.ts';
import { choice, integer, ratio, text, trueFalse } from './value-type.ts';

export const tracesExporters = ['otlp', 'console', 'none'] as const;
export const metricsExporters = ['otlp', 'prometheus', 'console', 'none'] as const;
export const propagators = ['tracecontext', 'baggage', 'b3', 'b3multi', 'none'] as const;
export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const otelLogLevels = ['none', 'fatal', 'error', 'warn', 'info', 'debug', 'trace', 'verbose', 'all'] as const;

/** Values that the specification, or its registry, names and Sidespan doesn't have. */
const unsupported = {
  exporters: ['zipkin', 'logging', 'jaeger', 'otlp/stdout'],
  propagators: ['jaeger', 'xray', 'ottrace'],
  samplers: ['jaeger_remote', 'parentbased_jaeger_remote', 'xray'],
};

/** Longest time: the largest delay of a timer, about 24 days. */
const maxMs = 2 ** 31 - 1;

/**
 * OpenTelemetry's own environment variables, apart from those of the OTLP exporter.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export const telemetrySettings = {
  OTEL_SERVICE_NAME: optional({
    type: text,
    group: 'Telemetry',
    description: 'Name of the service, where a single process is traced.',
    example: 'checkout',
    otherwise: "the same variable of the target's own environment, else its module or executable",
  }),
  OTEL_RESOURCE_ATTRIBUTES: withDefault<ReadonlyMap<string, string>>({
    type: keyValues({ headers: false }),
    fallback: '',
    otherwise: 'none',
    group: 'Telemetry',
    description: 'Attributes added to the resource of every traced process.',
    example: 'deployment.environment.name=staging,service.namespace=shop',
  }),
  OTEL_TRACES_EXPORTER: optional<readonly (typeof tracesExporters)[number][]>({
    type: choiceList(tracesExporters, unsupported.exporters),
    group: 'Telemetry',
    description: 'Where spans go, besides the viewer.',
    example: 'otlp,console',
    otherwise: '`otlp` if an endpoint for traces is set, else `none`',
  }),
  OTEL_METRICS_EXPORTER: optional<readonly (typeof metricsExporters)[number][]>({
    type: choiceList(metricsExporters, unsupported.exporters),
    group: 'Telemetry',
    description: 'Where metrics go, besides the viewer.',
    example: 'prometheus',
    otherwise: '`otlp` if an endpoint for metrics is set, else `none`',
  }),
  OTEL_PROPAGATORS: withDefault<readonly (typeof propagators)[number][]>({
    type: choiceList(propagators, unsupported.propagators),
    fallback: 'tracecontext,baggage',
    group: 'Telemetry',
    description:
      'In which headers a request brings its parent: `tracecontext` (`traceparent`, `tracestate`), `b3` or `b3multi` (both forms of B3). Of several that are valid the format named last counts. With `SIDESPAN_PROPAGATION=write` requests are sent with all that are named: `b3` is the single header, `b3multi` the others. `baggage`: see `SIDESPAN_BAGGAGE_ATTRIBUTES`.',
    example: 'tracecontext,b3',
  }),
  OTEL_SDK_DISABLED: withDefault({
    type: trueFalse,
    fallback: 'false',
    group: 'Telemetry',
    description: 'Export nothing, whatever else is set.',
    example: 'true',
  }),
  OTEL_LOG_LEVEL: optional<(typeof otelLogLevels)[number]>({
    type: choice(otelLogLevels),
    group: 'Telemetry',
    description: 'Read where `SIDESPAN_LOG_LEVEL` is not set.',
    example: 'debug',
    otherwise: '`info`',
  }),

  OTEL_EXPORTER_PROMETHEUS_HOST: withDefault({
    type: text,
    fallback: 'localhost',
    group: 'Prometheus and metrics',
    description: 'Address on which the Prometheus exporter listens.',
    example: '0.0.0.0',
  }),
  OTEL_EXPORTER_PROMETHEUS_PORT: withDefault({
    type: integer({ min: 0, max: 65535 }),
    fallback: '9464',
    group: 'Prometheus and metrics',
    description: 'Its TCP port.',
    example: '9100',
  }),
  OTEL_METRIC_EXPORT_INTERVAL: withDefault({
    type: integer({ min: 1, max: maxMs, unit: 'ms' }),
    fallback: '60000',
    group: 'Prometheus and metrics',
    description: 'Time between two exports of metrics, in milliseconds.',
    example: '10000',
  }),
  OTEL_METRICS_EXEMPLAR_FILTER: withDefault({
    type: choice(['trace_based', 'always_off'], ['always_on']),
    fallback: 'trace_based',
    group: 'Prometheus and metrics',
    description:
      'Whether the points of histograms name a span that they counted, one for each bucket. Only OTLP has room for it.',
    example: 'always_off',
  }),
  OTEL_METRIC_EXPORT_TIMEOUT: withDefault({
    type: integer({ min: 1, max: maxMs, unit: 'ms' }),
    fallback: '30000',
    group: 'Prometheus and metrics',
    description: 'Longest time that one export of metrics may take, in milliseconds.',
    example: '5000',
  }),

  OTEL_TRACES_SAMPLER: withDefault<(typeof samplers)[number]>({
    type: choice(samplers, unsupported.samplers),
    fallback: 'parentbased_always_on',
    group: 'Spans',
    description: 'Which traces are kept. `parentbased_*` follows an incoming `traceparent`.',
    example: 'parentbased_traceidratio',
  }),
  OTEL_TRACES_SAMPLER_ARG: optional({
    type: ratio,
    group: 'Spans',
    description: 'The share of traces that the `*traceidratio` samplers keep.',
    example: '0.1',
    otherwise: '1',
  }),
  OTEL_BSP_SCHEDULE_DELAY: withDefault({
    type: integer({ min: 0, max: maxMs, unit: 'ms' }),
    fallback: '500',
    group: 'Spans',
    description:
      'Longest time that a span waits for others before it is exported, in milliseconds. (The specification has 5000; a sidecar can afford to be prompt.)',
    example: '5000',
  }),
  OTEL_BSP_EXPORT_TIMEOUT: withDefault({
    type: integer({ min: 1, max: maxMs, unit: 'ms' }),
    fallback: '30000',
    group: 'Spans',
    description: 'Longest time that one export of spans may take with its retries, in milliseconds.',
    example: '10000',
  }),
  OTEL_BSP_MAX_QUEUE_SIZE: withDefault({
    type: integer({ min: 1, max: 1_000_000 }),
    fallback: '16384',
    group: 'Spans',
    description:
      'Most spans that wait for their export; more are dropped and counted. (The specification has 2048; one agent serves several processes.)',
    example: '2048',
  }),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: withDefault({
    type: integer({ min: 1, max: 1_000_000 }),
    fallback: '512',
    group: 'Spans',
    description: 'Most spans in one export; not above `OTEL_BSP_MAX_QUEUE_SIZE`.',
    example: '2048',
  }),
};
