import {
  type IExporterMetricsHelper,
  type IExportMetricsServiceResponse,
  type ISerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Exemplar } from '../telemetry/histogram-metric.ts';
import { DATA_POINT } from '../telemetry/metric-data.ts';
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
const toMetrics = [
  1, // ExportMetricsServiceRequest.resource_metrics
  2, // ResourceMetrics.scope_metrics
  2, // ScopeMetrics.metrics
];
/** Fields of Metric with data points as their first field, and the exemplars of such a point. */
const histograms: Readonly<Record<number, number>> = {
  9: 8, // histogram, HistogramDataPoint.exemplars
  10: 11, // exponential_histogram, ExponentialHistogramDataPoint.exemplars
};
const dataPoints = 1; // Histogram.data_points, ExponentialHistogram.data_points
const exemplarField = { time: 2, double: 3, spanId: 4, traceId: 5 } as const;
const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Of a histogram of either form. */
interface Point {
  readonly exemplars?: readonly Exemplar[] | undefined;
}

/** In the order in which they are written. */
function histogramPoints({ scopeMetrics }: ResourceMetrics): readonly Point[] {
  const all: readonly MetricData[] = scopeMetrics.flatMap(({ metrics }) => metrics);
  return all.flatMap(({ dataPointType, dataPoints }) =>
    dataPointType === DATA_POINT.HISTOGRAM || dataPointType === DATA_POINT.EXPONENTIAL_HISTOGRAM
      ? (dataPoints as readonly Point[])
      : [],
  );
}

function withExemplars(request: Uint8Array, points: readonly Point[]): Uint8Array {
  const from = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
  const to = new ProtobufWriter(2 * request.length);
  let point = 0;

  /**
   * Copies a message, and does something else with the contents of some of its fields.
   * @param contents of a field with this number; undefined: copy it
   */
  function copyMessage(start: number, end: number, contents: (number: number) => Copy | undefined): void {
    let at = start;
    while (at < end) {
      const field = fieldAt(from, at);
      const copy = field.type === wireType.bytes ? contents(field.number) : undefined;
      if (copy === undefined) {
        to.copy(from, at, field.end);
      } else {
        to.tag(field.number, wireType.bytes);
        const opened = to.open(lengthBytes);
        copy(field.start, field.end);
        to.close(opened, lengthBytes);
      }
      at = field.end;
    }
  }

  function copyMetrics(start: number, end: number, depth: number): void {
    copyMessage(start, end, (number) =>
      number === toMetrics[depth]
        ? (from, to) => (depth + 1 < toMetrics.length ? copyMetrics(from, to, depth + 1) : copyMetric(from, to))
        : undefined,
    );
  }

  function copyMetric(start: number, end: number): void {
    copyMessage(start, end, (number) => {
      const exemplars = histograms[number];
      return exemplars === undefined ? undefined : (from, to) => copyPoints(from, to, exemplars);
    });
  }

  function copyPoints(start: number, end: number, exemplarsField: number): void {
    copyMessage(start, end, (number) =>
      number === dataPoints
        ? (first, last) => {
            to.copy(from, first, last);
            for (const exemplar of points[point++]?.exemplars ?? []) writeExemplar(to, exemplarsField, exemplar);
          }
        : undefined,
    );
  }

  copyMetrics(0, from.length, 0);
  return to.bytes;
}

type Copy = (start: number, end: number) => void;

/** Of most of these messages. */
const lengthBytes = 2;

function writeExemplar(to: ProtobufWriter, field: number, { time, value, traceId, spanId }: Exemplar): void {
  to.tag(field, wireType.bytes);
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
