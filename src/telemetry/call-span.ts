import type { Attributes, HrTime, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import type { Call } from '../event/call.ts';
import type { BootClock } from './boot-clock.ts';
import { exceptionEvents } from './exception-event.ts';
import { addGoroutineAttributes } from './goroutine-attributes.ts';
import type { ProbeAccount } from './ledger-account.ts';
import { addPhaseAttributes } from './phase-attributes.ts';
import { thresholdText } from './sampler.ts';
import { SCHEMA_URL, SIDESPAN } from './semconv.ts';
import { parsedTraceState, traceStateWithoutThreshold, traceStateWithThreshold } from './trace-state.ts';

/** The span of a call, as OpenTelemetry describes it. */
export interface CallSpan extends ReadableSpan {
  readonly origin: SpanOrigin;
  /** The first of its attributes, in an object of many spans: an encoder may know them already. */
  readonly sharedAttributes: Attributes;
  /** The rest of them. */
  readonly ownAttributes: Attributes;
}

/** The enumerations of @opentelemetry/api, which is needed here for nothing else. */
export const SPAN_KIND = {
  INTERNAL: 0 as SpanKind.INTERNAL,
  SERVER: 1 as SpanKind.SERVER,
  CLIENT: 2 as SpanKind.CLIENT,
};
export const STATUS_UNSET: SpanStatus = { code: 0 };
export const STATUS_ERROR_CODE = 2 as SpanStatus['code'];
export const STATUS_ERROR: SpanStatus = { code: STATUS_ERROR_CODE };
const FLAG_SAMPLED = 1;
const FLAGS_NONE = 0;

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
  /** What many calls have in common: one object for them all, and never changed. */
  readonly shared: Attributes;
  /** Of this call: to be added to. Undefined: all that its capture says is shared. */
  readonly attributes?: Attributes | undefined;
  readonly traceState?: string | undefined;
}

export function callSpan(call: Call, meaning: CallMeaning, origin: SpanOrigin): CallSpan {
  const startTime = origin.clock.wallTime(call.start);
  const duration = hrTimeOfNs(call.durationNs);
  const endTime = sum(startTime, duration);
  // Without a traceparent that was followed it belongs to another trace (W3C Trace Context, 3.3).
  const inherited = call.remoteParent?.format === 'traceparent' ? meaning.traceState : undefined;
  const passedOn = inherited === undefined ? undefined : parsedTraceState(inherited);
  const threshold = thresholdText(call.samplingThreshold);
  // What was kept for itself was not selected by probability, and stands for no other.
  const ownState = call.kept === undefined ? passedOn : passedOn && traceStateWithoutThreshold(passedOn);
  const traceState = threshold === undefined ? ownState : traceStateWithThreshold(passedOn, threshold);
  const traceFlags = call.kept === undefined ? FLAG_SAMPLED : FLAGS_NONE;
  const context: SpanContext =
    traceState === undefined
      ? { traceId: call.traceId, spanId: call.spanId, traceFlags }
      : { traceId: call.traceId, spanId: call.spanId, traceFlags, traceState };
  const parent: SpanContext | undefined =
    call.parentSpanId === undefined
      ? undefined
      : {
          traceId: call.traceId,
          spanId: call.parentSpanId,
          traceFlags,
          isRemote: call.remoteParent !== undefined,
        };
  const isError = meaning.status.code === STATUS_ERROR_CODE;
  const events =
    isError && (call.end === 'panic' || call.panics) ? exceptionEvents(call, origin.clock, endTime) : NO_EVENTS;
  const attributes = meaning.attributes ?? {};
  attributes[SIDESPAN.GOROUTINE_ID] = call.goid;
  if (call.parentBy !== undefined) attributes[SIDESPAN.PARENT_BY] = call.parentBy;
  if (call.kept !== undefined) attributes[SIDESPAN.KEPT] = call.kept;
  if (call.activityNs !== undefined) addGoroutineAttributes(call.activityNs, attributes);
  if (call.phaseNs !== undefined)
    addPhaseAttributes(call.phaseNs, call.durationNs, meaning.kind === SPAN_KIND.SERVER, attributes);
  return new Span(context, parent, startTime, endTime, duration, meaning, attributes, events, origin);
}

/** A class, because its getter must cost nothing for spans that nobody asks for all attributes. */
class Span implements CallSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly duration: HrTime;
  readonly status: SpanStatus;
  readonly sharedAttributes: Attributes;
  readonly ownAttributes: Attributes;
  readonly events: TimedEvent[];
  readonly links = NO_LINKS;
  readonly ended = true;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly origin: SpanOrigin;
  readonly parentSpanContext?: SpanContext;
  readonly #context: SpanContext;

  constructor(
    context: SpanContext,
    parent: SpanContext | undefined,
    startTime: HrTime,
    endTime: HrTime,
    duration: HrTime,
    meaning: CallMeaning,
    attributes: Attributes,
    events: TimedEvent[],
    origin: SpanOrigin,
  ) {
    this.name = meaning.name;
    this.kind = meaning.kind;
    this.startTime = startTime;
    this.endTime = endTime;
    this.duration = duration;
    this.status = meaning.status;
    this.sharedAttributes = meaning.shared;
    this.ownAttributes = attributes;
    this.events = events;
    this.resource = origin.resource;
    this.instrumentationScope = origin.scope;
    this.origin = origin;
    if (parent !== undefined) this.parentSpanContext = parent;
    this.#context = context;
  }

  get attributes(): Attributes {
    return { ...this.sharedAttributes, ...this.ownAttributes };
  }

  spanContext(): SpanContext {
    return this.#context;
  }
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
