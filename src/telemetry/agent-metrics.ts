import type { Attributes, HrTime, ValueType } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { MetricData, MetricDescriptor, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { LedgerRow } from './ledger-snapshot.ts';
import { counter, level, type Point, VALUE_TYPE } from './metric-data.ts';
import { ATTR, SIDESPAN, UNSTABLE_ATTR, UNSTABLE_METRIC } from './semconv.ts';

function descriptor(
  name: string,
  unit: string,
  description: string,
  valueType: ValueType = VALUE_TYPE.INT,
): MetricDescriptor {
  return { name, unit, description, valueType };
}

const CALLS = {
  seen: descriptor(SIDESPAN.CALLS_SEEN, '{call}', 'Calls of traced functions.'),
  exported: descriptor(SIDESPAN.CALLS_EXPORTED, '{call}', 'Calls whose span a receiver has accepted.'),
  sampledOut: descriptor(SIDESPAN.CALLS_SAMPLED_OUT, '{call}', 'Calls whose trace is not sampled.'),
  dropped: descriptor(SIDESPAN.CALLS_DROPPED, '{call}', 'Calls without a span at a receiver, by reason.'),
  inFlight: descriptor(SIDESPAN.CALLS_IN_FLIGHT, '{call}', 'Calls that run, or whose span is on its way.'),
  enteredBefore: descriptor(
    SIDESPAN.CALLS_ENTERED_BEFORE_ATTACH,
    '{call}',
    'Calls that had begun when the probe was attached: not in sidespan.calls.seen.',
  ),
  incomplete: descriptor(
    SIDESPAN.CALLS_INCOMPLETE,
    '{call}',
    'Calls that are not lost themselves, but something of them is, by reason.',
  ),
  paused: descriptor(
    SIDESPAN.FUNCTION_PAUSED,
    '{probe}',
    'Probes that are out because of what they cost: calls of the function are not seen meanwhile.',
  ),
  headers: descriptor(
    SIDESPAN.REQUEST_HEADERS,
    '{request}',
    'Requests of clients that were to get a traceparent header, by what became of it.',
  ),
};

/** The ledger of one process as metrics. Attributes are the same objects each time: deltas are found by them. */
export function ledgerMetrics(
  rows: readonly LedgerRow[],
  scope: InstrumentationScope,
  startTime: HrTime,
  endTime: HrTime,
): ScopeMetrics | undefined {
  if (rows.length === 0) return undefined;
  const points = (value: (row: LedgerRow) => number) =>
    summed(rows.map((row): Point => [attributesOf(row.functionName), value(row)]));
  const byReason = (counts: (row: LedgerRow) => Readonly<Record<string, number>>) =>
    summed(
      rows.flatMap((row) =>
        Object.entries(counts(row)).map(([reason, count]): Point => [attributesOf(row.functionName, reason), count]),
      ),
    );
  const headers = summed(
    rows.flatMap((row) =>
      Object.entries(row.headers ?? {}).map(
        ([outcome, count]): Point => [attributesOf(row.functionName, outcome, SIDESPAN.HEADER_OUTCOME), count],
      ),
    ),
  );
  const metrics: MetricData[] = [
    counter(
      CALLS.seen,
      points((row) => row.seen),
      startTime,
      endTime,
    ),
    counter(
      CALLS.exported,
      points((row) => row.exported),
      startTime,
      endTime,
    ),
    counter(
      CALLS.sampledOut,
      points((row) => row.sampledOut),
      startTime,
      endTime,
    ),
    counter(
      CALLS.dropped,
      byReason((row) => row.dropped),
      startTime,
      endTime,
    ),
    level(
      CALLS.inFlight,
      points((row) => row.inFlight),
      startTime,
      endTime,
    ),
    counter(
      CALLS.enteredBefore,
      points((row) => row.enteredBeforeAttach),
      startTime,
      endTime,
    ),
    counter(
      CALLS.incomplete,
      byReason((row) => row.incomplete),
      startTime,
      endTime,
    ),
    level(
      CALLS.paused,
      summed(
        rows
          .filter(({ pauses }) => pauses > 0)
          .map((row): Point => [attributesOf(row.functionName), row.pausedSince === undefined ? 0 : 1]),
      ),
      startTime,
      endTime,
    ),
    counter(CALLS.headers, headers, startTime, endTime),
  ];
  return { scope, metrics: metrics.filter(({ dataPoints }) => dataPoints.length > 0) };
}

/** One point for all rows of a function. */
function summed(points: readonly Point[]): Point[] {
  const sums = new Map<Attributes, number>();
  for (const [attributes, value] of points) sums.set(attributes, (sums.get(attributes) ?? 0) + value);
  return [...sums];
}

const attributesByKey = new Map<string, Attributes>();

/** As many as there are functions that were ever traced, times the reasons that occurred. */
function attributesOf(functionName: string, reason?: string, name: string = SIDESPAN.DROP_REASON): Attributes {
  const key = `${functionName} ${name} ${reason ?? ''}`;
  const known = attributesByKey.get(key);
  if (known) return known;
  const attributes: Attributes = { [ATTR.CODE_FUNCTION_NAME]: functionName };
  if (reason !== undefined) attributes[name] = reason;
  attributesByKey.set(key, attributes);
  return attributes;
}

/** What waits for a receiver. */
export interface QueueFigures {
  /** `otlp`, `console`. */
  readonly exporter: string;
  readonly size: number;
  readonly capacity: number;
}

const AGENT = {
  queueSize: descriptor(SIDESPAN.EXPORT_QUEUE_SIZE, '{span}', 'Spans that wait for their export.'),
  queueCapacity: descriptor(SIDESPAN.EXPORT_QUEUE_CAPACITY, '{span}', 'Most spans that may wait.'),
  cpu: descriptor(UNSTABLE_METRIC.PROCESS_CPU_TIME, 's', 'CPU time of the agent.', VALUE_TYPE.DOUBLE),
  memory: descriptor(UNSTABLE_METRIC.PROCESS_MEMORY_USAGE, 'By', 'Memory of the agent (RSS).'),
};
const USER: Attributes = { [UNSTABLE_ATTR.CPU_MODE]: 'user' };
const SYSTEM: Attributes = { [UNSTABLE_ATTR.CPU_MODE]: 'system' };
const NOTHING: Attributes = {};
const exporterAttributes = new Map<string, Attributes>();

/** The agent's own load: queues, CPU, memory. */
export function agentMetrics(
  queues: readonly QueueFigures[],
  scope: InstrumentationScope,
  startTime: HrTime,
  endTime: HrTime,
): ScopeMetrics {
  const cpu = process.cpuUsage();
  const points = (value: (queue: QueueFigures) => number) =>
    queues.map((queue): Point => {
      const attributes = exporterAttributes.get(queue.exporter) ?? { [SIDESPAN.EXPORTER]: queue.exporter };
      exporterAttributes.set(queue.exporter, attributes);
      return [attributes, value(queue)];
    });
  const metrics: MetricData[] = [
    level(
      AGENT.queueSize,
      points(({ size }) => size),
      startTime,
      endTime,
    ),
    level(
      AGENT.queueCapacity,
      points(({ capacity }) => capacity),
      startTime,
      endTime,
    ),
    counter(
      AGENT.cpu,
      [
        [USER, cpu.user / 1e6],
        [SYSTEM, cpu.system / 1e6],
      ],
      startTime,
      endTime,
    ),
    level(AGENT.memory, [[NOTHING, process.memoryUsage.rss()]], startTime, endTime),
  ];
  return { scope, metrics: metrics.filter(({ dataPoints }) => dataPoints.length > 0) };
}
