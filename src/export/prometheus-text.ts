import type { Attributes } from '@opentelemetry/api';
import type { DataPoint, Histogram, MetricData, ResourceMetrics, SumMetricData } from '@opentelemetry/sdk-metrics';

/**
 * Metrics as Prometheus reads them (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format),
 * with names as OpenTelemetry's compatibility rules give them: unit and `_total` at the end. One page holds several
 * processes: each series says which by `service_name` and `service_instance_id`, the rest is in `target_info`.
 */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const HISTOGRAM = 0;
const GAUGE = 2;

/** Words for the units that Sidespan's metrics have. Others are as they are; those in braces are only comments. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes', '1': 'ratio' };
const TARGET_LABELS = new Set(['service.name', 'service.instance.id']);

interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly lines: string[];
}

export function prometheusText(all: readonly ResourceMetrics[]): string {
  const families = new Map<string, Family>();
  const info = family(families, 'target_info', 'gauge', 'Target metadata');
  for (const { resource, scopeMetrics } of all) {
    const entries = Object.entries(resource.attributes);
    const target = labels(Object.fromEntries(entries.filter(([key]) => TARGET_LABELS.has(key))));
    info.lines.push(`target_info{${labels(resource.attributes)}} 1`);
    for (const { scope, metrics } of scopeMetrics) {
      const scopeLabels = labels({ 'otel.scope.name': scope.name, 'otel.scope.version': scope.version });
      for (const metric of metrics) addMetric(families, metric, joined(target, scopeLabels));
    }
  }
  let text = '';
  for (const [name, { type, help, lines }] of families) {
    if (lines.length > 0) text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
  }
  return text;
}

function family(families: Map<string, Family>, name: string, type: Family['type'], help: string): Family {
  const known = families.get(name);
  if (known) return known;
  const made: Family = { type, help: help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n'), lines: [] };
  families.set(name, made);
  return made;
}

function addMetric(families: Map<string, Family>, metric: MetricData, common: string): void {
  const { description } = metric.descriptor;
  if (metric.dataPointType === HISTOGRAM) {
    const name = metricName(metric, false);
    const { lines } = family(families, name, 'histogram', description);
    for (const point of metric.dataPoints as DataPoint<Histogram>[]) addHistogram(lines, name, point, common);
    return;
  }
  const isCounter = metric.dataPointType !== GAUGE && (metric as SumMetricData).isMonotonic;
  const name = metricName(metric, isCounter);
  const { lines } = family(families, name, isCounter ? 'counter' : 'gauge', description);
  for (const point of metric.dataPoints as DataPoint<number>[]) {
    lines.push(`${name}{${joined(labels(point.attributes), common)}} ${numberText(point.value)}`);
  }
}

function addHistogram(lines: string[], name: string, point: DataPoint<Histogram>, common: string): void {
  const own = joined(labels(point.attributes), common);
  const { buckets, count, sum } = point.value;
  let below = 0;
  buckets.boundaries.forEach((bound, index) => {
    below += buckets.counts[index] ?? 0;
    lines.push(`${name}_bucket{${joined(own, `le="${bound}"`)}} ${below}`);
  });
  lines.push(`${name}_bucket{${joined(own, 'le="+Inf"')}} ${count}`);
  lines.push(`${name}_sum{${own}} ${numberText(sum ?? 0)}`, `${name}_count{${own}} ${count}`);
}

function metricName({ descriptor }: MetricData, isCounter: boolean): string {
  const unit = descriptor.unit.startsWith('{') ? '' : (UNITS[descriptor.unit] ?? descriptor.unit);
  const name = sanitized(descriptor.name);
  const withUnit = unit === '' || name.endsWith(`_${unit}`) ? name : `${name}_${sanitized(unit)}`;
  return isCounter && !withUnit.endsWith('_total') ? `${withUnit}_total` : withUnit;
}

function labels(attributes: Attributes): string {
  const byName = new Map<string, string>();
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    const name = sanitized(key);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    // Two names may become one: the rules join their values.
    const before = byName.get(name);
    byName.set(name, before === undefined ? text : `${before};${text}`);
  }
  return Array.from(byName, ([name, value]) => `${name}="${escaped(value)}"`).join(',');
}

function joined(...lists: string[]): string {
  return lists.filter((list) => list !== '').join(',');
}

function sanitized(name: string): string {
  const text = name.replace(/[^a-zA-Z0-9]+/g, '_');
  return /^[0-9]/.test(text) ? `_${text}` : text;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
