import type { HistogramList, HistogramSummary } from './api.ts';
import { BUCKETS_PER_OCTAVE, bucketBoundNs, bucketRun, quantileNs } from './duration-histogram.ts';
import type { Latency } from './latency-table.ts';
import type { Service } from './service-table.ts';
import { spanKindName } from './trace-json.ts';

/** All histograms as JSON, the busiest names first. */
export function histogramList(services: Iterable<Service>, spansWithoutHistogram: number): HistogramList {
  const histograms: HistogramSummary[] = [];
  for (const service of services) {
    for (const [name, latency] of service.latencies) histograms.push(histogramSummary(service.name, name, latency));
  }
  histograms.sort((a, b) => b.count - a.count);
  const scale = { baseNs: bucketBoundNs(0), bucketsPerOctave: BUCKETS_PER_OCTAVE };
  return { scale, histograms, spansWithoutHistogram };
}

/** An entry exists from its first span on, so that every figure is there. */
function histogramSummary(service: string, name: string, { kind, histogram }: Latency): HistogramSummary {
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
