import type { Attributes } from '@opentelemetry/api';
import type { DbClientFacts } from './db-client-span.ts';
import type { HttpClientFacts } from './http-client-span.ts';
import type { HttpServerFacts } from './http-server-span.ts';
import type { RpcClientFacts } from './rpc-client-span.ts';
import type { RpcServerFacts } from './rpc-server-span.ts';
import { ATTR } from './semconv.ts';

/** What metrics tell calls apart by: attributes made of facts, and whether two are the same but for the key. */

export function sameHttp(a: HttpServerFacts, b: HttpServerFacts): boolean {
  return (
    a.statusCode === b.statusCode &&
    a.method === b.method &&
    a.scheme === b.scheme &&
    a.protocolVersion === b.protocolVersion &&
    a.errorType === b.errorType
  );
}

export function httpAttributes(facts: HttpServerFacts): Attributes {
  return defined({
    [ATTR.HTTP_REQUEST_METHOD]: facts.method,
    [ATTR.URL_SCHEME]: facts.scheme,
    [ATTR.HTTP_ROUTE]: facts.metricRoute,
    [ATTR.HTTP_RESPONSE_STATUS_CODE]: facts.statusCode,
    [ATTR.NETWORK_PROTOCOL_VERSION]: facts.protocolVersion,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

export function sameHttpClient(a: HttpClientFacts, b: HttpClientFacts): boolean {
  return (
    a.statusCode === b.statusCode &&
    a.method === b.method &&
    a.serverPort === b.serverPort &&
    a.protocolVersion === b.protocolVersion &&
    a.errorType === b.errorType
  );
}

export function httpClientAttributes(facts: HttpClientFacts): Attributes {
  return defined({
    [ATTR.HTTP_REQUEST_METHOD]: facts.method,
    [ATTR.SERVER_ADDRESS]: facts.serverAddress,
    [ATTR.SERVER_PORT]: facts.serverPort,
    [ATTR.HTTP_RESPONSE_STATUS_CODE]: facts.statusCode,
    [ATTR.NETWORK_PROTOCOL_VERSION]: facts.protocolVersion,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

export function sameRpc(a: RpcServerFacts, b: RpcServerFacts): boolean {
  return a.statusCode === b.statusCode && a.errorType === b.errorType;
}

export function rpcAttributes(facts: RpcServerFacts | RpcClientFacts): Attributes {
  return defined({
    [ATTR.RPC_SYSTEM_NAME]: 'system' in facts ? facts.system : 'grpc',
    [ATTR.RPC_METHOD]: facts.method,
    [ATTR.RPC_STATUS_CODE]: facts.statusCode,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

export function sameDb(a: DbClientFacts, b: DbClientFacts): boolean {
  return (
    a.system === b.system &&
    a.metric.operation === b.metric.operation &&
    a.metric.collection === b.metric.collection &&
    a.namespace === b.namespace &&
    a.serverAddress === b.serverAddress &&
    a.serverPort === b.serverPort &&
    a.errorType === b.errorType
  );
}

export function dbAttributes(facts: DbClientFacts): Attributes {
  return defined({
    [ATTR.DB_SYSTEM_NAME]: facts.system,
    [ATTR.DB_QUERY_SUMMARY]: facts.metric.summary,
    [ATTR.DB_OPERATION_NAME]: facts.metric.operation,
    [ATTR.DB_COLLECTION_NAME]: facts.metric.collection,
    [ATTR.DB_NAMESPACE]: facts.namespace,
    [ATTR.SERVER_ADDRESS]: facts.serverAddress,
    [ATTR.SERVER_PORT]: facts.serverPort,
    [ATTR.DB_RESPONSE_STATUS_CODE]: facts.statusCode,
    [ATTR.ERROR_TYPE]: facts.errorType,
  });
}

export function sameRpcClient(a: RpcClientFacts, b: RpcClientFacts): boolean {
  return (
    a.statusCode === b.statusCode &&
    a.errorType === b.errorType &&
    a.serverAddress === b.serverAddress &&
    a.serverPort === b.serverPort
  );
}

export function rpcClientAttributes(facts: RpcClientFacts): Attributes {
  return {
    ...rpcAttributes(facts),
    ...defined({ [ATTR.SERVER_ADDRESS]: facts.serverAddress, [ATTR.SERVER_PORT]: facts.serverPort }),
  };
}

/** Without those that are not known. */
export function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
