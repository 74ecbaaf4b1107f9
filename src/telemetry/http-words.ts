import { httpMethods } from '../probe/preset/http-methods.ts';

/** What servers and clients of HTTP have in common: the conventions' words for methods and versions. */

/** What is not among them is `_OTHER`: OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS. */
export type KnownMethods = ReadonlySet<string>;

export const USUAL_METHODS: KnownMethods = new Set(httpMethods);
const METHODS_WITH_BODY = new Set(['PATCH', 'POST', 'PUT']);

/** Stands for every other method. */
export const OTHER_METHOD = '_OTHER';

/** The method, or `_OTHER`; undefined if it could not be read. */
export function knownMethod(given: string | undefined, known: KnownMethods): string | undefined {
  return given === undefined || known.has(given) ? given : OTHER_METHOD;
}

/** How a span's name begins. */
export function methodInName(method: string | undefined): string {
  return method === undefined || method === OTHER_METHOD ? 'HTTP' : method;
}

/** `1.1`, `2`. */
export function protocolVersion(major: number | undefined, minor: number | undefined): string | undefined {
  if (major === undefined || minor === undefined) return undefined;
  if (major === 1 && minor === 1) return '1.1';
  return major >= 2 && minor === 0 ? String(major) : `${major}.${minor}`;
}

/** Size of a request's body by its ContentLength; undefined where that says nothing: -1, or a GET's 0. */
export function requestBodySize(contentLength: number | undefined, method: string | undefined): number | undefined {
  if (contentLength === undefined || contentLength < 0) return undefined;
  return contentLength > 0 || METHODS_WITH_BODY.has(method ?? '') ? contentLength : undefined;
}
