/** The parts of a net/url.URL. */
export interface GoUrl {
  readonly scheme: string;
  readonly opaque?: string | undefined;
  /** Credentials are there. */
  readonly hasUser: boolean;
  readonly host: string;
  /** Decoded. */
  readonly path: string;
  /** As it is to be sent, where that differs from the usual encoding of `path`. */
  readonly rawPath?: string | undefined;
  /** Without its question mark. */
  readonly query?: string | undefined;
}

/** In place of user and password: so the conventions of `url.full` want it. */
const REDACTED_USER = 'REDACTED:REDACTED@';

/** The URL's text, as (*URL).String makes it (net/url/url.go), without credentials. */
export function urlText(url: GoUrl): string {
  const query = url.query === undefined ? '' : `?${url.query}`;
  if (url.opaque !== undefined) return `${url.scheme}:${url.opaque}${query}`;
  const path = url.rawPath ?? escapedPath(url.path);
  const slash = path !== '' && !path.startsWith('/') ? '/' : '';
  return `${url.scheme}://${url.hasUser ? REDACTED_USER : ''}${url.host}${slash}${path}${query}`;
}

/** What stands in a path as it is: unreserved characters and `$&+,/:;=@` (shouldEscape, encodePath). */
const PLAIN = /^[A-Za-z0-9\-_.~$&+,/:;=@]*$/;

function escapedPath(path: string): string {
  if (PLAIN.test(path)) return path;
  let text = '';
  for (const byte of Buffer.from(path)) {
    const char = String.fromCharCode(byte);
    text += byte < 0x80 && PLAIN.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
