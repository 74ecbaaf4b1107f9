import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { SIDESPAN } from '../telemetry/semconv.ts';
import type { Batch, BatchForm, BatchSink } from './batch-queue.ts';
import type { SpanOf, SpanOrigin } from './span-batches.ts';

/** Where lines go: process.stdout has this shape. */
export interface LineOutput {
  write(text: string, done: (error?: Error | null) => void): boolean;
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'];
const STATUS_ERROR = 2;

/** Lines, and the origins of their spans. */
interface LineBatch<Origin> extends Batch<Origin> {
  readonly items: Origin[];
  readonly lines: string[];
}

/** OTEL_TRACES_EXPORTER=console: a line a span. */
export function lineBatches<Origin extends SpanOrigin>(): BatchForm<SpanOf<Origin>, Origin, LineBatch<Origin>> {
  return {
    itemOf: ({ origin }) => origin,
    open: () => ({ items: [], lines: [] }),
    append({ items, lines }, span) {
      items.push(span.origin);
      lines.push(spanLine(span));
    },
    // The console takes any size.
    halves: (batch) => [batch],
    free() {},
  };
}

export function consoleSpans<Origin>(output: LineOutput): BatchSink<LineBatch<Origin>> {
  return {
    send: ({ lines }) =>
      new Promise((resolve) => {
        output.write(`${lines.join('\n')}\n`, (error) => {
          if (error) resolve({ outcome: 'refused', reason: `can't write to the console: ${error.message}` });
          else resolve({ outcome: 'accepted', rejected: 0, message: '' });
        });
      }),
    close() {},
  };
}

/** Start, service, name, duration, outcome, ids, then the attributes. */
export function spanLine(span: ReadableSpan): string {
  const { traceId, spanId } = span.spanContext();
  const parts = [
    isoTime(span.startTime),
    String(span.resource.attributes['service.name'] ?? '-'),
    quoted(span.name),
    span.attributes[SIDESPAN.ENDED] === 'inlined' ? 'inlined' : durationText(span.duration[0] * 1e9 + span.duration[1]),
    ...(span.status.code === STATUS_ERROR
      ? [`ERROR${span.status.message ? ` ${quoted(span.status.message)}` : ''}`]
      : []),
    `kind=${KINDS[span.kind]}`,
    `trace=${traceId}`,
    `span=${spanId}`,
    ...(span.parentSpanContext ? [`parent=${span.parentSpanContext.spanId}`] : []),
    ...Object.entries(span.attributes).map(([key, value]) => `${key}=${quoted(value)}`),
  ];
  return parts.join(' ');
}

/** UTC, to the microsecond. */
export function isoTime([seconds, ns]: readonly [number, number]): string {
  const fraction = String(Math.floor(ns / 1000)).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

export function durationText(ns: number): string {
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)}us`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(2)}ms`;
  return `${(ns / 1e9).toFixed(3)}s`;
}

/** Captured text may hold anything: line breaks and escape sequences must not reach a terminal. */
export function quoted(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'undefined';
  return /^[!#-<>-~]+$/.test(value) ? value : JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
