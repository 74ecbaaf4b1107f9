import type { Attributes } from '@opentelemetry/api';
import type { CallContent } from '../event/call.ts';
import { prefaceMethod } from '../probe/preset/http-methods.ts';
import type { BodySizes } from './call-metrics.ts';
import { type CallMeaning, SPAN_KIND, STATUS_ERROR, STATUS_UNSET } from './call-span.ts';
import { addConnectProcedure } from './connect-procedure.ts';
import { OTHER_ROUTE, type RouteGuesser } from './guessed-route.ts';
import { addHeaders } from './http-headers.ts';
import { routeByRouter } from './http-route.ts';
import {
  type KnownMethods,
  knownMethod,
  methodInName,
  OTHER_METHOD,
  protocolVersion,
  requestBodySize,
} from './http-words.ts';
import { addressOf, forwardedClient, forwardedScheme } from './network-address.ts';
import {
  addCaptureNotes,
  type HasFields,
  integerField,
  isSetField,
  textField,
  wholeTextField,
} from './preset-field.ts';
import { type RequestTarget, requestTarget } from './request-target.ts';
import { ATTR, SIDESPAN, UNSTABLE_ATTR } from './semconv.ts';
import { redactedQuery } from './url-query.ts';

/** What both the span and the metric of a request say. All of low cardinality. */
export interface HttpServerFacts {
  /** One of the known methods, `_OTHER`, or undefined if it could not be read. */
  readonly method: string | undefined;
  readonly route: string | undefined;
  /** Undefined where the route is guessed: of calls that are not sampled the path is not known. */
  readonly metricRoute: string | undefined;
  readonly scheme: string | undefined;
  /** `1.1`, `2`. */
  readonly protocolVersion: string | undefined;
  readonly statusCode: number | undefined;
  readonly errorType: string | undefined;
  /** All of these, as a span has them. */
  readonly attributes: Attributes;
}

/** What the facts are made of. */
interface FactFields {
  readonly method: string | undefined;
  readonly pattern: string | undefined;
  readonly isGuessed: boolean;
  readonly forwardedProto: string | undefined;
  readonly tls: boolean | undefined;
  readonly protoMajor: number | undefined;
  readonly protoMinor: number | undefined;
  readonly status: number | undefined;
  /** Of a call that did not return: whether the status had left net/http's buffers. */
  readonly sent: boolean | undefined;
  readonly end: CallContent['end'];
}

/** Of one route, how many different facts are kept: it has a handful. */
const MAX_FACTS_OF_ROUTE = 16;
const MAX_ROUTES = 512;

/** Gives requests that agree in all facts the same object. */
export function httpServerFactsFinder(
  methods: KnownMethods,
  guessRoute?: RouteGuesser,
): (call: Pick<CallContent, 'fields' | 'end'>) => HttpServerFacts {
  const byPattern = new Map<string | undefined, { readonly fields: FactFields; readonly facts: HttpServerFacts }[]>();
  return (call) => {
    const fields = factFields(call, guessRoute);
    const known = byPattern.get(fields.pattern);
    if (known !== undefined) for (const entry of known) if (sameFields(entry.fields, fields)) return entry.facts;
    const facts = factsOf(fields, methods);
    if (known === undefined && byPattern.size < MAX_ROUTES) byPattern.set(fields.pattern, [{ fields, facts }]);
    else if (known !== undefined && known.length < MAX_FACTS_OF_ROUTE) known.push({ fields, facts });
    return facts;
  };
}

function factFields(call: Pick<CallContent, 'fields' | 'end'>, guessRoute: RouteGuesser | undefined): FactFields {
  const told = routeByRouter(call) ?? textField(call, 'pattern');
  return {
    method: textField(call, 'method'),
    pattern: told ?? guessedRoute(call, guessRoute),
    isGuessed: told === undefined,
    forwardedProto: textField(call, 'forwardedProto'),
    tls: isSetField(call, 'tls'),
    protoMajor: integerField(call, 'protoMajor'),
    protoMinor: integerField(call, 'protoMinor'),
    status: integerField(call, 'status'),
    sent: call.end === 'returned' ? undefined : isSetField(call, 'sent'),
    end: call.end,
  };
}

