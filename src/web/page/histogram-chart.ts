import type { HistogramList, HistogramSummary } from '../api.ts';
import { el, replaceChildren, setText } from './dom.ts';
import { count, duration } from './format.ts';
import { hueClass, serviceChip } from './service-colour.ts';
import uPlot from './uplot.js';

export interface HistogramChart {
  readonly element: HTMLElement;
  draw(summary: HistogramSummary | undefined, scale: HistogramList['scale']): void;
}

const HEIGHT_PX = 190;
/** Empty buckets kept on either side, so that a histogram of one bucket is still a picture. */
const MARGIN_BUCKETS = 6;
const QUANTILES = [
  ['p50', (row: HistogramSummary) => row.p50Ns],
  ['p90', (row: HistogramSummary) => row.p90Ns],
  ['p99', (row: HistogramSummary) => row.p99Ns],
] as const;

/** The histogram of one operation, with its quantiles; x is the number of the bucket, which makes it logarithmic. */
export function newHistogramChart(): HistogramChart {
  let plot: uPlot | undefined;
  let summary: HistogramSummary | undefined;
  let scale: HistogramList['scale'] = { baseNs: 1, bucketsPerOctave: 1 };

  const title = el('h2.chart-title');
  const reading = el('span.reading.muted');
  const place = el('div.chart-place', { role: 'img' });
  const element = el('div.chart', {}, el('div.chart-head', {}, title, el('span.spacer'), reading), place);

  const bucketOf = (ns: number) => Math.log2(ns / scale.baseNs) * scale.bucketsPerOctave;
  const boundOf = (bucket: number) => scale.baseNs * 2 ** (bucket / scale.bucketsPerOctave);

  function draw(next: HistogramSummary | undefined, nextScale: HistogramList['scale']): void {
    summary = next;
    scale = nextScale;
    if (next === undefined) return;
    element.className = `chart ${hueClass(next.service)}`;
    replaceChildren(
      title,
      serviceChip(next.service),
      el(next.kind === 'internal' ? 'span.mono' : 'span', {}, next.name),
    );
    const quantiles = QUANTILES.map(([name, value]) => `${name} ${duration(value(next))}`).join(', ');
    place.setAttribute('aria-label', `Histogram of ${count(next.count)} durations: ${quantiles}`);
    const data = columnsOf(next);
    if (plot === undefined) plot = newPlot(data);
    else plot.setData(data);
    showReading(plot);
  }

  function columnsOf({ run }: HistogramSummary): uPlot.AlignedData {
    const margin = new Array<number>(MARGIN_BUCKETS).fill(0);
    const heights = [...margin, ...run.counts, ...margin];
    // A bar stands in the middle of its bucket.
    return [heights.map((_, index) => run.first - MARGIN_BUCKETS + index + 0.5), heights];
  }

  function newPlot(data: uPlot.AlignedData): uPlot {
    const colour = (name: string) => () => getComputedStyle(element).getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--canvas-muted'),
      font: '11px Inter, system-ui, sans-serif',
      ticks: { show: false },
    };
    const grid = { stroke: colour('--canvas-line'), width: 1 };
    const bars = uPlot.paths.bars?.({ size: [0.9, 100] });
    const options: uPlot.Options = {
      width: place.clientWidth || 600,
      height: HEIGHT_PX,
      padding: [18, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_, min, max) => [min - 0.5, max + 0.5] },
        y: { range: (_, __, max) => [0, max || 1] },
      },
      axes: [
        {
          ...axis,
          grid,
          splits: (_, __, min, max) => decadeSplits(min, max),
          size: 28,
          values: (_, splits) => splits.map((each) => duration(Math.round(boundOf(each)))),
        },
        {
          ...axis,
          grid,
          size: 56,
          values: (_, splits) => splits.map((each) => (Number.isInteger(each) ? count(each) : '')),
        },
      ],
      series: [
        {},
        {
          fill: colour('--canvas-bar'),
          stroke: colour('--canvas-bar'),
          width: 0,
          points: { show: false },
          ...(bars && { paths: bars }),
        },
      ],
      hooks: { draw: [drawQuantiles], setCursor: [showReading] },
    };
    const made = new uPlot(options, data, place);
    // Colours are read while drawing: another scheme needs another drawing.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => made.redraw());
    new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: HEIGHT_PX })).observe(place);
    return made;
  }

  /** 1 and 10, and where there is room 2 and 5, of each unit. */
  function decadeSplits(min: number, max: number): number[] {
    const octaves = (max - min) / scale.bucketsPerOctave;
    const factors = octaves < 10 ? [1, 2, 5] : [1];
    const splits: number[] = [];
    for (let power = 1; power <= 1e13; power *= 10) {
      for (const factor of factors) {
        const at = bucketOf(factor * power);
        if (at >= min && at <= max) splits.push(at);
      }
    }
    return splits;
  }

  function drawQuantiles(self: uPlot): void {
    if (summary === undefined) return;
    const { ctx, bbox } = self;
    const style = getComputedStyle(element);
    ctx.save();
    ctx.strokeStyle = style.getPropertyValue('--canvas-mark').trim();
    ctx.fillStyle = style.getPropertyValue('--canvas-text').trim();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.font = `500 ${11 * devicePixelRatio}px Inter, system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    ctx.textAlign = 'center';
    let labelEnd = Number.NEGATIVE_INFINITY;
    for (const [name, value] of QUANTILES) {
      const x = Math.round(self.valToPos(bucketOf(value(summary)), 'x', true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      // Labels that would run into each other: the figures stand in the table below as well.
      const half = ctx.measureText(name).width / 2 + 3 * devicePixelRatio;
      if (x - half < labelEnd) continue;
      ctx.fillText(name, x, bbox.top - 14 * devicePixelRatio);
      labelEnd = x + half;
    }
    ctx.restore();
  }

  function showReading(self: uPlot): void {
    if (summary === undefined) return;
    const { idx } = self.cursor;
    const bucket = idx === null || idx === undefined ? undefined : self.data[0][idx];
    const spans = idx === null || idx === undefined ? undefined : self.data[1]?.[idx];
    if (bucket === undefined || spans === undefined || spans === null) {
      setText(reading, `${count(summary.count)} spans, mean ${duration(summary.meanNs)}`);
      return;
    }
    const [from, to] = [duration(boundOf(bucket - 0.5)), duration(boundOf(bucket + 0.5))];
    setText(reading, `${from} to ${to}: ${count(spans)}`);
  }

  return { element, draw };
}
