import type { Attributes, HrTime, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import type { Call } from '../event/call.ts';
import type { BootClock } from './boot-clock.ts';
import type { ProbeAccount } from './ledger-account.ts';
import { ATTR, SCHEMA_URL } from './semconv.ts';
import { parsedTraceState } from './trace-state.ts';

/** The span of a call, as OpenTelemetry describes it. */
export interface CallSpan extends ReadableSpan {
  readonly origin: SpanOrigin;
}

/** The enumerations of @opentelemetry/api, which is needed here for nothing else. */
export const SPAN_KIND = { INTERNAL: 0 as SpanKind.INTERNAL, SERVER: 1 as SpanKind.SERVER };
export const STATUS_UNSET: SpanStatus = { code: 0 };
export const STATUS_ERROR_CODE = 2 as SpanStatus['code'];
export const STATUS_ERROR: SpanStatus = { code: STATUS_ERROR_CODE };
/** Of a panic's exception event: what was panicked with is not captured. */
export const PANIC_EXCEPTION: Attributes = { [ATTR.EXCEPTION_TYPE]: 'panic' };
const FLAG_SAMPLED = 1;

/** Shared by all spans: exporters only read them. */
const NO_EVENTS: TimedEvent[] = [];
const NO_LINKS: ReadableSpan['links'] = [];

/** What all spans of a probe have in common. Exporters group spans by the identity of resource and scope. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
  readonly account: ProbeAccount;
  readonly clock: BootClock;
}

/** What a probe's kind makes of a call. */
export interface CallMeaning {
  readonly name: string;
  readonly kind: SpanKind;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  /** An exception that ended the call: attributes of the event. */
  readonly exception?: Attributes | undefined;
  readonly traceState?: string | undefined;
}

export function callSpan(call: Call, meaning: CallMeaning, origin: SpanOrigin): CallSpan {
  const startTime = origin.clock.wallTime(call.start);
  const duration = hrTimeOfNs(call.durationNs);
  const endTime = sum(startTime, duration);
  // Without a traceparent that was followed it belongs to another trace (W3C Trace Context, 3.3).
  const inherited = call.remoteParent === undefined ? undefined : meaning.traceState;
  const traceState = inherited === undefined ? undefined : parsedTraceState(inherited);
  const context: SpanContext =
    traceState === undefined
      ? { traceId: call.traceId, spanId: call.spanId, traceFlags: FLAG_SAMPLED }
      : { traceId: call.traceId, spanId: call.spanId, traceFlags: FLAG_SAMPLED, traceState };
  const parent: SpanContext | undefined =
    call.parentSpanId === undefined
      ? undefined
      : {
          traceId: call.traceId,
          spanId: call.parentSpanId,
          traceFlags: FLAG_SAMPLED,
          isRemote: call.remoteParent !== undefined,
        };
  const events: TimedEvent[] =
    meaning.exception === undefined
      ? NO_EVENTS
      : [{ name: 'exception', time: endTime, attributes: meaning.exception, droppedAttributesCount: 0 }];
  const span: CallSpan & { parentSpanContext?: SpanContext } = {
    name: meaning.name,
    kind: meaning.kind,
    spanContext: () => context,
    startTime,
    endTime,
    duration,
    status: meaning.status,
    attributes: meaning.attributes,
    events,
    links: NO_LINKS,
    ended: true,
    resource: origin.resource,
    instrumentationScope: origin.scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    origin,
  };
  // Spread into the literal it would have the literal's properties copied one by one.
  if (parent !== undefined) span.parentSpanContext = parent;
  return span;
}

const scopes = new Map<string, InstrumentationScope>();

/** One object a name, however many processes have the preset. */
export function instrumentationScope(name: string, version: string): InstrumentationScope {
  const key = `${name}@${version}`;
  const known = scopes.get(key);
  if (known) return known;
  const scope = { name, version, schemaUrl: SCHEMA_URL };
  scopes.set(key, scope);
  return scope;
}

const NS_PER_SECOND = 1_000_000_000;

function hrTimeOfNs(ns: number): HrTime {
  const seconds = Math.floor(ns / NS_PER_SECOND);
  return [seconds, ns - seconds * NS_PER_SECOND];
}

function sum(a: HrTime, b: HrTime): HrTime {
  const ns = a[1] + b[1];
  return ns >= NS_PER_SECOND ? [a[0] + b[0] + 1, ns - NS_PER_SECOND] : [a[0] + b[0], ns];
}