/** Of what is not there clients make up the paths. */
function guessedRoute(call: Pick<CallContent, 'fields'>, guess: RouteGuesser | undefined): string | undefined {
  if (guess === undefined || integerField(call, 'status') === 404) return undefined;
  const { path } = urlParts(call);
  return path?.startsWith('/') ? guess(path) : undefined;
}

function sameFields(a: FactFields, b: FactFields): boolean {
  return (
    a.status === b.status &&
    a.sent === b.sent &&
    a.method === b.method &&
    a.isGuessed === b.isGuessed &&
    a.end === b.end &&
    a.tls === b.tls &&
    a.protoMajor === b.protoMajor &&
    a.protoMinor === b.protoMinor &&
    a.forwardedProto === b.forwardedProto
  );
}

function factsOf(fields: FactFields, methods: KnownMethods): HttpServerFacts {
  const { method: given, pattern, forwardedProto } = fields;
  const statusCode = httpStatusCode(fields);
  const method = knownMethod(given, methods);
  const route = pattern === undefined || pattern === OTHER_ROUTE ? pattern : routeOfPattern(pattern);
  const scheme = (forwardedProto === undefined ? undefined : forwardedScheme(forwardedProto)) ?? ownScheme(fields);
  const facts = {
    method,
    route,
    metricRoute: fields.isGuessed ? undefined : route,
    scheme,
    protocolVersion: protocolVersion(fields.protoMajor, fields.protoMinor),
    statusCode,
    errorType: errorType(fields, statusCode),
  };
  const attributes: Attributes = {};
  if (method !== undefined) attributes[ATTR.HTTP_REQUEST_METHOD] = method;
  if (method === OTHER_METHOD) attributes[ATTR.HTTP_REQUEST_METHOD_ORIGINAL] = given;
  if (scheme !== undefined) attributes[ATTR.URL_SCHEME] = scheme;
  if (route !== undefined) attributes[ATTR.HTTP_ROUTE] = route;
  if (statusCode !== undefined) attributes[ATTR.HTTP_RESPONSE_STATUS_CODE] = statusCode;
  if (facts.errorType !== undefined) attributes[ATTR.ERROR_TYPE] = facts.errorType;
  if (facts.protocolVersion !== undefined) attributes[ATTR.NETWORK_PROTOCOL_VERSION] = facts.protocolVersion;
  return { ...facts, attributes };
}

export function httpServerMeaning(call: CallContent, facts: HttpServerFacts): CallMeaning {
  const attributes: Attributes = {};
  const { method, route, errorType } = facts;
  const { path, query } = urlParts(call);
  if (path !== undefined) attributes[ATTR.URL_PATH] = path;
  if (query !== undefined) attributes[ATTR.URL_QUERY] = redactedQuery(query);
  addAddresses(call, attributes);
  const userAgent = textField(call, 'userAgent');
  if (userAgent !== undefined) attributes[ATTR.USER_AGENT_ORIGINAL] = userAgent;
  addSizes(call, method, attributes);
  addHeaders(call, attributes);
  const connectError = addConnectProcedure(call, attributes);
  if (connectError !== undefined) attributes[ATTR.ERROR_TYPE] ??= errorType ?? connectError;
  if (call.end !== 'returned') attributes[SIDESPAN.ENDED] = call.end;
  addCaptureNotes(call, attributes);

  const verb = methodInName(method);
  return {
    name: route === undefined ? verb : `${verb} ${route}`,
    kind: SPAN_KIND.SERVER,
    // The conventions want no description where the status code says it all.
    status: errorType === undefined && connectError === undefined ? STATUS_UNSET : STATUS_ERROR,
    shared: facts.attributes,
    attributes,
    traceState: wholeTextField(call, 'tracestate'),
  };
}

/**
 * From the request's first line. Fields are read when the handler is done, and handlers take the prefixes of their routes
 * out of Request.URL; those that pass the request on with a client clear RequestURI instead.
 */
function urlParts(call: HasFields): RequestTarget {
  const target = textField(call, 'target');
  if (target !== undefined) return requestTarget(target);
  return { path: textField(call, 'path'), query: textField(call, 'query') };
}

