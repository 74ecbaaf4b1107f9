import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Batch, BatchForm } from './batch-queue.ts';
import { encodedSpan } from './encoded-span.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** What a span comes from: spans are grouped by the identity of both. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
}

export interface SpanOf<Origin extends SpanOrigin> extends ReadableSpan {
  readonly origin: Origin;
}

/** Spans as OTLP's bytes, one behind the other: fields `spans` of `ScopeSpans`. */
export interface SpanBatch<Origin extends SpanOrigin = SpanOrigin> extends Batch<Origin> {
  /** Origins. */
  readonly items: Origin[];
  /** Where each span ends. */
  readonly ends: number[];
  readonly writer: ProtobufWriter;
}

const FIRST_BYTES = 16 << 10;
/** Memory of batches that were sent, kept for the next ones: allocating it anew would be most of what is collected. */
const MAX_FREE_WRITERS = 4;
const MAX_FREE_BYTES = 1 << 20;

export function spanBatches<Origin extends SpanOrigin>(): BatchForm<SpanOf<Origin>, Origin, SpanBatch<Origin>> {
  const free: ProtobufWriter[] = [];
  return {
    itemOf: ({ origin }) => origin,
    open: () => ({ items: [], ends: [], writer: free.pop() ?? new ProtobufWriter(FIRST_BYTES) }),
    append({ items, ends, writer }, span) {
      const { memory, sizeBytes } = encodedSpan(span);
      writer.copy(memory, 0, sizeBytes);
      ends.push(writer.sizeBytes);
      items.push(span.origin);
    },
    halves(batch) {
      const middle = Math.ceil(batch.items.length / 2);
      return [part(batch, 0, middle), part(batch, middle, batch.items.length)];
    },
    free({ writer }) {
      if (free.length >= MAX_FREE_WRITERS || writer.capacityBytes > MAX_FREE_BYTES) return;
      writer.rewind(0);
      free.push(writer);
    },
  };
}

function part<Origin extends SpanOrigin>(batch: SpanBatch<Origin>, from: number, to: number): SpanBatch<Origin> {
  const start = batch.ends[from - 1] ?? 0;
  const end = batch.ends[to - 1] ?? 0;
  const writer = new ProtobufWriter(end - start);
  writer.copy(batch.writer.bytes, start, end);
  return {
    items: batch.items.slice(from, to),
    ends: batch.ends.slice(from, to).map((each) => each - start),
    writer,
  };
}
