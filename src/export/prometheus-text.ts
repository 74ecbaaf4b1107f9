import type { Attributes } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import type { DataPoint, GaugeMetricData, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The compatibility rules put the unit at the end of the name; OpenTelemetry's serializer does not. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes', '1': 'ratio' };
/** Tell apart the processes of one page; the rest of a resource is in `target_info`. */
const TARGET_LABELS = ['service.name', 'service.instance.id'];
const GAUGE = 2;

const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

/**
 * All processes on one page. The serializer takes one resource and would repeat the head of a metric for each, which
 * the format forbids: so the series of all go into one metric a name, with what tells them apart as attributes.
 */
export function prometheusText(all: readonly ResourceMetrics[]): string {
  const [first] = all;
  if (first === undefined) return '';
  const metrics = new Map<string, MetricData>();
  addPoints(metrics, targetInfo(all), {});
  for (const { resource, scopeMetrics } of all) {
    const target = Object.fromEntries(TARGET_LABELS.map((key) => [key, resource.attributes[key]]));
    for (const { scope, metrics: own } of scopeMetrics) {
      const common = { ...target, 'otel.scope.name': scope.name, 'otel.scope.version': scope.version };
      for (const metric of own) addPoints(metrics, metric, common);
    }
  }
  const scopeMetrics = [{ scope: { name: '' }, metrics: [...metrics.values()] }];
  return `${serializer.serialize({ resource: first.resource, scopeMetrics }).trimEnd()}\n`;
}

function addPoints(metrics: Map<string, MetricData>, metric: MetricData, common: Attributes): void {
  if (metric.dataPoints.length === 0) return;
  const name = unitName(metric);
  let known = metrics.get(name);
  if (known === undefined) {
    known = { ...metric, descriptor: { ...metric.descriptor, name, unit: '' }, dataPoints: [] };
    metrics.set(name, known);
  }
  const points = known.dataPoints as DataPoint<unknown>[];
  for (const point of metric.dataPoints as DataPoint<unknown>[]) {
    points.push({ ...point, attributes: defined({ ...point.attributes, ...common }) });
  }
}

function unitName({ descriptor: { name, unit } }: MetricData): string {
  const suffix = unit.startsWith('{') ? '' : (UNITS[unit] ?? unit);
  return suffix === '' || name.endsWith(`.${suffix}`) ? name : `${name}.${suffix}`;
}

function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

function targetInfo(all: readonly { readonly resource: Resource }[]): GaugeMetricData {
  return {
    descriptor: { name: 'target_info', description: 'Target metadata', unit: '', valueType: 0 },
    aggregationTemporality: 1,
    dataPointType: GAUGE,
    dataPoints: all.map(({ resource: { attributes } }) => ({
      attributes,
      value: 1,
      startTime: [0, 0],
      endTime: [0, 0],
    })),
  };
}
