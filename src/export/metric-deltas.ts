import type { Attributes, HrTime } from '@opentelemetry/api';
import type {
  DataPoint,
  ExponentialHistogram,
  ExponentialHistogramMetricData,
  Histogram,
  HistogramMetricData,
  MetricData,
  ResourceMetrics,
  SumMetricData,
} from '@opentelemetry/sdk-metrics';
import type { ExemplifiedPoint } from '../telemetry/histogram-metric.ts';
import { DATA_POINT, DELTA } from '../telemetry/metric-data.ts';
import { exponentialDifference } from './exponential-metrics.ts';

/** OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE */
export type Temporality = 'cumulative' | 'delta' | 'lowmemory';

/**
 * Turns what was counted since the start into what was counted since the receiver last accepted an export: nothing is
 * lost by an export that fails.
 */
export interface MetricDeltas {
  /** Series that did not change are left out. */
  since(all: readonly ResourceMetrics[]): ResourceMetrics[];
  /** The receiver has what `since` gave last of this resource. */
  accepted(resource: ResourceMetrics['resource']): void;
}

/** A point that was accepted. */
interface Known {
  readonly endTime: HrTime;
  readonly value: number | Histogram | ExponentialHistogram;
}

/** By scope and metric, then by the identity of the attributes. */
type Series = Map<string, Map<Attributes, Known>>;

/** `lowmemory` asks for deltas only where they spare the SDK memory: histograms, not sums that are observed. */
export function createMetricDeltas(temporality: Exclude<Temporality, 'cumulative'>): MetricDeltas {
  const known = new WeakMap<object, Series>();
  let pending = new Map<object, Series>();

  function metricDelta(
    metric: MetricData,
    before: Map<Attributes, Known>,
    after: Map<Attributes, Known>,
  ): MetricData | undefined {
    if (metric.dataPointType === DATA_POINT.HISTOGRAM) {
      const dataPoints = changed((metric as HistogramMetricData).dataPoints, before, after, histogramDifference);
      return dataPoints.length === 0
        ? undefined
        : { ...(metric as HistogramMetricData), aggregationTemporality: DELTA, dataPoints };
    }
    if (metric.dataPointType === DATA_POINT.EXPONENTIAL_HISTOGRAM) {
      const exponential = metric as ExponentialHistogramMetricData;
      const dataPoints = changed(exponential.dataPoints, before, after, exponentialDifference);
      return dataPoints.length === 0 ? undefined : { ...exponential, aggregationTemporality: DELTA, dataPoints };
    }
    if (
      metric.dataPointType !== DATA_POINT.SUM ||
      !(metric as SumMetricData).isMonotonic ||
      temporality === 'lowmemory'
    )
      return metric;
    const dataPoints = changed((metric as SumMetricData).dataPoints, before, after, numberDifference);
    return dataPoints.length === 0
      ? undefined
      : { ...(metric as SumMetricData), aggregationTemporality: DELTA, dataPoints };
  }

  return {
    since(all) {
      pending = new Map();
      return all.map(({ resource, scopeMetrics }) => {
        const before = known.get(resource);
        const after: Series = new Map();
        pending.set(resource, after);
        const deltas = scopeMetrics.map(({ scope, metrics }) => ({
          scope,
          metrics: metrics
            .map((metric) => {
              const key = `${scope.name} ${metric.descriptor.name}`;
              const points = new Map<Attributes, Known>();
              after.set(key, points);
              return metricDelta(metric, before?.get(key) ?? new Map(), points);
            })
            .filter((metric) => metric !== undefined),
        }));
        return { resource, scopeMetrics: deltas.filter(({ metrics }) => metrics.length > 0) };
      });
    },
    accepted(resource) {
      const series = pending.get(resource);
      if (series !== undefined) known.set(resource, series);
    },
  };
}

function changed<T extends Known['value']>(
  points: readonly DataPoint<T>[],
  before: Map<Attributes, Known>,
  after: Map<Attributes, Known>,
  difference: (now: T, then: T | undefined) => T | undefined,
): DataPoint<T>[] {
  const deltas: DataPoint<T>[] = [];
  for (const point of points) {
    const then = before.get(point.attributes);
    after.set(point.attributes, { endTime: point.endTime, value: point.value });
    const value = difference(point.value, then?.value as T | undefined);
    if (value === undefined) continue;
    const startTime = then?.endTime ?? point.startTime;
    const exemplars = (point as { readonly exemplars?: ExemplifiedPoint['exemplars'] }).exemplars?.filter(
      ({ time }) => !isBefore(time, startTime),
    );
    deltas.push({ ...point, value, startTime, ...(exemplars && { exemplars }) });
  }
  return deltas;
}

function isBefore(a: HrTime, b: HrTime): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function numberDifference(now: number, then = 0): number | undefined {
  return now === then ? undefined : now - then;
}

/** Without minimum and maximum, which nobody knows of a part of the time. */
function histogramDifference(now: Histogram, then: Histogram | undefined): Histogram | undefined {
  if (then === undefined) return now.count === 0 ? undefined : now;
  if (now.count === then.count) return undefined;
  const { boundaries, counts } = now.buckets;
  return {
    buckets: { boundaries, counts: counts.map((count, index) => count - (then.buckets.counts[index] ?? 0)) },
    count: now.count - then.count,
    sum: (now.sum ?? 0) - (then.sum ?? 0),
  };
}
