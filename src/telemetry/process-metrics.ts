import type { HrTime } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { MetricData, MetricDescriptor, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { ProbeKind } from '../probe/probe.ts';
import { type ActiveRequests, createActiveRequests } from './active-requests.ts';
import type { BootClock } from './boot-clock.ts';
import { type CallMetrics, type CallRecorder, callRecorder, type FactsIdentity } from './call-metrics.ts';
import type { DbClientFacts } from './db-client-span.ts';
import type { ExponentialBuckets } from './exponential-buckets.ts';
import { createHistogramMetric } from './histogram-metric.ts';
import type { HttpClientFacts } from './http-client-span.ts';
import type { HttpServerFacts } from './http-server-span.ts';
import {
  dbAttributes,
  httpAttributes,
  httpClientAttributes,
  rpcAttributes,
  rpcClientAttributes,
  sameDb,
  sameHttp,
  sameHttpClient,
  sameRpc,
  sameRpcClient,
} from './metric-attributes.ts';
import { VALUE_TYPE } from './metric-data.ts';
import type { RpcClientFacts } from './rpc-client-span.ts';
import type { RpcServerFacts } from './rpc-server-span.ts';
import {
  ATTR,
  DB_DURATION_BOUNDS_SECONDS,
  DURATION_BOUNDS_SECONDS,
  METRIC,
  SIDESPAN,
  SIZE_BOUNDS_BYTES,
  UNSTABLE_METRIC,
} from './semconv.ts';

/** Metrics of the calls of one process, sampled or not. */
export interface ProcessMetrics {
  readonly resource: Resource;
  httpServer(scope: InstrumentationScope): CallRecorder<HttpServerFacts>;
  httpClient(scope: InstrumentationScope): CallRecorder<HttpClientFacts>;
  rpcServer(scope: InstrumentationScope): CallRecorder<RpcServerFacts>;
  rpcClient(scope: InstrumentationScope): CallRecorder<RpcClientFacts>;
  dbClient(scope: InstrumentationScope): CallRecorder<DbClientFacts>;
  /** Of the type of the error with which a call failed; undefined: it did not. */
  function(scope: InstrumentationScope, functionName: string): CallRecorder<string | undefined>;
  /** Those that are open when the metrics are collected. */
  active(scope: InstrumentationScope, kind: 'httpServer' | 'httpClient'): ActiveRequests;
  /** Nothing is active, until it is counted again. */
  resetActive(): void;
  scopeMetrics(startTime: HrTime, endTime: HrTime): ScopeMetrics[];
}

export interface ProcessMetricsOptions {
  /** Absent: histograms have no exemplars. */
  readonly clock?: Pick<BootClock, 'wallTime'> | undefined;
  /** Absent: histograms have no exponential form. */
  readonly exponential?: ExponentialForms | undefined;
}

/** Buckets of durations in nanoseconds, and of sizes in bytes. */
export interface ExponentialForms {
  readonly durations: ExponentialBuckets;
  readonly sizes: ExponentialBuckets;
}

type CallKind = 'httpServer' | 'httpClient' | 'rpcServer' | 'rpcClient' | 'dbClient' | 'function';
type HttpKind = 'httpServer' | 'httpClient';

const DURATIONS: Readonly<Record<CallKind, MetricDescriptor>> = {
  httpServer: seconds(METRIC.HTTP_SERVER_REQUEST_DURATION, 'Duration of HTTP server requests.'),
  httpClient: seconds(METRIC.HTTP_CLIENT_REQUEST_DURATION, 'Duration of HTTP client requests.'),
  rpcServer: seconds(
    METRIC.RPC_SERVER_CALL_DURATION,
    'Measures the duration of an incoming Remote Procedure Call (RPC).',
  ),
  rpcClient: seconds(
    METRIC.RPC_CLIENT_CALL_DURATION,
    'Measures the duration of an outgoing Remote Procedure Call (RPC).',
  ),
  dbClient: seconds(METRIC.DB_CLIENT_OPERATION_DURATION, 'Duration of database client operations.'),
  function: seconds(SIDESPAN.FUNCTION_DURATION, 'Duration of calls of a traced function.'),
};

const REQUEST_SIZES: Readonly<Record<HttpKind, MetricDescriptor>> = {
  httpServer: bytes(UNSTABLE_METRIC.HTTP_SERVER_REQUEST_BODY_SIZE, 'Size of HTTP server request bodies.'),
  httpClient: bytes(UNSTABLE_METRIC.HTTP_CLIENT_REQUEST_BODY_SIZE, 'Size of HTTP client request bodies.'),
};
const RESPONSE_SIZES: Readonly<Record<HttpKind, MetricDescriptor>> = {
  httpServer: bytes(UNSTABLE_METRIC.HTTP_SERVER_RESPONSE_BODY_SIZE, 'Size of HTTP server response bodies.'),
  httpClient: bytes(UNSTABLE_METRIC.HTTP_CLIENT_RESPONSE_BODY_SIZE, 'Size of HTTP client response bodies.'),
};
const ACTIVE: Readonly<Record<HttpKind, MetricDescriptor>> = {
  httpServer: requests(UNSTABLE_METRIC.HTTP_SERVER_ACTIVE_REQUESTS, 'Number of active HTTP server requests.'),
  httpClient: requests(UNSTABLE_METRIC.HTTP_CLIENT_ACTIVE_REQUESTS, 'Number of active HTTP requests.'),
};

/** Functions take from a microsecond to seconds; the conventions' bounds begin at 5 ms. */
const FUNCTION_BOUNDS_SECONDS = [
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
  2.5, 5, 10,
];
const NS_PER_SECOND = 1e9;

const BOUNDS_SECONDS: Readonly<Record<CallKind, readonly number[]>> = {
  httpServer: DURATION_BOUNDS_SECONDS,
  httpClient: DURATION_BOUNDS_SECONDS,
  rpcServer: DURATION_BOUNDS_SECONDS,
  rpcClient: DURATION_BOUNDS_SECONDS,
  dbClient: DB_DURATION_BOUNDS_SECONDS,
  function: FUNCTION_BOUNDS_SECONDS,
};

/** The same for the kernel, by the kind of a probe. One list where they are the same. */
export function durationBoundsNs(): Readonly<Record<ProbeKind, readonly number[]>> {
  const inNs = (bounds: readonly number[]) => bounds.map((bound) => Math.round(bound * NS_PER_SECOND));
  const server = inNs(DURATION_BOUNDS_SECONDS);
  return {
    'http.server': server,
    'http.client': server,
    'rpc.server': server,
    'rpc.client': server,
    'db.client': inNs(DB_DURATION_BOUNDS_SECONDS),
    function: inNs(FUNCTION_BOUNDS_SECONDS),
  };
}

function seconds(name: string, description: string): MetricDescriptor {
  return { name, description, unit: 's', valueType: VALUE_TYPE.DOUBLE };
}

function bytes(name: string, description: string): MetricDescriptor {
  return { name, description, unit: 'By', valueType: VALUE_TYPE.INT };
}

function requests(name: string, description: string): MetricDescriptor {
  return { name, description, unit: '{request}', valueType: VALUE_TYPE.INT };
}

/** Of one scope and kind: its probes share them. */
interface KindMetrics extends CallMetrics {
  readonly active: ActiveRequests | undefined;
  /** Of all but functions. */
  recorder?: unknown;
  /** Of functions, by name: several may have the same, as the instances of a generic one do up to Go 1.20. */
  readonly functions: Map<string, CallRecorder<string | undefined>>;
}

export function createProcessMetrics(
  resource: Resource,
  { clock, exponential }: ProcessMetricsOptions = {},
): ProcessMetrics {
  const metrics = new Map<InstrumentationScope, Map<CallKind, KindMetrics>>();

  function metricsOf(scope: InstrumentationScope, kind: CallKind): KindMetrics {
    const ofScope = metrics.get(scope) ?? new Map<CallKind, KindMetrics>();
    metrics.set(scope, ofScope);
    const found = ofScope.get(kind) ?? newMetrics(kind);
    ofScope.set(kind, found);
    return found;
  }

  /** One for all probes, so that calls which agree are one series whatever function they are of. */
  function recorderOf<Facts>(
    scope: InstrumentationScope,
    kind: CallKind,
    identity: FactsIdentity<Facts>,
  ): CallRecorder<Facts> {
    const own = metricsOf(scope, kind);
    own.recorder ??= callRecorder(own, identity);
    return own.recorder as CallRecorder<Facts>;
  }

  function newMetrics(kind: CallKind): KindMetrics {
    const duration = createHistogramMetric(DURATIONS[kind], {
      bounds: BOUNDS_SECONDS[kind],
      partsOfUnit: NS_PER_SECOND,
      clock,
      exponential: exponential?.durations,
    });
    if (kind !== 'httpServer' && kind !== 'httpClient') return { duration, active: undefined, functions: new Map() };
    const size = (descriptor: MetricDescriptor) =>
      createHistogramMetric(descriptor, {
        bounds: SIZE_BOUNDS_BYTES,
        partsOfUnit: 1,
        clock,
        exponential: exponential?.sizes,
      });
    return {
      duration,
      requestSize: size(REQUEST_SIZES[kind]),
      responseSize: size(RESPONSE_SIZES[kind]),
      active: createActiveRequests(ACTIVE[kind]),
      functions: new Map(),
    };
  }

  return {
    resource,
    httpServer: (scope) =>
      recorderOf<HttpServerFacts>(scope, 'httpServer', {
        key: ({ metricRoute }) => metricRoute,
        same: sameHttp,
        attributes: httpAttributes,
      }),
    httpClient: (scope) =>
      recorderOf<HttpClientFacts>(scope, 'httpClient', {
        key: ({ serverAddress }) => serverAddress,
        same: sameHttpClient,
        attributes: httpClientAttributes,
      }),
    rpcServer: (scope) =>
      recorderOf<RpcServerFacts>(scope, 'rpcServer', {
        key: ({ method }) => method,
        same: sameRpc,
        attributes: rpcAttributes,
      }),
    rpcClient: (scope) =>
      recorderOf<RpcClientFacts>(scope, 'rpcClient', {
        key: ({ method }) => method,
        same: sameRpcClient,
        attributes: rpcClientAttributes,
      }),
    dbClient: (scope) =>
      recorderOf<DbClientFacts>(scope, 'dbClient', {
        key: ({ metric: { summary, operation } }) => summary ?? operation,
        same: sameDb,
        attributes: dbAttributes,
      }),
    function(scope, functionName) {
      const own = metricsOf(scope, 'function');
      const known = own.functions.get(functionName);
      if (known !== undefined) return known;
      const recorder = callRecorder<string | undefined>(own, {
        key: (errorType) => errorType,
        same: () => true,
        attributes: (errorType) => ({
          [ATTR.CODE_FUNCTION_NAME]: functionName,
          ...(errorType === undefined ? {} : { [ATTR.ERROR_TYPE]: errorType }),
        }),
      });
      own.functions.set(functionName, recorder);
      return recorder;
    },
    active(scope, kind) {
      const { active } = metricsOf(scope, kind);
      if (active === undefined) throw new RangeError(`${kind} has no active requests`);
      return active;
    },
    resetActive() {
      for (const ofScope of metrics.values()) for (const { active } of ofScope.values()) active?.reset();
    },
    scopeMetrics(startTime, endTime) {
      const found: ScopeMetrics[] = [];
      for (const [scope, ofScope] of metrics) {
        const data: MetricData[] = [];
        for (const { duration, requestSize, responseSize, active } of ofScope.values()) {
          for (const metric of [duration, requestSize, responseSize, active]) {
            const one = metric?.data(startTime, endTime);
            if (one !== undefined && one.dataPoints.length > 0) data.push(one);
          }
        }
        if (data.length > 0) found.push({ scope, metrics: data });
      }
      return found;
    },
  };
}
