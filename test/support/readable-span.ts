import {
  type Attributes,
  type HrTime,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** A finished span, in few words. */
export interface SpanPlan {
  readonly name: string;
  readonly resource: Resource;
  readonly kind?: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly remoteParent?: boolean;
  readonly startUnixNs: bigint;
  readonly durationNs: number;
  readonly attributes?: Attributes;
  readonly status?: SpanStatus;
  readonly scope?: string;
}

export function readableSpan(plan: SpanPlan): ReadableSpan {
  const { traceId, spanId, parentSpanId, startUnixNs, durationNs } = plan;
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  const isRemote = plan.remoteParent ?? false;
  const parent =
    parentSpanId === undefined ? {} : { parentSpanContext: { ...context, spanId: parentSpanId, isRemote } };
  return {
    name: plan.name,
    kind: plan.kind ?? SpanKind.INTERNAL,
    spanContext: () => context,
    ...parent,
    startTime: hrTime(startUnixNs),
    endTime: hrTime(startUnixNs + BigInt(Math.round(durationNs))),
    duration: hrTime(BigInt(Math.round(durationNs))),
    status: plan.status ?? { code: SpanStatusCode.UNSET },
    attributes: plan.attributes ?? {},
    links: [],
    events: [],
    ended: true,
    resource: plan.resource,
    instrumentationScope: { name: plan.scope ?? 'sidespan/function' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ns: bigint): HrTime {
  return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
}
