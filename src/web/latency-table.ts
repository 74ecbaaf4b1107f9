import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { ServiceSummary } from './api.ts';
import { type DurationHistogram, newDurationHistogram, quantileNs, recordDuration } from './duration-histogram.ts';

/** A duration histogram per service and span name, and what is known of each service. */
export interface LatencyTable {
  /** Counts the span; true if it took longer than 99 in 100 of its name did so far. */
  record(span: ReadableSpan, durationNs: number, isError: boolean): boolean;
  entries(): Iterable<LatencyEntry>;
  services(): readonly ServiceSummary[];
  serviceOf(span: ReadableSpan): string;
  /** Spans that came when the table was full. */
  readonly spansWithoutEntry: number;
}

export interface LatencyEntry {
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly histogram: DurationHistogram;
}

/** Span names are of low cardinality; this bounds a table whose names are not: 1,000 x 1.1 kB. */
const MAX_ENTRIES = 1000;
const MAX_SERVICES = 200;
const MAX_PIDS_PER_SERVICE = 100;
/** The 99th percentile is worked out anew after so many spans of a name, and means little before. */
const QUANTILE_EVERY = 256;

interface Service {
  readonly name: string;
  readonly pids: Set<number>;
  readonly entries: Map<string, MutableEntry>;
  spans: number;
}

interface MutableEntry extends LatencyEntry {
  slowNs: number;
}

export function newLatencyTable(): LatencyTable {
  const services = new Map<string, Service>();
  /** Telemetry keeps one Resource a process: looking up by identity costs no string comparison. */
  const serviceByResource = new WeakMap<Resource, Service>();
  let lastResource: Resource | undefined;
  let lastService: Service | undefined;
  let entryCount = 0;
  let spansWithoutEntry = 0;

  function serviceFor(resource: Resource): Service {
    if (resource === lastResource && lastService !== undefined) return lastService;
    const service = serviceByResource.get(resource) ?? registerResource(resource);
    lastResource = resource;
    lastService = service;
    return service;
  }

  function registerResource(resource: Resource): Service {
    const name = serviceName(resource);
    const overflow = services.size >= MAX_SERVICES && !services.has(name);
    const key = overflow ? '(other services)' : name;
    const service = services.get(key) ?? { name: key, pids: new Set(), entries: new Map(), spans: 0 };
    services.set(key, service);
    const pid = processId(resource);
    if (pid !== null && service.pids.size < MAX_PIDS_PER_SERVICE) service.pids.add(pid);
    serviceByResource.set(resource, service);
    return service;
  }

  function newEntry(service: Service, span: ReadableSpan): MutableEntry {
    const { name, kind } = span;
    const histogram = newDurationHistogram();
    const entry = { service: service.name, name, kind, histogram, slowNs: Number.POSITIVE_INFINITY };
    service.entries.set(name, entry);
    entryCount++;
    return entry;
  }

  return {
    record(span, durationNs, isError) {
      const service = serviceFor(span.resource);
      service.spans++;
      let entry = service.entries.get(span.name);
      if (entry === undefined) {
        if (entryCount >= MAX_ENTRIES) {
          spansWithoutEntry++;
          return false;
        }
        entry = newEntry(service, span);
      }
      const { histogram } = entry;
      recordDuration(histogram, durationNs, isError);
      if (histogram.count % QUANTILE_EVERY === 0) entry.slowNs = quantileNs(histogram, 0.99) ?? entry.slowNs;
      return durationNs > entry.slowNs;
    },
    *entries() {
      for (const service of services.values()) yield* service.entries.values();
    },
    services() {
      return [...services.values()].map(({ name, pids, spans }) => ({ name, pids: [...pids], spans }));
    },
    serviceOf: (span) => serviceFor(span.resource).name,
    get spansWithoutEntry() {
      return spansWithoutEntry;
    },
  };
}

function serviceName(resource: Resource): string {
  const name = resource.attributes['service.name'];
  return typeof name === 'string' && name !== '' ? name : '(no service.name)';
}

/** Of the traced process; null where the resource does not say. */
export function processId(resource: Resource): number | null {
  const pid = resource.attributes['process.pid'];
  return typeof pid === 'number' ? pid : null;
}