/** `PRI *`, with which a connection of HTTP/2 without TLS begins: no request, but net/http hands it to handlers (h2c). */
export function isPreface(call: HasFields): boolean {
  return textField(call, 'method') === prefaceMethod && textField(call, 'target') === '*';
}

/** The same of calls of which the kernel knows no target, and of open ones: such a request of HTTP/2 has an answer. */
export function arePrefaces(calls: HasFields, { statusCode }: Pick<HttpServerFacts, 'statusCode'>): boolean {
  return (
    statusCode === undefined && textField(calls, 'method') === prefaceMethod && integerField(calls, 'protoMajor') === 2
  );
}

/** `GET example.com/items/{id}`, as Request.Pattern has it, without method and host. */
export function routeOfPattern(pattern: string): string | undefined {
  const slash = pattern.indexOf('/');
  return slash < 0 ? undefined : pattern.slice(slash);
}

/**
 * The status that was sent. net/http keeps 0 until the first WriteHeader and sends 200 for a handler that returned
 * without one (server.go, finishRequest); a handler that panicked before that sent nothing, nor what was still buffered.
 */
function httpStatusCode({ status, sent, end }: FactFields): number | undefined {
  if (sent === false) return undefined;
  if (status === 0) return end === 'returned' ? 200 : undefined;
  return status !== undefined && status >= 100 && status <= 999 ? status : undefined;
}

function errorType({ end }: FactFields, statusCode: number | undefined): string | undefined {
  // net/http recovers a panic and closes the connection, whatever was sent before.
  if (end === 'panic' || end === 'goexit') return end;
  return statusCode !== undefined && statusCode >= 500 ? String(statusCode) : undefined;
}

function ownScheme({ tls }: FactFields): string | undefined {
  return tls === undefined ? undefined : tls ? 'https' : 'http';
}

function addAddresses(call: CallContent, attributes: Attributes): void {
  const host = textField(call, 'host');
  const server = host === undefined ? undefined : addressOf(host);
  if (server !== undefined) {
    attributes[ATTR.SERVER_ADDRESS] = server.address;
    if (server.port !== undefined) attributes[ATTR.SERVER_PORT] = server.port;
  }
  const remote = textField(call, 'peer');
  const peer = remote === undefined ? undefined : addressOf(remote);
  const forwarded = textField(call, 'forwardedFor');
  const client = (forwarded === undefined ? undefined : forwardedClient(forwarded)) ?? peer?.address;
  if (client !== undefined) attributes[ATTR.CLIENT_ADDRESS] = client;
  if (peer !== undefined) {
    attributes[ATTR.NETWORK_PEER_ADDRESS] = peer.address;
    if (peer.port !== undefined) attributes[ATTR.NETWORK_PEER_PORT] = peer.port;
  }
}

function addSizes(call: CallContent, method: string | undefined, attributes: Attributes): void {
  const size = requestBodySize(integerField(call, 'contentLength'), method);
  if (size !== undefined) attributes[UNSTABLE_ATTR.HTTP_REQUEST_BODY_SIZE] = size;
  const written = responseSize(call, method);
  if (written !== undefined) attributes[UNSTABLE_ATTR.HTTP_RESPONSE_BODY_SIZE] = written;
}

function responseSize(call: CallContent, method: string | undefined): number | undefined {
  // Buffered when the handler panicked; or its connection was hijacked, and what it wrote passed net/http by.
  if (call.end !== 'returned' && isSetField(call, 'sent') === false) return undefined;
  const written = integerField(call, 'written');
  // For HEAD net/http counts what the handler wrote and sends none of it.
  return written !== undefined && written >= 0 && method !== 'HEAD' ? written : undefined;
}

/** As metrics count them: also that a GET has no body. A body without a length, in chunks, has no size here. */
export function httpServerBodySizes(call: CallContent, { method }: HttpServerFacts): BodySizes {
  const length = integerField(call, 'contentLength');
  return { request: length !== undefined && length >= 0 ? length : undefined, response: responseSize(call, method) };
}
