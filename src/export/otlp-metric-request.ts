import type {
  AggregationTemporality,
  DataPoint,
  Histogram,
  MetricData,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { writeAttributes, writeResource, writeSchemaUrl, writeScope, writeTime } from './otlp-common.ts';
import {
  beginMessage,
  createWriter,
  endMessage,
  type ProtobufWriter,
  WIRE,
  writeDouble,
  writeFixed64,
  writeTag,
  writeText,
  writeVarint,
  writtenBytes,
} from './protobuf-writer.ts';

/** Enumerators of @opentelemetry/sdk-metrics and api (compared by test/telemetry/semconv.test.ts). */
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
const VALUE_INT = 0;

/** Of Metric. */
const FIELD = { GAUGE: 5, SUM: 7, HISTOGRAM: 9 } as const;

/**
 * ExportMetricsServiceRequest (opentelemetry/proto/collector/metrics/v1/metrics_service.proto, metrics/v1/metrics.proto)
 * with all resources in one request. Sums, gauges and histograms: Sidespan has no others.
 * @param room bytes to leave free before the message, for a frame's header.
 * @param writer to use again; the result is a view of its bytes.
 */
export function encodeMetricRequest(
  all: readonly ResourceMetrics[],
  room = 0,
  writer: ProtobufWriter = createWriter(),
): Buffer {
  writer.at = room;
  for (const { resource, scopeMetrics } of all) {
    writeTag(writer, 1, WIRE.LENGTH);
    const resourceMessage = beginMessage(writer, 3);
    writeTag(writer, 1, WIRE.LENGTH);
    writeResource(writer, resource);
    for (const { scope, metrics } of scopeMetrics) {
      writeTag(writer, 2, WIRE.LENGTH);
      const scopeMessage = beginMessage(writer, 3);
      writeTag(writer, 1, WIRE.LENGTH);
      writeScope(writer, scope);
      for (const metric of metrics) writeMetric(writer, metric);
      writeSchemaUrl(writer, scope.schemaUrl);
      endMessage(writer, scopeMessage, 3);
    }
    writeSchemaUrl(writer, resource.schemaUrl);
    endMessage(writer, resourceMessage, 3);
  }
  return writtenBytes(writer);
}

function writeMetric(writer: ProtobufWriter, metric: MetricData): void {
  const { descriptor, dataPointType } = metric;
  writeTag(writer, 2, WIRE.LENGTH);
  const message = beginMessage(writer, 2);
  writeTag(writer, 1, WIRE.LENGTH);
  writeText(writer, descriptor.name);
  if (descriptor.description) {
    writeTag(writer, 2, WIRE.LENGTH);
    writeText(writer, descriptor.description);
  }
  if (descriptor.unit) {
    writeTag(writer, 3, WIRE.LENGTH);
    writeText(writer, descriptor.unit);
  }
  const isInteger = descriptor.valueType === VALUE_INT;
  if (dataPointType === HISTOGRAM) {
    writeTag(writer, FIELD.HISTOGRAM, WIRE.LENGTH);
    const data = beginMessage(writer, 2);
    for (const point of metric.dataPoints) writeHistogramPoint(writer, point);
    writeTemporality(writer, metric.aggregationTemporality);
    endMessage(writer, data, 2);
  } else if (dataPointType === SUM) {
    writeTag(writer, FIELD.SUM, WIRE.LENGTH);
    const data = beginMessage(writer, 2);
    for (const point of metric.dataPoints) writeNumberPoint(writer, point, isInteger);
    writeTemporality(writer, metric.aggregationTemporality);
    if (metric.isMonotonic) {
      writeTag(writer, 3, WIRE.VARINT);
      writeVarint(writer, 1);
    }
    endMessage(writer, data, 2);
  } else if (dataPointType === GAUGE) {
    writeTag(writer, FIELD.GAUGE, WIRE.LENGTH);
    const data = beginMessage(writer, 2);
    for (const point of metric.dataPoints) writeNumberPoint(writer, point, isInteger);
    endMessage(writer, data, 2);
  }
  endMessage(writer, message, 2);
}

/** The protocol has 1 for delta and 2 for cumulative, the SDK 0 and 1. */
function writeTemporality(writer: ProtobufWriter, temporality: AggregationTemporality): void {
  writeTag(writer, 2, WIRE.VARINT);
  writeVarint(writer, temporality + 1);
}

function writeNumberPoint(writer: ProtobufWriter, point: DataPoint<number>, isInteger: boolean): void {
  writeTag(writer, 1, WIRE.LENGTH);
  const message = beginMessage(writer);
  writeTag(writer, 2, WIRE.FIXED64);
  writeTime(writer, point.startTime);
  writeTag(writer, 3, WIRE.FIXED64);
  writeTime(writer, point.endTime);
  if (isInteger) {
    writeTag(writer, 6, WIRE.FIXED64);
    writeFixed64(writer, point.value);
  } else {
    writeTag(writer, 4, WIRE.FIXED64);
    writeDouble(writer, point.value);
  }
  writeAttributes(writer, point.attributes, 7);
  endMessage(writer, message);
}

function writeHistogramPoint(writer: ProtobufWriter, point: DataPoint<Histogram>): void {
  const { buckets, count, sum, min, max } = point.value;
  writeTag(writer, 1, WIRE.LENGTH);
  const message = beginMessage(writer, 2);
  writeTag(writer, 2, WIRE.FIXED64);
  writeTime(writer, point.startTime);
  writeTag(writer, 3, WIRE.FIXED64);
  writeTime(writer, point.endTime);
  writeTag(writer, 4, WIRE.FIXED64);
  writeFixed64(writer, count);
  writeOptionalDouble(writer, 5, sum);
  writeTag(writer, 6, WIRE.LENGTH);
  writeVarint(writer, 8 * buckets.counts.length);
  for (const bucket of buckets.counts) writeFixed64(writer, bucket);
  writeTag(writer, 7, WIRE.LENGTH);
  writeVarint(writer, 8 * buckets.boundaries.length);
  for (const bound of buckets.boundaries) writeDouble(writer, bound);
  writeAttributes(writer, point.attributes, 9);
  writeOptionalDouble(writer, 11, min);
  writeOptionalDouble(writer, 12, max);
  endMessage(writer, message, 2);
}

function writeOptionalDouble(writer: ProtobufWriter, field: number, value: number | undefined): void {
  if (value === undefined) return;
  writeTag(writer, field, WIRE.FIXED64);
  writeDouble(writer, value);
}
