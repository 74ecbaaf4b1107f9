import { type DurationHistogram, newDurationHistogram, quantileNs, recordDuration } from './duration-histogram.ts';

/** Duration histograms by span name, one map for each service. */
export interface LatencyTable {
  /** Counts a span; true if it took longer than 99 in 100 of its name did so far. */
  record(latencies: Map<string, Latency>, name: string, kind: number, durationNs: number, isError: boolean): boolean;
  /** Spans that came when the table was full. */
  readonly spansWithoutEntry: number;
}

export interface Latency {
  readonly kind: number;
  readonly histogram: DurationHistogram;
  slowNs: number;
}

/** Span names are of low cardinality; this bounds a table whose names are not: 1,000 x 1.1 kB. */
const MAX_ENTRIES = 1000;
/** The 99th percentile is worked out anew after so many spans of a name, and means little before. */
const QUANTILE_EVERY = 256;

export function newLatencyTable(): LatencyTable {
  let entryCount = 0;
  let spansWithoutEntry = 0;

  return {
    record(latencies, name, kind, durationNs, isError) {
      let latency = latencies.get(name);
      if (latency === undefined) {
        if (entryCount >= MAX_ENTRIES) {
          spansWithoutEntry++;
          return false;
        }
        entryCount++;
        latency = { kind, histogram: newDurationHistogram(), slowNs: Number.POSITIVE_INFINITY };
        latencies.set(name, latency);
      }
      const { histogram } = latency;
      recordDuration(histogram, durationNs, isError);
      if (histogram.count % QUANTILE_EVERY === 0) latency.slowNs = quantileNs(histogram, 0.99) ?? latency.slowNs;
      return durationNs > latency.slowNs;
    },
    get spansWithoutEntry() {
      return spansWithoutEntry;
    },
  };
}
