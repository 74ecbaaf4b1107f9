import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ProtobufWriter } from './protobuf-writer.ts';
import { writeSpanField } from './span-encoder.ts';

/** A span as field `spans` of OTLP's `ScopeSpans`, at the beginning of memory that the next span takes over. */
export interface EncodedSpan {
  readonly memory: Buffer;
  readonly sizeBytes: number;
}

const FIRST_BYTES = 8 << 10;
const MAX_KEPT_BYTES = 1 << 20;

let room = new ProtobufWriter(FIRST_BYTES);
let last: ReadableSpan | undefined;

/** Whoever wants the bytes of a span asks one after the other: it is encoded for the first of them. */
export function encodedSpan(span: ReadableSpan): EncodedSpan {
  if (span !== last) {
    last = undefined;
    if (room.capacityBytes > MAX_KEPT_BYTES) room = new ProtobufWriter(FIRST_BYTES);
    room.rewind(0);
    writeSpanField(room, span);
    last = span;
  }
  return room;
}
