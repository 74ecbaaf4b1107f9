import { isIP } from 'node:net';

/** An address and, where it is given, the port. */
export interface NetworkAddress {
  readonly address: string;
  readonly port?: number | undefined;
}

const MAX_PORT = 65535;

const known = new Map<string, NetworkAddress>();
const MAX_KNOWN = 1024;

/** The same as `parseAddress`, for addresses that come again, as those of connections that are kept. */
export function addressOf(text: string): NetworkAddress | undefined {
  const found = known.get(text);
  if (found !== undefined) return found;
  const address = parseAddress(text);
  if (known.size >= MAX_KNOWN) known.clear();
  if (address !== undefined) known.set(text, address);
  return address;
}

/**
 * Splits `10.0.0.1:80`, `[::1]:80`, `example.com`, `::1` or `/run/app.sock`.
 * Undefined for text that names no peer, such as Go's `@` and `` for unnamed Unix sockets, or `bufconn`'s.
 */
export function parseAddress(text: string): NetworkAddress | undefined {
  if (text === '' || text === '@') return undefined;
  if (text.charCodeAt(0) === 0x5b /* [ */) {
    const end = text.indexOf(']');
    if (end < 2) return undefined;
    const address = text.slice(1, end);
    if (end === text.length - 1) return { address };
    const port = text[end + 1] === ':' ? parsePort(text, end + 2) : undefined;
    return port === undefined ? undefined : { address, port };
  }
  const colon = text.lastIndexOf(':');
  if (colon < 0 || text.indexOf(':') !== colon || text.charCodeAt(0) === 0x2f /* / */) return { address: text };
  if (colon === 0) return undefined;
  const port = parsePort(text, colon + 1);
  return port === undefined ? undefined : { address: text.slice(0, colon), port };
}

function parsePort(text: string, from: number): number | undefined {
  let port = 0;
  if (from === text.length) return undefined;
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
    if (port > MAX_PORT) return undefined;
  }
  return port;
}

/** The client that the first proxy saw: the first entry of `X-Forwarded-For` that is an address. */
export function forwardedClient(header: string): string | undefined {
  const comma = header.indexOf(',');
  const first = (comma < 0 ? header : header.slice(0, comma)).trim().replaceAll('"', '');
  // RFC 7239, section 6: clients may be `unknown` or `_hidden`, and anybody can send this header.
  const address = parseAddress(first)?.address;
  return address !== undefined && isIP(address) !== 0 ? address : undefined;
}

/** The scheme that the client used: the first entry of `X-Forwarded-Proto`. Others than these two would not be true. */
export function forwardedScheme(header: string): 'http' | 'https' | undefined {
  const comma = header.indexOf(',');
  const first = (comma < 0 ? header : header.slice(0, comma)).trim().toLowerCase();
  return first === 'http' || first === 'https' ? first : undefined;
}
