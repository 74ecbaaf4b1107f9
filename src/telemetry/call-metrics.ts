import type { Attributes } from '@opentelemetry/api';
import type { HistogramMetric, HistogramSeries, SeenCall, SortedValues } from './histogram-metric.ts';

/** Bytes of a request's body and its answer's, where they are known. */
export interface BodySizes {
  readonly request?: number | undefined;
  readonly response?: number | undefined;
}

/** What was counted and sorted of calls that agree in all facts: nanoseconds, and bytes. */
export interface CallTotals {
  readonly durations: SortedValues;
  readonly requestBytes?: SortedValues | undefined;
  readonly responseBytes?: SortedValues | undefined;
}

/** Metrics whose series have the same attributes. */
export interface CallMetrics {
  readonly duration: HistogramMetric;
  readonly requestSize?: HistogramMetric | undefined;
  readonly responseSize?: HistogramMetric | undefined;
}

/** Counts the calls of one probe. */
export interface CallRecorder<Facts> {
  record(facts: Facts, call: SeenCall, sizes?: BodySizes): void;
  /** Calls that the kernel has counted; of `undefined` it knows no facts. */
  add(facts: { readonly of: Facts } | undefined, totals: CallTotals): void;
}

/** A series of each of the metrics. */
interface CallSeries {
  readonly duration: HistogramSeries;
  readonly requestSize: HistogramSeries | undefined;
  readonly responseSize: HistogramSeries | undefined;
}

/** How facts are told apart: by one text, then by comparing the rest. */
export interface FactsIdentity<Facts> {
  readonly key: (facts: Facts) => string | undefined;
  readonly same: (a: Facts, b: Facts) => boolean;
  readonly attributes: (facts: Facts) => Attributes;
}

export function callRecorder<Facts>(metrics: CallMetrics, identity: FactsIdentity<Facts>): CallRecorder<Facts> {
  const { duration, requestSize, responseSize } = metrics;
  const seriesOf = seriesFinder(metrics, identity);
  return {
    record(facts, call, sizes) {
      const series = seriesOf(facts);
      duration.record(series.duration, call.durationNs, call);
      if (sizes === undefined) return;
      if (sizes.request !== undefined && series.requestSize)
        requestSize?.record(series.requestSize, sizes.request, call);
      if (sizes.response !== undefined && series.responseSize) {
        responseSize?.record(series.responseSize, sizes.response, call);
      }
    },
    add(facts, { durations, requestBytes, responseBytes }) {
      const series = facts === undefined ? restOf(metrics) : seriesOf(facts.of);
      duration.add(series.duration, durations);
      if (requestBytes && series.requestSize) requestSize?.add(series.requestSize, requestBytes);
      if (responseBytes && series.responseSize) responseSize?.add(series.responseSize, responseBytes);
    },
  };
}

function restOf({ duration, requestSize, responseSize }: CallMetrics): CallSeries {
  return { duration: duration.rest(), requestSize: requestSize?.rest(), responseSize: responseSize?.rest() };
}

/**
 * Finds the series of a call by one text, then by comparing: a route has a handful of them.
 * Once the metrics are full nothing more is remembered.
 */
function seriesFinder<Facts>(
  { duration, requestSize, responseSize }: CallMetrics,
  { key, same, attributes }: FactsIdentity<Facts>,
): (facts: Facts) => CallSeries {
  const byKey = new Map<string | undefined, { readonly facts: Facts; readonly series: CallSeries }[]>();
  let last: { readonly facts: Facts; readonly series: CallSeries } | undefined;
  return (facts) => {
    if (last !== undefined && last.facts === facts) return last.series;
    const known = byKey.get(key(facts));
    if (known !== undefined) {
      for (const entry of known) {
        if (!same(entry.facts, facts)) continue;
        last = entry;
        return entry.series;
      }
    }
    const wanted = attributes(facts);
    const series = {
      duration: duration.series(wanted),
      requestSize: requestSize?.series(wanted),
      responseSize: responseSize?.series(wanted),
    };
    if (series.duration.attributes !== wanted) return series;
    if (known === undefined) byKey.set(key(facts), [{ facts, series }]);
    else known.push({ facts, series });
    return series;
  };
}
