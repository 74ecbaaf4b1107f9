import { type HeaderRole, headerRole } from '../capture/capture-op.ts';
import type { AnyPreset, ContextField, PresetCapture, PresetField } from './preset.ts';

/** Formats in which a request tells of its caller's trace, and of what its caller passes on: OTEL_PROPAGATORS. */
export type Propagator = 'tracecontext' | 'baggage' | 'b3' | 'b3multi';

export interface Propagation {
  /** In the order in which they are read: of several that are valid the last one counts. */
  readonly propagators: readonly Propagator[];
  /** Whether anybody wants to see the baggage. */
  readonly baggage: boolean;
  /** Whether a tracestate is kept for the requests that the program sends. */
  readonly passTraceState?: boolean | undefined;
}

/** A header that tells of the trace context, by its name as gRPC's metadata has it. */
interface ContextHeader {
  readonly name: string;
  readonly role: HeaderRole;
}

/** Baggage may have 8192 bytes (W3C Baggage, 3.3.2); as many are read as the kernel side can. */
const baggageBytes = 1020;

const traceContext: readonly ContextHeader[] = [{ name: 'traceparent', role: headerRole.traceparent }];
/** Both forms are read whichever is named, and of the two the single header counts, as the specification wants it. */
const b3: readonly ContextHeader[] = [
  { name: 'x-b3-traceid', role: headerRole.b3TraceId },
  { name: 'x-b3-spanid', role: headerRole.b3SpanId },
  { name: 'x-b3-sampled', role: headerRole.b3Sampled },
  { name: 'x-b3-flags', role: headerRole.b3Flags },
  { name: 'b3', role: headerRole.b3 },
];

/** The headers that are read for a trace context. */
export function contextHeaders(propagators: readonly Propagator[]): readonly ContextHeader[] {
  const formats = propagators.flatMap((name) =>
    name === 'baggage' ? [] : [name === 'tracecontext' ? traceContext : b3],
  );
  // Each is read once, where it is named last.
  return formats.filter((format, n) => formats.lastIndexOf(format) === n).flat();
}

/**
 * The preset with what the propagators read in place of its `traceparent` fields. `context` fields that have nothing else go with
 * them: without a propagator each call begins a trace.
 */
export function withPropagation(preset: AnyPreset, propagation: Propagation): AnyPreset {
  if ('notes' in preset) return preset;
  const capture = ({ words }: PresetCapture): PresetCapture => ({
    words: words.map((word) =>
      word.fields ? { ...word, fields: word.fields.flatMap((f) => replaced(f, propagation)) } : word,
    ),
  });
  return {
    ...preset,
    sites: preset.sites.map((site) => (site.capture ? { ...site, capture: capture(site.capture) } : site)),
    abandoned: preset.abandoned && capture(preset.abandoned),
  };
}

function replaced(field: PresetField, propagation: Propagation): PresetField[] {
  if ('traceparent' in field) {
    const { path, optional = false } = field;
    return headerFields(field.traceparent, propagation).map((each) => ({ ...each, path, optional }));
  }
  if (!('context' in field)) return [withRole(field, propagation)];
  const fields = field.fields.flatMap((inner) =>
    'traceparent' in inner ? headerFields(inner.traceparent, propagation) : [withRole(inner, propagation)],
  );
  return fields.length > 0 ? [{ ...field, fields }] : [];
}

function withRole<F extends PresetField | ContextField>(field: F, { passTraceState }: Propagation): F {
  const isTraceState = 'header' in field && field.header.toLowerCase() === 'tracestate';
  return passTraceState && isTraceState ? { ...field, role: headerRole.traceState } : field;
}

/** One behind the other, so that one walk over the map finds them all. */
function headerFields(traceparent: string, { propagators, baggage }: Propagation): ContextField[] {
  // net/http keeps names in their canonical form, gRPC in lower case.
  const spelled = traceparent === traceparent.toLowerCase() ? (name: string) => name : canonicalName;
  const contexts = contextHeaders(propagators).map(({ name, role }) => ({ traceparent: spelled(name), role }));
  if (!baggage || !propagators.includes('baggage')) return contexts;
  return [...contexts, { field: 'baggage', header: spelled('baggage'), maxBytes: baggageBytes }];
}

/** As net/textproto.CanonicalMIMEHeaderKey has it. */
export function canonicalName(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
