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

/** Requests that are on their way, by their batch. */
const shared = new WeakMap<object, ArrayBuffer>();

/**
 * The same for OpenTelemetry's transport for gRPC, which sends `Buffer.from` of what it gets. Of an array that is a copy: it
 * stays in memory until V8 looks through the old generation, because Node's objects for writes lead to it, and three
 * quarters of what makes V8 do so would be such copies. Of an ArrayBuffer it is the same memory, which `releaseRequest`
 * gives back.
 */
export const sharedEncodedSpans: SpanSerializer = {
  ...encodedSpans,
  serializeRequest(batch) {
    const request = wholeMemory(spanRequest(batch));
    shared.set(batch, request);
    return request as unknown as Uint8Array;
  },
};

/** What was sent has been accepted: nobody reads its request any more. */
export function releaseRequest(content: object): void {
  shared.get(content)?.transfer(0);
  shared.delete(content);
}

function wholeMemory({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  const memory = buffer as ArrayBuffer;
  return byteLength === memory.byteLength ? memory : memory.slice(byteOffset, byteOffset + byteLength);
}

export const countSpans: IExporterMetricsHelper<SpanBatch> = {
  name: 'span',
  countItems: ({ items }) => items.length,
};
