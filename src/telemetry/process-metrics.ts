import type { Attributes, HrTime } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { MetricDescriptor, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { ProbeKind } from '../probe/probe.ts';
import type { DbClientFacts } from './db-client-span.ts';
import {
  createDurationMetric,
  type DurationMetric,
  type DurationSeries,
  type SortedDurations,
} from './duration-metric.ts';
import type { HttpClientFacts } from './http-client-span.ts';
import type { HttpServerFacts } from './http-server-span.ts';
import { VALUE_TYPE } from './metric-data.ts';
import type { RpcClientFacts } from './rpc-client-span.ts';
import type { RpcServerFacts } from './rpc-server-span.ts';
import { ATTR, DB_DURATION_BOUNDS_SECONDS, DURATION_BOUNDS_SECONDS, METRIC, SIDESPAN } from './semconv.ts';

/** Durations of the calls of one process, sampled or not. */
export interface ProcessMetrics {
  readonly resource: Resource;
  httpServer(scope: InstrumentationScope): DurationRecorder<HttpServerFacts>;
  httpClient(scope: InstrumentationScope): DurationRecorder<HttpClientFacts>;
  rpcServer(scope: InstrumentationScope): DurationRecorder<RpcServerFacts>;
  rpcClient(scope: InstrumentationScope): DurationRecorder<RpcClientFacts>;
  dbClient(scope: InstrumentationScope): DurationRecorder<DbClientFacts>;
  /** Of the type of the error with which a call failed; undefined: it did not. */
  function(scope: InstrumentationScope, functionName: string): DurationRecorder<string | undefined>;
  scopeMetrics(startTime: HrTime, endTime: HrTime): ScopeMetrics[];
}

/** Counts the calls of one probe. */
export interface DurationRecorder<Facts> {
  record(facts: Facts, durationNs: number): void;
  /** Calls that the kernel has counted; of `undefined` it knows no facts. */
  add(facts: { readonly of: Facts } | undefined, durations: SortedDurations): void;
}

type DurationKind = 'httpServer' | 'httpClient' | 'rpcServer' | 'rpcClient' | 'dbClient' | 'function';

const DESCRIPTORS: Readonly<Record<DurationKind, MetricDescriptor>> = {
  httpServer: duration(METRIC.HTTP_SERVER_REQUEST_DURATION, 'Duration of HTTP server requests.'),
  httpClient: duration(METRIC.HTTP_CLIENT_REQUEST_DURATION, 'Duration of HTTP client requests.'),
  rpcServer: duration(
    METRIC.RPC_SERVER_CALL_DURATION,
    'Measures the duration of an incoming Remote Procedure Call (RPC).',
  ),
  rpcClient: duration(
    METRIC.RPC_CLIENT_CALL_DURATION,
    'Measures the duration of an outgoing Remote Procedure Call (RPC).',
  ),
  dbClient: duration(METRIC.DB_CLIENT_OPERATION_DURATION, 'Duration of database client operations.'),
  function: duration(SIDESPAN.FUNCTION_DURATION, 'Duration of calls of a traced function.'),
};

/** Functions take from a microsecond to seconds; the conventions' bounds begin at 5 ms. */
const FUNCTION_BOUNDS_SECONDS = [
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
  2.5, 5, 10,
];

const BOUNDS_SECONDS: Readonly<Record<DurationKind, readonly number[]>> = {
  httpServer: DURATION_BOUNDS_SECONDS,
  httpClient: DURATION_BOUNDS_SECONDS,
  rpcServer: DURATION_BOUNDS_SECONDS,
  rpcClient: DURATION_BOUNDS_SECONDS,
  dbClient: DB_DURATION_BOUNDS_SECONDS,
  function: FUNCTION_BOUNDS_SECONDS,
};

/** The same for the kernel, by the kind of a probe. One list where they are the same. */
export function durationBoundsNs(): Readonly<Record<ProbeKind, readonly number[]>> {
  const inNs = (bounds: readonly number[]) => bounds.map((seconds) => Math.round(seconds * 1e9));
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

function duration(name: string, description: string): MetricDescriptor {
  return { name, description, unit: 's', valueType: VALUE_TYPE.DOUBLE };
}

export function createProcessMetrics(resource: Resource): ProcessMetrics {
  const metrics = new Map<InstrumentationScope, Map<DurationKind, DurationMetric>>();

  /** Probes of one scope share a metric. */
  function metricOf(scope: InstrumentationScope, kind: DurationKind): DurationMetric {
    const ofScope = metrics.get(scope) ?? new Map<DurationKind, DurationMetric>();
    metrics.set(scope, ofScope);
    const metric = ofScope.get(kind) ?? createDurationMetric(DESCRIPTORS[kind], BOUNDS_SECONDS[kind]);
    ofScope.set(kind, metric);
    return metric;
  }

  return {
    resource,
    httpServer(scope) {
      const metric = metricOf(scope, 'httpServer');
      const seriesOf = seriesFinder<HttpServerFacts>(metric, (facts) => facts.route, sameHttp, httpAttributes);
      return recorder(metric, seriesOf);
    },
    httpClient(scope) {
      const metric = metricOf(scope, 'httpClient');
      const seriesOf = seriesFinder<HttpClientFacts>(
        metric,
        (facts) => facts.serverAddress,
        sameHttpClient,
        httpClientAttributes,
      );
      return recorder(metric, seriesOf);
    },
    rpcServer(scope) {
      const metric = metricOf(scope, 'rpcServer');
      const seriesOf = seriesFinder<RpcServerFacts>(metric, (facts) => facts.method, sameRpc, rpcAttributes);
      return recorder(metric, seriesOf);
    },
    rpcClient(scope) {
      const metric = metricOf(scope, 'rpcClient');
      const seriesOf = seriesFinder<RpcClientFacts>(
        metric,
        (facts) => facts.method,
        sameRpcClient,
        rpcClientAttributes,
      );
      return recorder(metric, seriesOf);
    },
    dbClient(scope) {
      const metric = metricOf(scope, 'dbClient');
      const key = ({ summary, operation }: DbClientFacts) => summary ?? operation;
      return recorder(metric, seriesFinder<DbClientFacts>(metric, key, sameDb, dbAttributes));
    },
    function(scope, functionName) {
      const metric = metricOf(scope, 'function');
      const attributes: Attributes = { [ATTR.CODE_FUNCTION_NAME]: functionName };
      const ok = metric.series(attributes);
      const failed = seriesFinder<string>(
        metric,
        (errorType) => errorType,
        () => true,
        (errorType) => ({ ...attributes, [ATTR.ERROR_TYPE]: errorType }),
      );
      return recorder<string | undefined>(metric, (errorType) => (errorType === undefined ? ok : failed(errorType)));
    },
    scopeMetrics(startTime, endTime) {
      const found: ScopeMetrics[] = [];
      for (const [scope, ofScope] of metrics) {
        const data = Array.from(ofScope.values(), (metric) => metric.data(startTime, endTime));
        const used = data.filter(({ dataPoints }) => dataPoints.length > 0);
        if (used.length > 0) found.push({ scope, metrics: used });
      }
      return found;
    },
  };
}

function recorder<Facts>(metric: DurationMetric, seriesOf: (facts: Facts) => DurationSeries): DurationRecorder<Facts> {
  return {
    record: (facts, durationNs) => metric.record(seriesOf(facts), durationNs),
    add: (facts, durations) => metric.add(facts === undefined ? metric.rest() : seriesOf(facts.of), durations),
  };
}

/**
 * Finds the series of a call by one text, then by comparing: a route has a handful of them.
 * Once the metric is full nothing more is remembered.
 */
function seriesFinder<Facts>(
  metric: DurationMetric,
  key: (facts: Facts) => string | undefined,
  same: (a: Facts, b: Facts) => boolean,
  attributes: (facts: Facts) => Attributes,
): (facts: Facts) => DurationSeries {
  const byKey = new Map<string | undefined, { readonly facts: Facts; readonly series: DurationSeries }[]>();
  let last: { readonly facts: Facts; readonly series: DurationSeries } | undefined;
  return (facts) => {
    if (last?.facts === facts) return last.series;
    const known = byKey.get(key(facts));
    if (known !== undefined) {
      for (const entry of known) {
        if (!same(entry.facts, facts)) continue;
        last = entry;
        return entry.series;
      }
    }
    const wanted = attributes(facts);
    const series = metric.series(wanted);
    if (series.attributes !== wanted) return series;
    if (known === undefined) byKey.set(key(facts), [{ facts, series }]);
    else known.push({ facts, series });
    return series;
  };
}

function sameHttp(a: HttpServerFacts, b: HttpServerFacts): boolean {
  return (
    a.statusCode === b.statusCode &&
    a.method === b.method &&
    a.scheme === b.scheme &&
    a.protocolVersion === b.protocolVersion &&
    a.errorType === b.errorType
  );
}

function httpAttributes(facts: HttpServerFacts): Attributes {
  return defined({
    [ATTR.HTTP_REQUEST_METHOD]: facts.method,
    [ATTR.URL_SCHEME]: facts.scheme,
    [ATTR.HTTP_ROUTE]: facts.route,
    [ATTR.HTTP_RESPONSE_STATUS_CODE]: facts.statusCode,
    [ATTR.NETWORK_PROTOCOL_VERSION]: facts.protocolVersion,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

function sameHttpClient(a: HttpClientFacts, b: HttpClientFacts): boolean {
  return (
    a.statusCode === b.statusCode &&
    a.method === b.method &&
    a.serverPort === b.serverPort &&
    a.protocolVersion === b.protocolVersion &&
    a.errorType === b.errorType
  );
}

function httpClientAttributes(facts: HttpClientFacts): Attributes {
  return defined({
    [ATTR.HTTP_REQUEST_METHOD]: facts.method,
    [ATTR.SERVER_ADDRESS]: facts.serverAddress,
    [ATTR.SERVER_PORT]: facts.serverPort,
    [ATTR.HTTP_RESPONSE_STATUS_CODE]: facts.statusCode,
    [ATTR.NETWORK_PROTOCOL_VERSION]: facts.protocolVersion,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

function sameRpc(a: RpcServerFacts, b: RpcServerFacts): boolean {
  return a.statusCode === b.statusCode && a.errorType === b.errorType;
}

function rpcAttributes(facts: RpcServerFacts | RpcClientFacts): Attributes {
  return defined({
    [ATTR.RPC_SYSTEM_NAME]: 'grpc',
    [ATTR.RPC_METHOD]: facts.method,
    [ATTR.RPC_STATUS_CODE]: facts.statusCode,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

function sameDb(a: DbClientFacts, b: DbClientFacts): boolean {
  return (
    a.system === b.system &&
    a.operation === b.operation &&
    a.collection === b.collection &&
    a.namespace === b.namespace &&
    a.serverAddress === b.serverAddress &&
    a.serverPort === b.serverPort &&
    a.errorType === b.errorType
  );
}

function dbAttributes(facts: DbClientFacts): Attributes {
  return defined({
    [ATTR.DB_SYSTEM_NAME]: facts.system,
    [ATTR.DB_QUERY_SUMMARY]: facts.summary,
    [ATTR.DB_OPERATION_NAME]: facts.operation,
    [ATTR.DB_COLLECTION_NAME]: facts.collection,
    [ATTR.DB_NAMESPACE]: facts.namespace,
    [ATTR.SERVER_ADDRESS]: facts.serverAddress,
    [ATTR.SERVER_PORT]: facts.serverPort,
    [ATTR.DB_RESPONSE_STATUS_CODE]: facts.statusCode,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

function sameRpcClient(a: RpcClientFacts, b: RpcClientFacts): boolean {
  return (
    a.statusCode === b.statusCode &&
    a.errorType === b.errorType &&
    a.serverAddress === b.serverAddress &&
    a.serverPort === b.serverPort
  );
}

function rpcClientAttributes(facts: RpcClientFacts): Attributes {
  return {
    ...rpcAttributes(facts),
    ...defined({ [ATTR.SERVER_ADDRESS]: facts.serverAddress, [ATTR.SERVER_PORT]: facts.serverPort }),
  };
}

function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
