import type { Attributes, HrTime } from '@opentelemetry/api';
import type { HistogramMetricData, MetricDescriptor } from '@opentelemetry/sdk-metrics';
import { CUMULATIVE, DATA_POINT } from './metric-data.ts';

/** Durations with the same attributes. */
export interface DurationSeries {
  readonly attributes: Attributes;
  readonly counts: number[];
  count: number;
  sumSeconds: number;
  minSeconds: number;
  maxSeconds: number;
}

/**
 * A histogram of durations. Recording costs a few comparisons, where the SDK's instrument sorts and stringifies the
 * attributes of every call (0.3 to 1 us): the caller finds the series once and keeps it.
 */
export interface DurationMetric {
  /** A new series; the one for all the rest once there are too many. */
  series(attributes: Attributes): DurationSeries;
  /** Where durations go of which no attributes are known. */
  rest(): DurationSeries;
  record(series: DurationSeries, durationNs: number): void;
  /** Durations that somebody else has sorted into the same buckets. */
  add(series: DurationSeries, durations: SortedDurations): void;
  data(startTime: HrTime, endTime: HrTime): HistogramMetricData;
}

export interface SortedDurations {
  readonly counts: readonly number[];
  readonly sumNs: number;
  readonly minNs: number;
  readonly maxNs: number;
}

/** The SDK's own limit. */
const MAX_SERIES = 2000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/** @param boundsSeconds upper bounds of the buckets, inclusive, ascending. */
export function createDurationMetric(descriptor: MetricDescriptor, boundsSeconds: readonly number[]): DurationMetric {
  const all: DurationSeries[] = [];
  const boundaries = [...boundsSeconds];
  let overflow: DurationSeries | undefined;

  function newSeries(attributes: Attributes): DurationSeries {
    const series = {
      attributes,
      counts: new Array<number>(boundaries.length + 1).fill(0),
      count: 0,
      sumSeconds: 0,
      minSeconds: Number.POSITIVE_INFINITY,
      maxSeconds: 0,
    };
    all.push(series);
    return series;
  }

  function rest(): DurationSeries {
    overflow ??= newSeries(OVERFLOW);
    return overflow;
  }

  return {
    series(attributes) {
      return all.length < MAX_SERIES - 1 ? newSeries(attributes) : rest();
    },
    rest,
    record(series, durationNs) {
      const seconds = durationNs / 1e9;
      let bucket = 0;
      while (bucket < boundaries.length && seconds > (boundaries[bucket] as number)) bucket++;
      series.counts[bucket] = (series.counts[bucket] as number) + 1;
      series.count++;
      series.sumSeconds += seconds;
      if (seconds < series.minSeconds) series.minSeconds = seconds;
      if (seconds > series.maxSeconds) series.maxSeconds = seconds;
    },
    add(series, { counts, sumNs, minNs, maxNs }) {
      for (let bucket = 0; bucket <= boundaries.length; bucket++) {
        const count = counts[bucket] ?? 0;
        series.counts[bucket] = (series.counts[bucket] as number) + count;
        series.count += count;
      }
      series.sumSeconds += sumNs / 1e9;
      series.minSeconds = Math.min(series.minSeconds, minNs / 1e9);
      series.maxSeconds = Math.max(series.maxSeconds, maxNs / 1e9);
    },
    data: (startTime, endTime) => ({
      descriptor,
      aggregationTemporality: CUMULATIVE,
      dataPointType: DATA_POINT.HISTOGRAM,
      dataPoints: all
        .filter(({ count }) => count > 0)
        .map((series) => ({
          attributes: series.attributes,
          startTime,
          endTime,
          value: {
            buckets: { boundaries, counts: [...series.counts] },
            count: series.count,
            sum: series.sumSeconds,
            min: series.minSeconds,
            max: series.maxSeconds,
          },
        })),
    }),
  };
}
