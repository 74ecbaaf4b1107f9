/** Path and query of a request as its first line has them. */
export interface RequestTarget {
  /** Percent-encoded as it was sent; undefined for CONNECT, whose target is an authority. */
  readonly path: string | undefined;
  /** Without its question mark. */
  readonly query: string | undefined;
}

/** A request target (RFC 9112, section 3.2): `/path?query`, `*`, for proxies `http://host/path?query`, `host:port`. */
export function requestTarget(target: string): RequestTarget {
  const origin = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  const path = mark < 0 ? origin : origin.slice(0, mark);
  const query = mark < 0 || mark === origin.length - 1 ? undefined : origin.slice(mark + 1);
  if (path === '' && origin.length < target.length) return { path: '/', query };
  return path.startsWith('/') || path === '*' ? { path, query } : { path: undefined, query: undefined };
}
