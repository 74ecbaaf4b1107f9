import {
  type IExporterMetricsHelper,
  type IExportTraceServiceResponse,
  type ISerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import type { SpanBatch } from './span-batches.ts';
import { spanRequest } from './span-request.ts';

type SpanSerializer = ISerializer<SpanBatch, IExportTraceServiceResponse>;

/** For OpenTelemetry's exporters, in place of their own serializer: the spans were encoded when they came. */
export const encodedSpans: SpanSerializer = {
  serializeRequest: (batch) => spanRequest(batch),
  deserializeResponse: (response) => ProtobufTraceSerializer.deserializeResponse(response),
};

export const countSpans: IExporterMetricsHelper<SpanBatch> = {
  name: 'span',
  countItems: ({ items }) => items.length,
};
