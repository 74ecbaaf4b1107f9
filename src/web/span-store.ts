import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { HistogramList, ServiceSummary, StoreFigures, TraceDetail, TraceSummary } from './api.ts';
import { histogramList } from './histogram-json.ts';
import { newLatencyTable } from './latency-table.ts';
import { matches, searchTextOf, type TraceFilter } from './trace-filter.ts';
import { traceDetail, traceSummary } from './trace-json.ts';

/**
 * The newest traces, in memory, for the viewer. Adding a span keeps a reference and counts it in a histogram;
 * everything else is worked out when somebody looks.
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
  readonly maxTraces: number;
  /** Of all spans, as estimated by `estimatedSizeBytes`. */
  readonly maxBytes: number;
  /** The rest of a trace's spans are counted, not kept. */
  readonly maxSpansPerTrace: number;
}

/** 2,000 traces are more than anyone scrolls through, and less than a second of a busy service: hence `notable`. */
export const defaultLimits: SpanStoreLimits = { maxTraces: 2000, maxBytes: 8 << 20, maxSpansPerTrace: 1000 };

/** Share of the limits up to which traces with errors or unusual durations outlive ordinary ones. */
const NOTABLE_SHARE = 0.25;

const STATUS_ERROR = 2;

interface StoredTrace {
  readonly id: string;
  readonly order: number;
  readonly spans: ReadableSpan[];
  spansNotKept: number;
  sizeBytes: number;
  notable: boolean;
  revision: number;
  /** Made when asked for; dropped when a span is added. */
  summary: TraceSummary | undefined;
  searchText: string | undefined;
}

export function createSpanStore(limits: SpanStoreLimits = defaultLimits): SpanStore {
  const ordinary = new Map<string, StoredTrace>();
  const notable = new Map<string, StoredTrace>();
  const latency = newLatencyTable();
  let ordinaryBytes = 0;
  let notableBytes = 0;
  let revision = 0;
  let tracesTotal = 0;
  let spansTotal = 0;

  function addOne(span: ReadableSpan): void {
    const { traceId } = span.spanContext();
    const durationNs = span.duration[0] * 1e9 + span.duration[1];
    const isError = span.status.code === STATUS_ERROR;
    const isSlow = latency.record(span, durationNs, isError);
    const trace = ordinary.get(traceId) ?? notable.get(traceId) ?? begin(traceId);
    trace.revision = revision;
    trace.summary = undefined;
    trace.searchText = undefined;
    if (trace.spans.length < limits.maxSpansPerTrace) {
      trace.spans.push(span);
      grow(trace, estimatedSizeBytes(span));
    } else {
      trace.spansNotKept++;
    }
    if (!trace.notable && (isError || (isSlow && isEntry(span)))) promote(trace);
  }

  function begin(id: string): StoredTrace {
    const trace: StoredTrace = {
      id,
      order: ++tracesTotal,
      spans: [],
      spansNotKept: 0,
      sizeBytes: 0,
      notable: false,
      revision,
      summary: undefined,
      searchText: undefined,
    };
    ordinary.set(id, trace);
    return trace;
  }

  function grow(trace: StoredTrace, bytes: number): void {
    trace.sizeBytes += bytes;
    if (trace.notable) notableBytes += bytes;
    else ordinaryBytes += bytes;
  }

  function promote(trace: StoredTrace): void {
    ordinary.delete(trace.id);
    ordinaryBytes -= trace.sizeBytes;
    trace.notable = true;
    notable.set(trace.id, trace);
    notableBytes += trace.sizeBytes;
  }

  function evict(): void {
    while (
      ordinary.size + notable.size > limits.maxTraces ||
      (ordinaryBytes + notableBytes > limits.maxBytes && ordinary.size + notable.size > 0)
    ) {
      const notableIsFull =
        notable.size > limits.maxTraces * NOTABLE_SHARE || notableBytes > limits.maxBytes * NOTABLE_SHARE;
      const fromNotable = notableIsFull || ordinary.size === 0;
      const [oldest] = (fromNotable ? notable : ordinary).values();
      if (oldest === undefined) return;
      if (fromNotable) {
        notable.delete(oldest.id);
        notableBytes -= oldest.sizeBytes;
      } else {
        ordinary.delete(oldest.id);
        ordinaryBytes -= oldest.sizeBytes;
      }
    }
  }

  function summaryOf(trace: StoredTrace): TraceSummary {
    trace.summary ??= traceSummary(trace, latency.serviceOf);
    return trace.summary;
  }

  return {
    add(spans) {
      revision++;
      spansTotal += spans.length;
      for (const span of spans) {
        addOne(span);
        evict();
      }
    },
    traces(filter, limit, changedAfter = 0) {
      const found: TraceSummary[] = [];
      for (const queue of [ordinary, notable]) {
        for (const trace of queue.values()) {
          if (trace.revision <= changedAfter) continue;
          const summary = summaryOf(trace);
          const text = () => (trace.searchText ??= searchTextOf(trace.spans));
          if (matches(filter, summary, text)) found.push(summary);
        }
      }
      found.sort((a, b) => b.order - a.order);
      return { traces: found.slice(0, limit), more: Math.max(0, found.length - limit) };
    },
    trace(id) {
      const trace = ordinary.get(id) ?? notable.get(id);
      return trace && traceDetail(trace, summaryOf(trace), latency.serviceOf);
    },
    histograms: () => histogramList(latency),
    services: () => latency.services(),
    figures: () => ({
      spansTotal,
      tracesTotal,
      tracesKept: ordinary.size + notable.size,
      bytesKept: ordinaryBytes + notableBytes,
    }),
    get revision() {
      return revision;
    },
  };
}

/** Begins its service's part of the trace: a root, or a request from another process. */
function isEntry(span: ReadableSpan): boolean {
  return span.parentSpanContext === undefined || span.parentSpanContext.isRemote === true;
}

/** Objects of a span without attributes: the span, its contexts, times, status, lists. */
const SPAN_BYTES = 600;
const ATTRIBUTE_BYTES = 40;

/** Bytes of heap that the span holds alone, from above: strings shared with other spans are counted too. */
export function estimatedSizeBytes(span: ReadableSpan): number {
  let bytes = SPAN_BYTES + span.name.length + span.events.length * SPAN_BYTES;
  const { attributes } = span;
  for (const key in attributes) {
    const value = attributes[key];
    bytes += ATTRIBUTE_BYTES;
    if (typeof value === 'string') bytes += value.length;
    else if (Array.isArray(value)) bytes += arrayBytes(value);
  }
  return bytes;
}

function arrayBytes(values: readonly unknown[]): number {
  let bytes = 16;
  for (const value of values) bytes += typeof value === 'string' ? 24 + value.length : 8;
  return bytes;
}
