import {
  type IExporterMetricsHelper,
  type IExportMetricsServiceResponse,
  type ISerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Exemplar, ExemplifiedPoint } from '../telemetry/histogram-metric.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

type MetricSerializer = ISerializer<ResourceMetrics, IExportMetricsServiceResponse>;

/**
 * OpenTelemetry's own serializer, which knows no exemplars: they are put into what it wrote, at the end of each histogram's
 * data points.
 */
export const exemplifiedMetrics: MetricSerializer = {
  serializeRequest(metrics) {
    const request = ProtobufMetricsSerializer.serializeRequest(metrics);
    const points = histogramPoints(metrics);
    if (request === undefined || !points.some(({ exemplars = [] }) => exemplars.length > 0)) return request;
    return withExemplars(request, points);
  },
  deserializeResponse: (response) => ProtobufMetricsSerializer.deserializeResponse(response),
};

export const countPoints: IExporterMetricsHelper<ResourceMetrics> = MetricsExporterMetricsHelper;

/** opentelemetry/proto/metrics/v1/metrics.proto, collector/metrics/v1/metrics_service.proto: numbers of fields. */
const toPoints = [
  1, // ExportMetricsServiceRequest.resource_metrics
  2, // ResourceMetrics.scope_metrics
  2, // ScopeMetrics.metrics
  9, // Metric.histogram
  1, // Histogram.data_points
];
const pointExemplars = 8; // HistogramDataPoint.exemplars
const exemplarField = { time: 2, double: 3, spanId: 4, traceId: 5 } as const;
const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const HISTOGRAM = 0;

/** In the order in which they are written. */
function histogramPoints({ scopeMetrics }: ResourceMetrics): readonly ExemplifiedPoint[] {
  const all: readonly MetricData[] = scopeMetrics.flatMap(({ metrics }) => metrics);
  return all.flatMap((metric) => (metric.dataPointType === HISTOGRAM ? metric.dataPoints : []));
}

function withExemplars(request: Uint8Array, points: readonly ExemplifiedPoint[]): Uint8Array {
  const from = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
  const to = new ProtobufWriter(2 * request.length);
  let point = 0;

  /** Copies a message, of whose fields the one with this number, and so on within it, leads to the points. */
  function copyMessage(start: number, end: number, depth: number): void {
    let at = start;
    while (at < end) {
      const field = fieldAt(from, at);
      if (field.number === toPoints[depth] && field.type === wireType.bytes) {
        to.tag(field.number, wireType.bytes);
        const opened = to.open(lengthBytes);
        if (depth + 1 < toPoints.length) copyMessage(field.start, field.end, depth + 1);
        else {
          to.copy(from, field.start, field.end);
          for (const exemplar of points[point++]?.exemplars ?? []) writeExemplar(to, exemplar);
        }
        to.close(opened, lengthBytes);
      } else {
        to.copy(from, at, field.end);
      }
      at = field.end;
    }
  }

  copyMessage(0, from.length, 0);
  return to.bytes;
}

/** Of most of these messages. */
const lengthBytes = 2;

function writeExemplar(to: ProtobufWriter, { time, value, traceId, spanId }: Exemplar): void {
  to.tag(pointExemplars, wireType.bytes);
  const opened = to.open();
  to.tag(exemplarField.time, wireType.fixed64);
  to.fixed64Time(time[0], time[1]);
  to.tag(exemplarField.double, wireType.fixed64);
  to.double(value);
  to.tag(exemplarField.spanId, wireType.bytes);
  to.hex(spanId);
  to.tag(exemplarField.traceId, wireType.bytes);
  to.hex(traceId);
  to.close(opened);
}

interface Field {
  readonly number: number;
  readonly type: number;
  /** Of its value; of bytes behind their length. */
  readonly start: number;
  readonly end: number;
}

/** @throws RangeError for what the serializer does not write */
function fieldAt(from: Buffer, at: number): Field {
  const [tag, start] = varintAt(from, at);
  const [number, type] = [tag >>> 3, tag & 7];
  switch (type) {
    case wireType.varint:
      return { number, type, start, end: varintAt(from, start)[1] };
    case wireType.fixed64:
      return { number, type, start, end: start + 8 };
    case wireType.fixed32:
      return { number, type, start, end: start + 4 };
    case wireType.bytes: {
      const [length, begin] = varintAt(from, start);
      return { number, type, start: begin, end: begin + length };
    }
    default:
      throw new RangeError(`wire type ${type} at byte ${at} of a metrics request`);
  }
}

const maxVarintBytes = 10;

/** The value, exact below 2^53, and where it ends. */
function varintAt(from: Buffer, at: number): [value: number, end: number] {
  let value = 0;
  for (let index = 0; index < maxVarintBytes; index++) {
    const byte = from.readUInt8(at + index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, at + index + 1];
  }
  throw new RangeError(`a varint of more than ${maxVarintBytes} bytes at byte ${at} of a metrics request`);
}
