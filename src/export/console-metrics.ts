import type { DataPoint, Histogram, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { durationText, quoted } from './console-spans.ts';

const HISTOGRAM = 0;

/** OTEL_METRICS_EXPORTER=console: a line a series. */
export function metricLines(all: readonly ResourceMetrics[]): string[] {
  const lines: string[] = [];
  for (const { resource, scopeMetrics } of all) {
    const service = String(resource.attributes['service.name'] ?? '-');
    for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      for (const point of metric.dataPoints) {
        const attributes = Object.entries(point.attributes).map(([key, value]) => `${key}=${quoted(value)}`);
        const value =
          metric.dataPointType === HISTOGRAM
            ? histogramText((point as DataPoint<Histogram>).value, metric.descriptor.unit)
            : `${point.value} ${metric.descriptor.unit}`;
        lines.push([service, metric.descriptor.name, value, ...attributes].join(' '));
      }
    }
  }
  return lines;
}

/** Durations are in seconds. */
function histogramText({ count, sum = 0, min, max }: Histogram, unit: string): string {
  const text = (value: number) =>
    unit === 's' ? durationText(value * 1e9) : `${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}`;
  const range = min === undefined || max === undefined ? '' : ` min=${text(min)} max=${text(max)}`;
  return `count=${count} mean=${text(sum / count)}${range}`;
}
