import type { Attributes, HrTime } from '@opentelemetry/api';
import type {
  DataPoint,
  ExponentialHistogram,
  Histogram,
  HistogramMetricData,
  MetricDescriptor,
} from '@opentelemetry/sdk-metrics';
import type { Call } from '../event/call.ts';
import type { BootClock } from './boot-clock.ts';
import { bucketOf, type ExponentialBuckets } from './exponential-buckets.ts';
import { CUMULATIVE, DATA_POINT } from './metric-data.ts';

/** Calls with the same attributes. Sums are in the metric's unit. */
export interface HistogramSeries {
  readonly attributes: Attributes;
  readonly counts: number[];
  /** The same by the exponential histogram's buckets, if there is one. */
  readonly exponential: number[];
  count: number;
  sum: number;
  min: number;
  max: number;
  /** By bucket: a call of it that has a span. */
  readonly exemplars: (Sighting | undefined)[];
}

/** What an exemplar is made of. */
export type SeenCall = Pick<Call, 'traceId' | 'spanId' | 'start' | 'durationNs'>;

interface Sighting {
  readonly call: SeenCall;
  readonly value: number;
  /** How often the metric had been collected then. */
  readonly collections: number;
}

/** A measurement of one call, as the specification of metrics has it. The SDK's type has no time that it was taken at. */
export interface Exemplar {
  readonly time: HrTime;
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** The SDK's data points have no exemplars, and one form. */
export interface ExemplifiedPoint extends DataPoint<Histogram> {
  readonly exemplars?: readonly Exemplar[] | undefined;
  /** The same values, for who wants them so. */
  readonly exponential?: ExponentialHistogram | undefined;
}

/**
 * A histogram of durations or sizes. Recording costs a few comparisons, where the SDK's instrument sorts and stringifies
 * the attributes of every call (0.3 to 1 us): the caller finds the series once and keeps it.
 */
export interface HistogramMetric {
  /** A new series; the one for all the rest once there are too many. */
  series(attributes: Attributes): HistogramSeries;
  /** Where goes of what no attributes are known. */
  rest(): HistogramSeries;
  /** @param value in parts of the unit, see `partsOfUnit` */
  record(series: HistogramSeries, value: number, call?: SeenCall): void;
  /** Values that somebody else has sorted into the same buckets. */
  add(series: HistogramSeries, values: SortedValues): void;
  data(startTime: HrTime, endTime: HrTime): HistogramMetricData;
}

/** In parts of the unit. */
export interface SortedValues {
  readonly counts: readonly number[];
  readonly exponential?: readonly number[] | undefined;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface HistogramOptions {
  /** Upper bounds of the buckets in the metric's unit, inclusive, ascending. */
  readonly bounds: readonly number[];
  /** What is recorded is so many times as large: 1e9 for nanoseconds where the unit is a second. */
  readonly partsOfUnit: number;
  /** Absent: points have no exponential form. Its parts are those of `partsOfUnit`. */
  readonly exponential?: ExponentialBuckets | undefined;
  /** Absent: no exemplars. */
  readonly clock?: Pick<BootClock, 'wallTime'> | undefined;
}

/** The SDK's own limit. */
const MAX_SERIES = 2000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

export function createHistogramMetric(descriptor: MetricDescriptor, options: HistogramOptions): HistogramMetric {
  const { partsOfUnit, clock, exponential } = options;
  const exponentialBounds = exponential && Float64Array.from(exponential.bounds, Number);
  const all: HistogramSeries[] = [];
  const boundaries = [...options.bounds];
  let overflow: HistogramSeries | undefined;
  let collections = 0;

  function newSeries(attributes: Attributes): HistogramSeries {
    const series = {
      attributes,
      counts: new Array<number>(boundaries.length + 1).fill(0),
      exponential: new Array<number>(exponentialBounds === undefined ? 0 : exponentialBounds.length + 1).fill(0),
      count: 0,
      sum: 0,
      min: Number.POSITIVE_INFINITY,
      max: 0,
      exemplars: [],
    };
    all.push(series);
    return series;
  }

  function rest(): HistogramSeries {
    overflow ??= newSeries(OVERFLOW);
    return overflow;
  }

  return {
    series(attributes) {
      return all.length < MAX_SERIES - 1 ? newSeries(attributes) : rest();
    },
    rest,
    record(series, parts, call) {
      const value = parts / partsOfUnit;
      let bucket = 0;
      while (bucket < boundaries.length && value > (boundaries[bucket] as number)) bucket++;
      addTo(series.counts, bucket, 1);
      series.count++;
      series.sum += value;
      if (value < series.min) series.min = value;
      if (value > series.max) series.max = value;
      if (exponentialBounds !== undefined) addTo(series.exponential, bucketOf(exponentialBounds, parts), 1);
      if (call === undefined || clock === undefined) return;
      // The first one since the last look: keeping the newest would store something for each call.
      const known = series.exemplars[bucket];
      if (known === undefined || known.collections < collections) {
        const { traceId, spanId, start, durationNs } = call;
        series.exemplars[bucket] = { call: { traceId, spanId, start, durationNs }, value, collections };
      }
    },
    add(series, { counts, exponential: fine = [], sum, min, max }) {
      for (let bucket = 0; bucket <= boundaries.length; bucket++) {
        const count = counts[bucket] ?? 0;
        addTo(series.counts, bucket, count);
        series.count += count;
      }
      for (let bucket = 0; bucket < series.exponential.length; bucket++) {
        addTo(series.exponential, bucket, fine[bucket] ?? 0);
      }
      series.sum += sum / partsOfUnit;
      series.min = Math.min(series.min, min / partsOfUnit);
      series.max = Math.max(series.max, max / partsOfUnit);
    },
    data(startTime, endTime) {
      collections++;
      return {
        descriptor,
        aggregationTemporality: CUMULATIVE,
        dataPointType: DATA_POINT.HISTOGRAM,
        dataPoints: all
          .filter(({ count }) => count > 0)
          .map(
            (series): ExemplifiedPoint => ({
              attributes: series.attributes,
              startTime,
              endTime,
              value: {
                buckets: { boundaries, counts: [...series.counts] },
                count: series.count,
                sum: series.sum,
                min: series.min,
                max: series.max,
              },
              ...(clock === undefined ? {} : { exemplars: exemplarsOf(series, clock) }),
              ...(exponential === undefined ? {} : { exponential: exponentialOf(series, exponential) }),
            }),
          ),
      };
    },
  };
}

function addTo(counts: number[], bucket: number, count: number): void {
  counts[bucket] = (counts[bucket] as number) + count;
}

function exponentialOf(series: HistogramSeries, { scale, firstIndex }: ExponentialBuckets): ExponentialHistogram {
  const { count, sum, min, max, exponential } = series;
  const [zeroCount = 0, ...counts] = exponential;
  const first = Math.max(
    0,
    counts.findIndex((each) => each > 0),
  );
  const last = counts.findLastIndex((each) => each > 0);
  const positive = { offset: firstIndex + first, bucketCounts: counts.slice(first, last + 1) };
  return { count, sum, min, max, scale, zeroCount, positive, negative: { offset: 0, bucketCounts: [] } };
}

function exemplarsOf({ exemplars }: HistogramSeries, clock: Pick<BootClock, 'wallTime'>): Exemplar[] {
  const found: Exemplar[] = [];
  for (const seen of exemplars) {
    if (seen === undefined) continue;
    const { traceId, spanId, start, durationNs } = seen.call;
    const [seconds, ns] = clock.wallTime(start);
    const endNs = ns + durationNs;
    const whole = Math.floor(endNs / 1e9);
    found.push({ time: [seconds + whole, endNs - whole * 1e9], value: seen.value, traceId, spanId });
  }
  return found;
}
