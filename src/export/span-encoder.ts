import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import type { ProtobufWriter } from './protobuf-writer.ts';

// OTLP's messages for traces, byte for byte as the exporters' own serializer writes them. Theirs takes a whole batch of
// spans as objects: those wait for the batch, are copied and promoted by the garbage collector, and are walked twice to
// know the size first. Here each span is encoded when it comes and is garbage at once.
// https://github.com/open-telemetry/opentelemetry-proto/tree/v1.10.0/opentelemetry/proto

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Most spans have between 128 bytes and 16 kB. */
const SPAN_LENGTH_BYTES = 2;

/** enum SpanFlags: the flags of the trace, and whether the parent is another process's. */
const FLAG_REMOTE_IS_KNOWN = 0x100;
const FLAG_REMOTE = 0x200;

/** `Resource` */
export function writeResource(writer: ProtobufWriter, { attributes }: Resource): void {
  writeAttributes(writer, 1, attributes);
  writeCount(writer, 2, 0);
}

/** `InstrumentationScope` */
export function writeScope(writer: ProtobufWriter, { name, version }: InstrumentationScope): void {
  writeText(writer, 1, name);
  if (version) writeText(writer, 2, version);
}

/** A span whose attributes are those of an object that it shares with others, then its own. */
export interface SharingSpan extends ReadableSpan {
  /** Never changed. */
  readonly sharedAttributes?: Attributes;
  readonly ownAttributes?: Attributes;
}

/** Field `spans` of `ScopeSpans`, with its number and length. Links are not written: no span here has any. */
export function writeSpanField(writer: ProtobufWriter, span: SharingSpan): void {
  writer.tag(2, BYTES);
  const opened = writer.open(SPAN_LENGTH_BYTES);
  writeSpan(writer, span);
  writer.close(opened, SPAN_LENGTH_BYTES);
}

function writeSpan(writer: ProtobufWriter, span: SharingSpan): void {
  const { parentSpanContext: parent, startTime, endTime } = span;
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  writer.tag(1, BYTES);
  writer.hex(traceId);
  writer.tag(2, BYTES);
  writer.hex(spanId);
  const state = traceState?.serialize();
  if (state) writeText(writer, 3, state);
  if (parent !== undefined) {
    writer.tag(4, BYTES);
    writer.hex(parent.spanId);
  }
  writeText(writer, 5, span.name);
  // The API's kinds begin at 0, where the protocol has "unspecified".
  writeCount(writer, 6, span.kind + 1);
  writer.tag(7, FIXED64);
  writer.fixed64Time(startTime[0], startTime[1]);
  writer.tag(8, FIXED64);
  writer.fixed64Time(endTime[0], endTime[1]);
  const { sharedAttributes, ownAttributes } = span;
  if (sharedAttributes === undefined || ownAttributes === undefined) writeAttributes(writer, 9, span.attributes);
  else {
    writeShared(writer, 9, sharedAttributes);
    writeAttributes(writer, 9, ownAttributes);
  }
  writeCount(writer, 10, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(writer, event);
  writeCount(writer, 12, span.droppedEventsCount);
  writeCount(writer, 14, span.droppedLinksCount);
  writer.tag(15, BYTES);
  const status = writer.open();
  if (span.status.message) writeText(writer, 2, span.status.message);
  writeCount(writer, 3, span.status.code);
  writer.close(status);
  // Field 16: its number needs a second byte.
  writer.small((16 << 3) | FIXED32);
  const remote = parent?.isRemote === true ? FLAG_REMOTE : 0;
  writer.fixed32((traceFlags & 0xff) | FLAG_REMOTE_IS_KNOWN | remote);
}

function writeEvent(writer: ProtobufWriter, event: TimedEvent): void {
  writer.tag(11, BYTES);
  const opened = writer.open();
  writer.tag(1, FIXED64);
  writer.fixed64Time(event.time[0], event.time[1]);
  writeText(writer, 2, event.name);
  if (event.attributes) writeAttributes(writer, 3, event.attributes);
  writeCount(writer, 4, event.droppedAttributesCount ?? 0);
  writer.close(opened);
}

export function writeText(writer: ProtobufWriter, field: number, text: string): void {
  writer.tag(field, BYTES);
  writer.text(text);
}

function writeCount(writer: ProtobufWriter, field: number, count: number): void {
  writer.tag(field, VARINT);
  writer.small(count);
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const key in attributes) {
    writer.tag(field, BYTES);
    writeKeyValue(writer, key, attributes[key]);
  }
}

/** By the object that spans share. */
const sharedBytes = new WeakMap<Attributes, Uint8Array>();

function writeShared(writer: ProtobufWriter, field: number, attributes: Attributes): void {
  const known = sharedBytes.get(attributes);
  if (known !== undefined) return writer.append(known);
  const start = writer.sizeBytes;
  writeAttributes(writer, field, attributes);
  sharedBytes.set(attributes, Uint8Array.from(writer.bytes.subarray(start)));
}

/** An attribute as it came last. */
interface LastAttribute {
  value: unknown;
  /** Once the value has come twice in a row: of one that always changes, keeping them would cost more than it saves. */
  bytes: Uint8Array | undefined;
}

/** By key. Most attributes of a span are those of the span before: copying is a fraction of encoding. */
const lastAttributes = new Map<string, LastAttribute>();
const MAX_LAST_ATTRIBUTES = 512;
const MAX_LAST_BYTES = 256;

/** `KeyValue`, with its length. */
function writeKeyValue(writer: ProtobufWriter, key: string, value: unknown): void {
  const last = lastAttributes.get(key);
  // A list's content may change behind its identity.
  const isSame = last !== undefined && last.value === value && typeof value !== 'object';
  if (isSame && last.bytes !== undefined) {
    writer.append(last.bytes);
    return;
  }
  const start = writer.sizeBytes;
  const opened = writer.open();
  writeText(writer, 1, key);
  writer.tag(2, BYTES);
  writeValue(writer, value);
  writer.close(opened);
  if (last === undefined) {
    if (lastAttributes.size < MAX_LAST_ATTRIBUTES) lastAttributes.set(key, { value, bytes: undefined });
  } else if (isSame) {
    if (writer.sizeBytes - start <= MAX_LAST_BYTES) last.bytes = Uint8Array.from(writer.bytes.subarray(start));
  } else {
    last.value = typeof value === 'string' && value.length > MAX_LAST_BYTES ? undefined : value;
    last.bytes = undefined;
  }
}

/** `AnyValue`; empty where there is no value. */
function writeValue(writer: ProtobufWriter, value: unknown): void {
  const opened = writer.open();
  if (typeof value === 'string') {
    writeText(writer, 1, value);
  } else if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
      writer.tag(3, VARINT);
      writer.integer(value);
    } else {
      writer.tag(4, FIXED64);
      writer.double(value);
    }
  } else if (typeof value === 'boolean') {
    writeCount(writer, 2, value ? 1 : 0);
  } else if (Array.isArray(value)) {
    writer.tag(5, BYTES);
    const items = writer.open();
    for (const item of value) {
      writer.tag(1, BYTES);
      writeValue(writer, item);
    }
    writer.close(items);
  }
  writer.close(opened);
}
