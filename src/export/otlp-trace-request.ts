import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { writeAttributes, writeResource, writeSchemaUrl, writeScope, writeTime } from './otlp-common.ts';
import {
  beginMessage,
  createWriter,
  endMessage,
  type ProtobufWriter,
  WIRE,
  writeFixed32,
  writeHex,
  writeTag,
  writeText,
  writeVarint,
  writtenBytes,
} from './protobuf-writer.ts';

/**
 * ExportTraceServiceRequest (opentelemetry/proto/collector/trace/v1/trace_service.proto, trace/v1/trace.proto).
 * @param room bytes to leave free before the message, for a frame's header.
 * @param writer to use again; the result is a view of its bytes.
 */
export function encodeTraceRequest(
  spans: readonly ReadableSpan[],
  room = 0,
  writer: ProtobufWriter = createWriter(),
): Buffer {
  writer.at = room;
  for (const [resource, scopes] of byResourceAndScope(spans)) {
    writeTag(writer, 1, WIRE.LENGTH);
    const resourceSpans = beginMessage(writer, 3);
    writeTag(writer, 1, WIRE.LENGTH);
    writeResource(writer, resource);
    for (const [scope, ofScope] of scopes) {
      writeTag(writer, 2, WIRE.LENGTH);
      const scopeSpans = beginMessage(writer, 3);
      writeTag(writer, 1, WIRE.LENGTH);
      writeScope(writer, scope);
      for (const span of ofScope) {
        writeTag(writer, 2, WIRE.LENGTH);
        writeSpan(writer, span);
      }
      writeSchemaUrl(writer, scope.schemaUrl);
      endMessage(writer, scopeSpans, 3);
    }
    writeSchemaUrl(writer, resource.schemaUrl);
    endMessage(writer, resourceSpans, 3);
  }
  return writtenBytes(writer);
}

/** By identity: one object a process and a preset. */
function byResourceAndScope(spans: readonly ReadableSpan[]): Map<Resource, Map<InstrumentationScope, ReadableSpan[]>> {
  const resources = new Map<Resource, Map<InstrumentationScope, ReadableSpan[]>>();
  for (const span of spans) {
    let scopes = resources.get(span.resource);
    if (scopes === undefined) {
      scopes = new Map();
      resources.set(span.resource, scopes);
    }
    const ofScope = scopes.get(span.instrumentationScope);
    if (ofScope === undefined) scopes.set(span.instrumentationScope, [span]);
    else ofScope.push(span);
  }
  return resources;
}

/** Of Span. */
const FIELD = {
  TRACE_ID: 1,
  SPAN_ID: 2,
  TRACE_STATE: 3,
  PARENT_SPAN_ID: 4,
  NAME: 5,
  KIND: 6,
  START: 7,
  END: 8,
  ATTRIBUTES: 9,
  DROPPED_ATTRIBUTES: 10,
  EVENTS: 11,
  DROPPED_EVENTS: 12,
  DROPPED_LINKS: 14,
  STATUS: 15,
  FLAGS: 16,
} as const;

/** SpanFlags: bit 8 says that bit 9 is meant, bit 9 that the parent is in another process. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** Sidespan's spans have no links. */
function writeSpan(writer: ProtobufWriter, span: ReadableSpan): void {
  const message = beginMessage(writer, 2);
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  writeTag(writer, FIELD.TRACE_ID, WIRE.LENGTH);
  writeHex(writer, context.traceId);
  writeTag(writer, FIELD.SPAN_ID, WIRE.LENGTH);
  writeHex(writer, context.spanId);
  const traceState = context.traceState?.serialize();
  if (traceState) {
    writeTag(writer, FIELD.TRACE_STATE, WIRE.LENGTH);
    writeText(writer, traceState);
  }
  if (parent !== undefined) {
    writeTag(writer, FIELD.PARENT_SPAN_ID, WIRE.LENGTH);
    writeHex(writer, parent.spanId);
  }
  writeTag(writer, FIELD.NAME, WIRE.LENGTH);
  writeText(writer, span.name);
  writeTag(writer, FIELD.KIND, WIRE.VARINT);
  writeVarint(writer, span.kind + 1); // the API has no value for "unspecified"
  writeTag(writer, FIELD.START, WIRE.FIXED64);
  writeTime(writer, span.startTime);
  writeTag(writer, FIELD.END, WIRE.FIXED64);
  writeTime(writer, span.endTime);
  writeAttributes(writer, span.attributes, FIELD.ATTRIBUTES);
  writeTag(writer, FIELD.DROPPED_ATTRIBUTES, WIRE.VARINT);
  writeVarint(writer, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(writer, event);
  writeTag(writer, FIELD.DROPPED_EVENTS, WIRE.VARINT);
  writeVarint(writer, span.droppedEventsCount);
  writeTag(writer, FIELD.DROPPED_LINKS, WIRE.VARINT);
  writeVarint(writer, span.droppedLinksCount);
  writeStatus(writer, span.status);
  writeTag(writer, FIELD.FLAGS, WIRE.FIXED32);
  writeFixed32(writer, (context.traceFlags & 0xff) | HAS_IS_REMOTE | (parent?.isRemote ? IS_REMOTE : 0));
  endMessage(writer, message, 2);
}

function writeEvent(writer: ProtobufWriter, event: TimedEvent): void {
  writeTag(writer, FIELD.EVENTS, WIRE.LENGTH);
  const message = beginMessage(writer);
  writeTag(writer, 1, WIRE.FIXED64);
  writeTime(writer, event.time);
  writeTag(writer, 2, WIRE.LENGTH);
  writeText(writer, event.name);
  if (event.attributes) writeAttributes(writer, event.attributes, 3);
  writeTag(writer, 4, WIRE.VARINT);
  writeVarint(writer, event.droppedAttributesCount ?? 0);
  endMessage(writer, message);
}

function writeStatus(writer: ProtobufWriter, status: ReadableSpan['status']): void {
  writeTag(writer, FIELD.STATUS, WIRE.LENGTH);
  const message = beginMessage(writer);
  if (status.message) {
    writeTag(writer, 2, WIRE.LENGTH);
    writeText(writer, status.message);
  }
  writeTag(writer, 3, WIRE.VARINT);
  writeVarint(writer, status.code);
  endMessage(writer, message);
}
