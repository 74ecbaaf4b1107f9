import {
  type IExporterMetricsHelper,
  type IExportTraceServiceResponse,
  type ISerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { ProtobufWriter } from './protobuf-writer.ts';
import type { SpanBatch } from './span-batches.ts';
import { spanRequest } from './span-request.ts';

type SpanSerializer = ISerializer<SpanBatch, IExportTraceServiceResponse>;

/** For OpenTelemetry's exporters, in place of their own serializer: the spans were encoded when they came. */
export const encodedSpans: SpanSerializer = {
  serializeRequest: (batch) => spanRequest(batch),
  deserializeResponse: (response) => ProtobufTraceSerializer.deserializeResponse(response),
};

const FIRST_BYTES = 256 << 10;
const MAX_KEPT_BYTES = 1 << 20;

/**
 * The same for a transport that has copied the request when it returns, as OpenTelemetry's for gRPC has: all requests are
 * made in one place. V8 looks for garbage by the bytes of buffers too, and made anew these would be a third of them.
 */
export function encodedSpansInPlace(): SpanSerializer {
  let room = new ProtobufWriter(FIRST_BYTES);
  return {
    ...encodedSpans,
    serializeRequest(batch) {
      if (room.capacityBytes > MAX_KEPT_BYTES) room = new ProtobufWriter(FIRST_BYTES);
      return spanRequest(batch, room);
    },
  };
}

export const countSpans: IExporterMetricsHelper<SpanBatch> = {
  name: 'span',
  countItems: ({ items }) => items.length,
};
