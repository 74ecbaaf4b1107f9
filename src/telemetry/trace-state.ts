import type { TraceState } from '@opentelemetry/api';

/** W3C Trace Context, level 1, section 3.3.1.1: list members; a longer list may be refused as a whole. */
const MAX_MEMBERS = 32;
/** Section 3.3.1.5: vendors should carry at least this many; a receiver need not take more. */
const MAX_CHARACTERS = 512;

const KEY = /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The `tracestate` header as the parent sent it. Undefined if it breaks the rules of W3C Trace Context: then it must
 * not be passed on.
 */
export function parsedTraceState(header: string): TraceState | undefined {
  if (header.length === 0 || header.length > MAX_CHARACTERS) return undefined;
  const members: (readonly [string, string])[] = [];
  for (const part of header.split(',')) {
    const member = part.trim();
    if (member === '') continue;
    const equals = member.indexOf('=');
    const key = member.slice(0, equals);
    const value = member.slice(equals + 1);
    if (equals <= 0 || !KEY.test(key) || !VALUE.test(value)) return undefined;
    if (members.some(([other]) => other === key)) return undefined;
    members.push([key, value]);
  }
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined;
  return traceState(members);
}

/** The member of OpenTelemetry, and the key in it that says which share of traces was kept. */
const OTEL = 'ot';
const THRESHOLD = 'th';
const withThreshold = new Map<string, TraceState>();
/** The threshold changes now and then: more than these are never kept at the same time. */
const MAX_KNOWN = 64;

/** A trace state that says at which threshold the trace was kept; what else OpenTelemetry has noted in it stays. */
export function traceStateWithThreshold(inherited: TraceState | undefined, threshold: string): TraceState {
  if (inherited === undefined) {
    const known = withThreshold.get(threshold) ?? traceState([[OTEL, `${THRESHOLD}:${threshold}`]]);
    if (withThreshold.size < MAX_KNOWN) withThreshold.set(threshold, known);
    return known;
  }
  return inherited.set(OTEL, [`${THRESHOLD}:${threshold}`, ...withoutThreshold(inherited)].join(';'));
}

/** A trace state that does not say at which threshold it was kept. Undefined: nothing is left. */
export function traceStateWithoutThreshold(inherited: TraceState): TraceState | undefined {
  if (inherited.get(OTEL) === undefined) return inherited;
  const others = withoutThreshold(inherited);
  const left = others.length > 0 ? inherited.set(OTEL, others.join(';')) : inherited.unset(OTEL);
  return left.serialize() === '' ? undefined : left;
}

function withoutThreshold(inherited: TraceState): string[] {
  return (inherited.get(OTEL)?.split(';') ?? []).filter((part) => !part.startsWith(`${THRESHOLD}:`));
}

function traceState(members: readonly (readonly [string, string])[]): TraceState {
  const without = (key: string) => members.filter(([other]) => other !== key);
  return {
    get: (key) => members.find(([other]) => other === key)?.[1],
    set: (key, value) => traceState([[key, value], ...without(key)]),
    unset: (key) => traceState(without(key)),
    serialize: () => members.map(([key, value]) => `${key}=${value}`).join(','),
  };
}
