import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type EncodedSpan, encodedSpan } from '../export/encoded-span.ts';
import type { HistogramList, ServiceSummary, StoreFigures, TraceDetail, TraceSummary } from './api.ts';
import { cutSpan, MAX_RECORD_BYTES } from './cut-span.ts';
import { histogramList } from './histogram-json.ts';
import { newLatencyTable } from './latency-table.ts';
import { newServiceTable } from './service-table.ts';
import { spanBody, spanHead, spanTexts } from './span-reader.ts';
import { recordLabel, type SpanHead } from './span-record.ts';
import { SEARCHED_ATTRIBUTES, type TraceFilter } from './trace-filter.ts';
import { traceDetail, traceSummary } from './trace-json.ts';
import { newTraceShelf, type ShelfLimits, type StoredTrace } from './trace-shelf.ts';

/**
 * The newest traces, in memory, for the viewer. Adding a span copies its OTLP bytes into a ring and counts it in a
 * histogram; everything else is worked out when somebody looks.
 */
export interface SpanStore {
  add(spans: readonly ReadableSpan[]): void;
  /** Newest first. `changedAfter` is a `revision` from before: only traces that spans were added to since. */
  traces(filter: TraceFilter, limit: number, changedAfter?: number): { traces: TraceSummary[]; more: number };
  trace(id: string): TraceDetail | undefined;
  histograms(): HistogramList;
  services(): readonly ServiceSummary[];
  figures(): StoreFigures;
  /** Grows with every `add`. */
  readonly revision: number;
}

export interface SpanStoreLimits {
  readonly recent: ShelfLimits;
  /** Traces with errors or unusual durations: a busy service would push them out within a second. */
  readonly notable: ShelfLimits;
  /** The rest of a trace's spans are counted, not kept. */
  readonly maxSpansPerTrace: number;
}

export const defaultLimits: SpanStoreLimits = {
  recent: { maxTraces: 3000, maxBytes: 6 << 20 },
  notable: { maxTraces: 1000, maxBytes: 3 << 19 },
  maxSpansPerTrace: 1000,
};

const STATUS_ERROR = 2;
const TRACE_ID_BYTES = 16;

