import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { Latency } from './latency-table.ts';

/** The services that spans came from; several processes may be one service. */
export interface ServiceTable {
  originOf(resource: Resource, scope: InstrumentationScope): Origin;
  /** By `Origin.index`. */
  origin(index: number): Origin;
  services(): Iterable<Service>;
}

/** What a span's resource and scope say, once. */
export interface Origin {
  readonly index: number;
  readonly service: Service;
  /** null where the resource does not say. */
  readonly pid: number | null;
  /** Name of the instrumentation scope. */
  readonly scope: string;
}

export interface Service {
  readonly name: string;
  readonly pids: Set<number>;
  /** By span name. */
  readonly latencies: Map<string, Latency>;
  spans: number;
}

const MAX_SERVICES = 200;
const MAX_PIDS_PER_SERVICE = 100;
/** Processes come and go. */
const MAX_ORIGINS = 20_000;

export function newServiceTable(): ServiceTable {
  const services = new Map<string, Service>();
  const origins: Origin[] = [];
  /** Telemetry keeps one Resource a process: looking up by identity costs no string comparison. */
  const byResource = new WeakMap<Resource, Map<InstrumentationScope, Origin>>();
  let lastResource: Resource | undefined;
  let lastScope: InstrumentationScope | undefined;
  let lastOrigin: Origin | undefined;

  function serviceNamed(name: string): Service {
    const key = services.size >= MAX_SERVICES && !services.has(name) ? '(other services)' : name;
    const service = services.get(key) ?? { name: key, pids: new Set(), latencies: new Map(), spans: 0 };
    services.set(key, service);
    return service;
  }

  function register(resource: Resource, scope: InstrumentationScope): Origin {
    const service = serviceNamed(serviceName(resource));
    const pid = processId(resource);
    if (pid !== null && service.pids.size < MAX_PIDS_PER_SERVICE) service.pids.add(pid);
    const isFull = origins.length >= MAX_ORIGINS;
    const last = origins.at(-1);
    const origin = isFull && last !== undefined ? last : { index: origins.length, service, pid, scope: scope.name };
    if (origin !== last) origins.push(origin);
    return origin;
  }

  function find(resource: Resource, scope: InstrumentationScope): Origin {
    const ofScopes = byResource.get(resource) ?? new Map<InstrumentationScope, Origin>();
    byResource.set(resource, ofScopes);
    const origin = ofScopes.get(scope) ?? register(resource, scope);
    ofScopes.set(scope, origin);
    return origin;
  }

  return {
    originOf(resource, scope) {
      if (resource === lastResource && scope === lastScope && lastOrigin !== undefined) return lastOrigin;
      lastResource = resource;
      lastScope = scope;
      lastOrigin = find(resource, scope);
      return lastOrigin;
    },
    origin(index) {
      const origin = origins[index];
      if (origin === undefined) throw new RangeError(`no origin ${index}`);
      return origin;
    },
    services: () => services.values(),
  };
}

function serviceName(resource: Resource): string {
  const name = resource.attributes['service.name'];
  return typeof name === 'string' && name !== '' ? name : '(no service.name)';
}

function processId(resource: Resource): number | null {
  const pid = resource.attributes['process.pid'];
  return typeof pid === 'number' ? pid : null;
}
