import type { Attributes, HrTime } from '@opentelemetry/api';
import type { TimedEvent } from '@opentelemetry/sdk-trace-base';
import type { Call } from '../event/call.ts';
import type { Panic } from '../event/panic.ts';
import type { BootClock } from './boot-clock.ts';
import { ATTR, SIDESPAN } from './semconv.ts';
import { contentJson } from './value-json.ts';

/** By the conventions for exceptions in spans: one event for each panic. */
export function exceptionEvents({ end, panics = [] }: Call, clock: BootClock, endTime: HrTime): TimedEvent[] {
  // Its record found no room, or it was on its way before we attached.
  const lost = end === 'panic' && panics.length === 0;
  if (lost) return [event(endTime, { [ATTR.EXCEPTION_TYPE]: 'panic', [SIDESPAN.EXCEPTION_UNAVAILABLE]: 'not seen' })];
  return panics.map((panic) => event(clock.wallTime(panic.time), attributesOf(panic)));
}

function event(time: HrTime, attributes: Attributes): TimedEvent {
  return { name: 'exception', time, attributes, droppedAttributesCount: 0 };
}

function attributesOf({ value: { goType, value, unavailable, truncated }, stack }: Panic): Attributes {
  const attributes: Attributes = { [ATTR.EXCEPTION_TYPE]: goType, [ATTR.EXCEPTION_STACKTRACE]: stack };
  if (value === undefined) attributes[SIDESPAN.EXCEPTION_UNAVAILABLE] = unavailable ?? 'not captured';
  else
    attributes[ATTR.EXCEPTION_MESSAGE] =
      typeof value === 'string' ? value : value === null ? 'nil' : contentJson(value);
  if (truncated !== undefined) attributes[SIDESPAN.EXCEPTION_TRUNCATED] = truncated.of;
  return attributes;
}
