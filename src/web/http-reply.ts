import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { ApiError } from './api.ts';

/**
 * On every answer. The page shows strings that the traced program, or whoever sends it requests, chose: even if one
 * became markup, it could load and run nothing.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export interface Refusal {
  readonly status: 400 | 403 | 404 | 405 | 500 | 503;
  readonly message: string;
}

export function sendJson(response: ServerResponse, body: unknown): void {
  send(response, 200, 'application/json; charset=utf-8', JSON.stringify(body));
}

export function sendRefusal(response: ServerResponse, { status, message }: Refusal): void {
  if (status === 405) response.setHeader('Allow', 'GET');
  const body: ApiError = { error: message };
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    ...securityHeaders,
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
  });
  response.end(bytes);
}

/**
 * Why a request is not answered, undefined if it may be. A web page elsewhere can point a name of its own at 127.0.0.1
 * and so read what is served here as if it were its own (DNS rebinding): but its name stands in Host. An address or
 * `localhost` cannot be rebound.
 */
export function refusalOf(request: IncomingMessage, configuredHost: string): Refusal | undefined {
  if (request.method !== 'GET') return { status: 405, message: 'The viewer only answers GET.' };
  const host = hostName(request.headers.host);
  if (host === undefined || !(isIP(host) !== 0 || host === 'localhost' || host === configuredHost.toLowerCase())) {
    const message = `The viewer answers by IP address or as localhost, not as ${host ?? 'a host without a name'}. To use a name, set SIDESPAN_VIEWER_HOST to it.`;
    return { status: 403, message };
  }
  // Sent by browsers only: a page of another site or port asking, not a person who follows a link.
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
  if ((site === 'cross-site' || site === 'same-site') && mode !== 'navigate') {
    return { status: 403, message: 'The viewer does not answer other sites.' };
  }
  return undefined;
}

/** Without port and brackets, in lower case. */
function hostName(header: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/]+))(?::\d+)?$/i.exec(header ?? '') ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}
