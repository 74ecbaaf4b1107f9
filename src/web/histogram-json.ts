import type { HistogramList, HistogramSummary } from './api.ts';
import { BUCKETS_PER_OCTAVE, bucketBoundNs, bucketRun, quantileNs } from './duration-histogram.ts';
import type { LatencyEntry, LatencyTable } from './latency-table.ts';
import { spanKindName } from './trace-json.ts';

/** The table as JSON, the busiest names first. */
export function histogramList(table: LatencyTable): HistogramList {
  const histograms = [...table.entries()].map(histogramSummary).sort((a, b) => b.count - a.count);
  return {
    scale: { baseNs: bucketBoundNs(0), bucketsPerOctave: BUCKETS_PER_OCTAVE },
    histograms,
    spansWithoutHistogram: table.spansWithoutEntry,
  };
}

/** An entry exists from its first span on, so that every figure is there. */
function histogramSummary({ service, name, kind, histogram }: LatencyEntry): HistogramSummary {
  const { count, errors, minNs, maxNs, sumNs } = histogram;
  return {
    service,
    name,
    kind: spanKindName(kind),
    count,
    errors,
    minNs,
    maxNs,
    meanNs: sumNs / count,
    p50Ns: quantileNs(histogram, 0.5) ?? maxNs,
    p90Ns: quantileNs(histogram, 0.9) ?? maxNs,
    p99Ns: quantileNs(histogram, 0.99) ?? maxNs,
    run: bucketRun(histogram),
  };
}