export function createSpanStore(limits: SpanStoreLimits = defaultLimits): SpanStore {
  const recent = newTraceShelf(limits.recent);
  const notable = newTraceShelf(limits.notable);
  const services = newServiceTable();
  const latency = newLatencyTable();
  /** Times are kept from here: as numbers they are exact to the ns for 104 days. */
  let baseSeconds: number | undefined;
  let revision = 0;
  let tracesTotal = 0;
  let spansTotal = 0;

  function addOne(span: ReadableSpan): void {
    const encoded = encodedSpan(span);
    const { memory } = encoded;
    const traceIdAt = placeOfTraceId(encoded);
    const durationNs = span.duration[0] * 1e9 + span.duration[1];
    const isError = span.status.code === STATUS_ERROR;
    const { index, service } = services.originOf(span.resource, span.instrumentationScope);
    service.spans++;
    // Only an inlined call's span is of no length: how long the call takes is unknown.
    const isSlow = durationNs > 0 && latency.record(service.latencies, span.name, span.kind, durationNs, isError);
    const trace =
      recent.get(memory, traceIdAt) ?? notable.get(memory, traceIdAt) ?? recent.begin(memory, traceIdAt, ++tracesTotal);
    baseSeconds ??= span.startTime[0];
    const startNs = (span.startTime[0] - baseSeconds) * 1e9 + span.startTime[1];
    trace.startNs = Math.min(trace.startNs, startNs);
    trace.endNs = Math.max(trace.endNs, startNs + durationNs);
    trace.revision = revision;
    trace.summary = undefined;
    trace.spanCount++;
    if (isError) trace.errorCount++;
    if (trace.recordCount < limits.maxSpansPerTrace) append(trace, span, encoded, index);
    if (trace.isHere && trace.shelf === recent && (isError || (isSlow && isEntry(span)))) recent.moveTo(notable, trace);
  }

  function append(trace: StoredTrace, span: ReadableSpan, encoded: EncodedSpan, origin: number): void {
    const cut = encoded.sizeBytes > MAX_RECORD_BYTES;
    const { memory, sizeBytes } = cut ? encodedSpan(cutSpan(span)) : encoded;
    trace.shelf.append(trace, recordLabel(origin, cut), memory, sizeBytes);
  }

  const recordsOf = (trace: StoredTrace) => trace.shelf.records(trace);
  const originOf = (span: SpanHead) => services.origin(span.origin);

  function summaryOf(trace: StoredTrace): TraceSummary {
    if (trace.summary !== undefined) return trace.summary;
    const records = recordsOf(trace);
    const heads = records.map(spanHead);
    const facts = {
      id: trace.shelf.idOf(trace),
      order: trace.order,
      errorCount: trace.errorCount,
      durationNs: trace.endNs - trace.startNs,
      spanCount: trace.spanCount,
    };
    const bodyOf = (head: SpanHead) => spanBody(records[heads.indexOf(head)] as Buffer);
    trace.summary = traceSummary(facts, heads, originOf, bodyOf);
    return trace.summary;
  }

  /** The cheap questions first: most traces need not be read. */
  function matches(trace: StoredTrace, { errorsOnly, minDurationMs, service, name }: TraceFilter): boolean {
    if (errorsOnly === true && trace.errorCount === 0) return false;
    if (minDurationMs !== undefined && trace.endNs - trace.startNs < minDurationMs * 1e6) return false;
    if (service === undefined && name === undefined) return true;
    const records = recordsOf(trace);
    const heads = records.map(spanHead);
    if (service !== undefined && !heads.some((head) => originOf(head).service.name === service)) return false;
    if (name === undefined) return true;
    const part = name.toLowerCase();
    if (trace.shelf.idOf(trace).startsWith(part)) return true;
    const contains = (text: string) => text.toLowerCase().includes(part);
    if (heads.some((head) => contains(head.name))) return true;
    return records.some((record) => spanTexts(record, SEARCHED_ATTRIBUTES).some(contains));
  }

  return {
    add(spans) {
      revision++;
      spansTotal += spans.length;
      for (const span of spans) addOne(span);
    },
    traces(filter, limit, changedAfter = 0) {
      const found: StoredTrace[] = [];
      for (const shelf of [recent, notable]) {
        for (const trace of shelf.traces()) {
          if (trace.revision > changedAfter && matches(trace, filter)) found.push(trace);
        }
      }
      found.sort((a, b) => b.order - a.order);
      return { traces: found.slice(0, limit).map(summaryOf), more: Math.max(0, found.length - limit) };
    },
    trace(id) {
      const bytes = Buffer.from(id, 'hex');
      if (bytes.length !== TRACE_ID_BYTES) return undefined;
      const trace = recent.get(bytes, 0) ?? notable.get(bytes, 0);
      return trace && traceDetail(summaryOf(trace), recordsOf(trace).map(spanBody), originOf);
    },
    histograms: () => histogramList(services.services(), latency.spansWithoutEntry),
    services: () => Array.from(services.services(), ({ name, pids, spans }) => ({ name, pids: [...pids], spans })),
    figures: () => ({
      spansTotal,
      tracesTotal,
      tracesKept: recent.traceCount() + notable.traceCount(),
      bytesKept: recent.sizeBytes() + notable.sizeBytes(),
    }),
    get revision() {
      return revision;
    },
  };
}

/** It is the first field of the span: behind the span's number and length, and its own. */
function placeOfTraceId({ memory }: EncodedSpan): number {
  let lengthEnd = 1;
  while ((memory[lengthEnd] as number) >= 0x80) lengthEnd++;
  return lengthEnd + 3;
}

/** Begins its service's part of the trace: a root, or a request from another process. */
function isEntry(span: ReadableSpan): boolean {
  return span.parentSpanContext === undefined || span.parentSpanContext.isRemote === true;
}
