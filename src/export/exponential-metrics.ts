import type {
  DataPoint,
  ExponentialHistogram,
  ExponentialHistogramMetricData,
  HistogramMetricData,
  MetricData,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ExemplifiedPoint } from '../telemetry/histogram-metric.ts';
import { DATA_POINT } from '../telemetry/metric-data.ts';

/** The same metrics with histograms in their exponential form, where they have one. */
export function exponentialMetrics(all: readonly ResourceMetrics[]): ResourceMetrics[] {
  return all.map(({ resource, scopeMetrics }) => ({
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(exponentialMetric) })),
  }));
}

function exponentialMetric(metric: MetricData): MetricData {
  if (metric.dataPointType !== DATA_POINT.HISTOGRAM) return metric;
  const { dataPoints, ...others } = metric as HistogramMetricData;
  const points: DataPoint<ExponentialHistogram>[] = [];
  for (const { exponential, ...point } of dataPoints as readonly ExemplifiedPoint[]) {
    if (exponential === undefined) return metric;
    points.push({ ...point, value: exponential });
  }
  const exponential: ExponentialHistogramMetricData = {
    ...others,
    dataPointType: DATA_POINT.EXPONENTIAL_HISTOGRAM,
    dataPoints: points,
  };
  return exponential;
}

/** What came since `then`, of the same scale. Without minimum and maximum, which nobody knows of a part of the time. */
export function exponentialDifference(
  now: ExponentialHistogram,
  then: ExponentialHistogram | undefined,
): ExponentialHistogram | undefined {
  if (then === undefined) return now.count === 0 ? undefined : now;
  if (now.count === then.count) return undefined;
  const { offset, bucketCounts } = now.positive;
  const moved = offset - then.positive.offset;
  return {
    count: now.count - then.count,
    sum: (now.sum ?? 0) - (then.sum ?? 0),
    scale: now.scale,
    zeroCount: now.zeroCount - then.zeroCount,
    positive: {
      offset,
      bucketCounts: bucketCounts.map((count, index) => count - (then.positive.bucketCounts[index + moved] ?? 0)),
    },
    negative: now.negative,
  };
}
