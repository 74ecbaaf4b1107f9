import type { Attributes, HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { AttributeValue, SpanDetail, SpanEvent, TraceDetail, TraceSummary } from './api.ts';
import { callValues, isCallAttribute } from './call-attributes.ts';
import { processId } from './latency-table.ts';

/** What the store holds of a trace; at least one span. */
export interface TraceSpans {
  readonly id: string;
  readonly order: number;
  readonly spans: readonly ReadableSpan[];
  readonly spansNotKept: number;
}

type ServiceOf = (span: ReadableSpan) => string;

const STATUS_ERROR = 2;
const KIND_NAMES = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const OUTCOME_ATTRIBUTES = ['http.response.status_code', 'rpc.response.status_code', 'rpc.status_code'];

export function spanKindName(kind: number): SpanDetail['kind'] {
  return KIND_NAMES[kind] ?? 'internal';
}

export function traceSummary(trace: TraceSpans, serviceOf: ServiceOf): TraceSummary {
  const { spans } = trace;
  const root = rootOf(spans);
  const start = earliestStart(spans);
  let durationNs = 0;
  let errorCount = 0;
  const services = new Set([serviceOf(root)]);
  for (const span of spans) {
    durationNs = Math.max(durationNs, nsBetween(start, span.endTime));
    if (span.status.code === STATUS_ERROR) errorCount++;
    services.add(serviceOf(span));
  }
  return {
    id: trace.id,
    order: trace.order,
    startUnixMs: start[0] * 1e3 + start[1] / 1e6,
    durationNs,
    name: root.name,
    service: serviceOf(root),
    services: [...services],
    spanCount: spans.length + trace.spansNotKept,
    errorCount,
    outcome: outcomeOf(root),
    rootMissing: root.parentSpanContext !== undefined && root.parentSpanContext.isRemote !== true,
  };
}

export function traceDetail(trace: TraceSpans, summary: TraceSummary, serviceOf: ServiceOf): TraceDetail {
  const start = earliestStart(trace.spans);
  const ids = spanIds(trace.spans);
  const spans = trace.spans.map((span) => spanDetail(span, start, ids, serviceOf(span)));
  // A child may begin in the same nanosecond as its parent: the longer one first.
  spans.sort((a, b) => a.startOffsetNs - b.startOffsetNs || b.durationNs - a.durationNs);
  return { summary, spans, spansNotKept: trace.spansNotKept };
}

function spanDetail(span: ReadableSpan, traceStart: HrTime, ids: Set<string>, service: string): SpanDetail {
  const { attributes, parentSpanContext: parent } = span;
  const isHere = parent === undefined || ids.has(parent.spanId);
  const missing = parent?.isRemote === true ? 'remote' : 'not here';
  return {
    id: span.spanContext().spanId,
    parentId: parent?.spanId,
    parentMissing: isHere ? undefined : missing,
    name: span.name,
    kind: spanKindName(span.kind),
    service,
    pid: processId(span.resource),
    scope: span.instrumentationScope.name,
    startOffsetNs: nsBetween(traceStart, span.startTime),
    durationNs: span.duration[0] * 1e9 + span.duration[1],
    error: span.status.code === STATUS_ERROR,
    statusMessage: span.status.message,
    arguments: callValues(attributes, 'argument'),
    results: callValues(attributes, 'result'),
    attributes: attributeList(attributes).filter(([key]) => !isCallAttribute(key)),
    events: span.events.map((event): SpanEvent => {
      const offsetNs = nsBetween(traceStart, event.time);
      return { name: event.name, offsetNs, attributes: attributeList(event.attributes ?? {}) };
    }),
  };
}

function attributeList(attributes: Attributes): [key: string, value: AttributeValue][] {
  const list: [string, AttributeValue][] = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    list.push([key, Array.isArray(value) ? value.map((item) => item ?? null) : (value as AttributeValue)]);
  }
  return list;
}

/** The first span whose parent is not here; in a (broken) circle of parents, the first of all. */
function rootOf(spans: readonly ReadableSpan[]): ReadableSpan {
  const ids = spanIds(spans);
  const heads = spans.filter(({ parentSpanContext: parent }) => parent === undefined || !ids.has(parent.spanId));
  const [first, ...rest] = heads.length > 0 ? heads : spans;
  if (first === undefined) throw new RangeError('a trace without spans');
  return rest.reduce((root, span) => (nsBetween(root.startTime, span.startTime) < 0 ? span : root), first);
}

function spanIds(spans: readonly ReadableSpan[]): Set<string> {
  return new Set(spans.map((span) => span.spanContext().spanId));
}

function earliestStart(spans: readonly ReadableSpan[]): HrTime {
  return spans.map((span) => span.startTime).reduce((first, time) => (nsBetween(first, time) < 0 ? time : first));
}

/** Exact up to 104 days between the two. */
function nsBetween(from: HrTime, to: HrTime): number {
  return (to[0] - from[0]) * 1e9 + (to[1] - from[1]);
}

function outcomeOf(span: ReadableSpan): string | undefined {
  for (const key of OUTCOME_ATTRIBUTES) {
    const value = span.attributes[key];
    if (typeof value === 'number' || typeof value === 'string') return String(value);
  }
  return undefined;
}
