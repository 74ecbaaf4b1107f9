import type { Attributes } from '@opentelemetry/api';
import type { CallContent } from '../event/call.ts';
import { type CallFailure, clientError, errorOf } from './call-error.ts';
import type { BodySizes } from './call-metrics.ts';
import { type CallMeaning, SPAN_KIND, STATUS_ERROR, STATUS_UNSET } from './call-span.ts';
import { urlText } from './go-url.ts';
import { addHeaders } from './http-headers.ts';
import {
  type KnownMethods,
  knownMethod,
  methodInName,
  OTHER_METHOD,
  protocolVersion,
  requestBodySize,
} from './http-words.ts';
import { addressOf } from './network-address.ts';
import { addCaptureNotes, fieldOf, type HasFields, integerField, isSetField, textField } from './preset-field.ts';
import { ATTR, SIDESPAN, UNSTABLE_ATTR } from './semconv.ts';
import { redactedQuery } from './url-query.ts';

/** What both the span and the metric of a request say. All of low cardinality, but for hosts that a program makes up. */
export interface HttpClientFacts {
  /** One of the known methods, `_OTHER`, or undefined if it could not be read. */
  readonly method: string | undefined;
  readonly serverAddress: string | undefined;
  readonly serverPort: number | undefined;
  /** `1.1`, `2`: of the answer. */
  readonly protocolVersion: string | undefined;
  readonly statusCode: number | undefined;
  /** The status as text, Go's type of the error, `panic`, `goexit`. */
  readonly errorType: string | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

export function httpClientFacts(call: Pick<CallContent, 'fields' | 'end'>, methods: KnownMethods): HttpClientFacts {
  const host = textField(call, 'host');
  const server = host === undefined ? undefined : addressOf(host);
  const statusCode = integerField(call, 'status');
  return {
    method: knownMethod(textField(call, 'method'), methods),
    serverAddress: server?.address,
    serverPort: server?.port ?? DEFAULT_PORTS[textField(call, 'scheme') ?? ''],
    protocolVersion: protocolVersion(integerField(call, 'protoMajor'), integerField(call, 'protoMinor')),
    statusCode,
    errorType: errorType(call, failureOf(call), statusCode),
  };
}

function failureOf(call: HasFields): CallFailure | undefined {
  return clientError(errorOf(call));
}

function errorType(
  { end }: Pick<CallContent, 'end'>,
  failure: CallFailure | undefined,
  statusCode: number | undefined,
): string | undefined {
  if (end === 'panic' || end === 'goexit') return end;
  if (failure !== undefined) return failure.type;
  // To a client 4xx are errors too.
  return statusCode !== undefined && statusCode >= 400 ? String(statusCode) : undefined;
}

export function httpClientMeaning(call: CallContent, facts: HttpClientFacts): CallMeaning {
  const attributes: Attributes = {};
  const { method, errorType } = facts;
  if (method !== undefined) attributes[ATTR.HTTP_REQUEST_METHOD] = method;
  if (method === OTHER_METHOD) attributes[ATTR.HTTP_REQUEST_METHOD_ORIGINAL] = textField(call, 'method');
  if (facts.serverAddress !== undefined) attributes[ATTR.SERVER_ADDRESS] = facts.serverAddress;
  if (facts.serverPort !== undefined) attributes[ATTR.SERVER_PORT] = facts.serverPort;
  const url = fullUrl(call);
  if (url !== undefined) attributes[ATTR.URL_FULL] = url;
  if (facts.statusCode !== undefined) attributes[ATTR.HTTP_RESPONSE_STATUS_CODE] = facts.statusCode;
  if (errorType !== undefined) attributes[ATTR.ERROR_TYPE] = errorType;
  if (facts.protocolVersion !== undefined) attributes[ATTR.NETWORK_PROTOCOL_VERSION] = facts.protocolVersion;
  const connections = connectionsOf(call);
  const resent = resendCount(call, connections.length > 0 ? connections.length - 1 : timesSentAgain(call));
  if (resent !== undefined) attributes[ATTR.HTTP_REQUEST_RESEND_COUNT] = resent;
  const reused = connections.at(-1);
  if (reused !== undefined) attributes[SIDESPAN.CONNECTION_REUSED] = reused;
  addSizes(call, method, attributes);
  addHeaders(call, attributes);
  if (call.end !== 'returned') attributes[SIDESPAN.ENDED] = call.end;
  addCaptureNotes(call, attributes);
  return {
    name: methodInName(method),
    kind: SPAN_KIND.CLIENT,
    // The conventions want no description where the status code says it all.
    status: errorType === undefined ? STATUS_UNSET : (failureOf(call)?.status ?? STATUS_ERROR),
    shared: NO_ATTRIBUTES,
    attributes,
  };
}

const NO_ATTRIBUTES: Attributes = {};

/** Undefined if a part without which it would be another one could not be read. */
function fullUrl(call: CallContent): string | undefined {
  const scheme = textField(call, 'scheme');
  const host = textField(call, 'host');
  const path = fieldOf(call, 'path')?.value;
  if (scheme === undefined || host === undefined || typeof path !== 'string') return undefined;
  const query = textField(call, 'query');
  return urlText({
    scheme,
    opaque: textField(call, 'opaque'),
    hasUser: isSetField(call, 'user') !== false,
    host,
    path,
    rawPath: textField(call, 'rawPath'),
    query: query === undefined ? undefined : redactedQuery(query),
  });
}

/** After each try that failed, but for the one whose error the program got. */
function timesSentAgain(call: CallContent): number {
  const last = failureOf(call) === undefined ? 0 : 1;
  const failed = (name: string) => call.fields.filter((field) => field.name === name).length;
  // What HTTP/2 gives up is asked once more by what calls it.
  return Math.max(0, failed('failedTry') - last) + Math.max(0, failed('failedStream') - last);
}

/**
 * How many requests this one follows by redirects: as many answers as lead to it; and how often the client sent it again by itself.
 * Undefined for one that was sent once, and where there are more than were counted.
 */
function resendCount(call: CallContent, again: number): number | undefined {
  if (isSetField(call, 'redirect1') !== true) return again || undefined;
  if (isSetField(call, 'redirect3') !== false) return undefined;
  return (isSetField(call, 'redirect2') === true ? 2 : 1) + again;
}

/** Of each time that the request was sent, whether its connection had had one before; none if it was not asked for. */
function connectionsOf({ fields }: CallContent): boolean[] {
  return fields.flatMap(({ name, value }) => {
    if (name === 'reused' && typeof value === 'boolean') return [value];
    // The first request of a connection of HTTP/2 is stream 1.
    return name === 'nextStream' && typeof value === 'number' ? [value > 1] : [];
  });
}

function addSizes(call: CallContent, method: string | undefined, attributes: Attributes): void {
  const length = integerField(call, 'contentLength');
  // With a body it is one of unknown length.
  const isUnknown = length === 0 && isSetField(call, 'body') !== false;
  const requestSize = isUnknown ? undefined : requestBodySize(length, method);
  if (requestSize !== undefined) attributes[UNSTABLE_ATTR.HTTP_REQUEST_BODY_SIZE] = requestSize;
  const answer = responseSize(call, method);
  if (answer !== undefined) attributes[UNSTABLE_ATTR.HTTP_RESPONSE_BODY_SIZE] = answer;
}

/** -1: chunked, decompressed or unknown. The answer to a HEAD says what a GET's body would have. */
function responseSize(call: CallContent, method: string | undefined): number | undefined {
  const size = integerField(call, 'responseLength');
  return size !== undefined && size >= 0 && method !== 'HEAD' ? size : undefined;
}

/** As metrics count them. A request's length of 0 may also mean that it is not known. */
export function httpClientBodySizes(call: CallContent, { method }: HttpClientFacts): BodySizes {
  const length = integerField(call, 'contentLength');
  return { request: length !== undefined && length > 0 ? length : undefined, response: responseSize(call, method) };
}

/** What is known of a request before its answer. */
export function httpClientAddress(call: HasFields, { serverAddress, serverPort, method }: HttpClientFacts): Attributes {
  const scheme = textField(call, 'scheme');
  return {
    ...(method === undefined ? {} : { [ATTR.HTTP_REQUEST_METHOD]: method }),
    ...(scheme === undefined ? {} : { [ATTR.URL_SCHEME]: scheme }),
    ...(serverAddress === undefined ? {} : { [ATTR.SERVER_ADDRESS]: serverAddress }),
    ...(serverPort === undefined ? {} : { [ATTR.SERVER_PORT]: serverPort }),
  };
}
