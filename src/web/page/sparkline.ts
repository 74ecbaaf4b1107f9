import type { HistogramList, HistogramSummary } from '../api.ts';
import { svg } from './dom.ts';
import { hueClass } from './service-colour.ts';

/** All on one logarithmic axis, so that rows compare: 10 µs to 10 s. What lies outside stands at the edge. */
const FROM_NS = 1e4;
const DECADES = 6;
const BINS = 60;
const HEIGHT = 18;

/** The histogram as a shape: each bin's height is the square root of its share, so that a thin tail is still seen. */
export function sparkline(summary: HistogramSummary, scale: HistogramList['scale']): SVGElement {
  const bins = new Float64Array(BINS);
  summary.run.counts.forEach((spans, index) => {
    const middleNs = scale.baseNs * 2 ** ((summary.run.first + index + 0.5) / scale.bucketsPerOctave);
    const at = (Math.log10(middleNs / FROM_NS) / DECADES) * BINS;
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(at)));
    bins[bin] = (bins[bin] ?? 0) + spans;
  });
  const highest = Math.max(...bins);
  const path = [...bins]
    .map((spans, bin) => (spans === 0 ? '' : barPath(bin, Math.max(1, Math.sqrt(spans / highest) * HEIGHT))))
    .join('');
  return svg(
    'svg',
    { viewBox: `0 0 ${BINS} ${HEIGHT}`, preserveAspectRatio: 'none', class: `sparkline ${hueClass(summary.service)}` },
    svg('path', { d: path }),
  );
}

function barPath(bin: number, height: number): string {
  return `M${bin} ${HEIGHT}v${-height.toFixed(2)}h1V${HEIGHT}z`;
}
