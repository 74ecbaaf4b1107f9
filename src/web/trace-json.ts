import type { SpanDetail, SpanEvent, TraceDetail, TraceSummary } from './api.ts';
import { callValues, isCallAttribute } from './call-attributes.ts';
import type { Origin } from './service-table.ts';
import type { SpanBody, SpanHead } from './span-record.ts';

/** What the store holds of a trace: at least one span. */
export interface TraceFacts {
  readonly id: string;
  readonly order: number;
  readonly errorCount: number;
  readonly durationNs: number;
  readonly spanCount: number;
}

type OriginOf = (span: SpanHead) => Origin;

const KIND_NAMES = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const OUTCOME_ATTRIBUTES = ['http.response.status_code', 'rpc.response.status_code', 'rpc.status_code'];

export function spanKindName(kind: number): SpanDetail['kind'] {
  return KIND_NAMES[kind] ?? 'internal';
}

/** @param bodyOf reads all of one of the heads. */
export function traceSummary(
  facts: TraceFacts,
  heads: readonly SpanHead[],
  originOf: OriginOf,
  bodyOf: (head: SpanHead) => SpanBody,
): TraceSummary {
  const root = rootOf(heads);
  const start = earliest(heads);
  const services = new Set([originOf(root), ...heads.map(originOf)].map(({ service }) => service.name));
  return {
    id: facts.id,
    order: facts.order,
    startUnixMs: start.startSeconds * 1e3 + start.startNs / 1e6,
    durationNs: facts.durationNs,
    name: root.name,
    service: originOf(root).service.name,
    services: [...services],
    spanCount: facts.spanCount,
    errorCount: facts.errorCount,
    outcome: outcomeOf(bodyOf(root)),
    rootMissing: root.parentId !== undefined && !root.parentIsRemote,
  };
}

export function traceDetail(summary: TraceSummary, bodies: readonly SpanBody[], originOf: OriginOf): TraceDetail {
  const start = earliest(bodies);
  const ids = new Set(bodies.map(({ id }) => id));
  const spans = bodies.map((body) => spanDetail(body, start, ids, originOf(body)));
  // A child may begin in the same nanosecond as its parent: the longer one first.
  spans.sort((a, b) => a.startOffsetNs - b.startOffsetNs || b.durationNs - a.durationNs);
  return { summary, spans, spansNotKept: summary.spanCount - spans.length };
}

function spanDetail(span: SpanBody, traceStart: SpanHead, ids: ReadonlySet<string>, origin: Origin): SpanDetail {
  const { parentId } = span;
  const isHere = parentId === undefined || ids.has(parentId);
  const offsetNs = (seconds: number, ns: number) => nsBetween(traceStart.startSeconds, traceStart.startNs, seconds, ns);
  return {
    id: span.id,
    parentId,
    parentMissing: isHere ? undefined : span.parentIsRemote ? 'remote' : 'not here',
    name: span.name,
    kind: spanKindName(span.kind),
    service: origin.service.name,
    pid: origin.pid,
    scope: origin.scope,
    startOffsetNs: offsetNs(span.startSeconds, span.startNs),
    durationNs: span.durationNs,
    error: span.error,
    statusMessage: span.statusMessage,
    arguments: callValues(span.attributes, 'argument'),
    results: callValues(span.attributes, 'result'),
    attributes: span.attributes.filter(([key]) => !isCallAttribute(key)),
    events: span.events.map(
      ({ name, seconds, ns, attributes }): SpanEvent => ({ name, offsetNs: offsetNs(seconds, ns), attributes }),
    ),
    attributesCut: span.cut,
  };
}

/** The first span whose parent is not here; in a (broken) circle of parents, the first of all. */
function rootOf(spans: readonly SpanHead[]): SpanHead {
  const ids = new Set(spans.map(({ id }) => id));
  const heads = spans.filter(({ parentId }) => parentId === undefined || !ids.has(parentId));
  return earliest(heads.length > 0 ? heads : spans);
}

function earliest(spans: readonly SpanHead[]): SpanHead {
  const [first, ...rest] = spans;
  if (first === undefined) throw new RangeError('a trace without spans');
  return rest.reduce((early, span) => (startsBefore(span, early) ? span : early), first);
}

function startsBefore(a: SpanHead, b: SpanHead): boolean {
  return nsBetween(b.startSeconds, b.startNs, a.startSeconds, a.startNs) < 0;
}

/** Exact up to 104 days between the two. */
function nsBetween(fromSeconds: number, fromNs: number, toSeconds: number, toNs: number): number {
  return (toSeconds - fromSeconds) * 1e9 + (toNs - fromNs);
}

function outcomeOf({ attributes }: SpanBody): string | undefined {
  const found = OUTCOME_ATTRIBUTES.map((key) => attributes.find(([each]) => each === key)?.[1]);
  const outcome = found.find((value) => typeof value === 'number' || typeof value === 'string');
  return outcome === undefined ? undefined : String(outcome);
}
