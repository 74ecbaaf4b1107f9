import type { NotesPreset } from '../preset/preset.ts';

/**
 * Each time that net/http's client could not send a request and asks itself whether to do so again: a note with the error. Of
 * requests that are answered it costs nothing.
 * @param argument the error's first word
 */
function failedTries(name: string, fn: string, argument: number, field: string): NotesPreset {
  const capture = {
    words: [{ from: { argument }, as: 'interface', fields: [{ dynamic: field, type: 'error' }] }],
  } as const;
  const sites = [{ functions: [fn], where: 'entry', action: 'note', capture }] as const;
  return { name: `failed tries of ${name}`, library: 'net/http', notes: 'net/http client', sites };
}

export const httpRetries: readonly NotesPreset[] = [
  failedTries('HTTP/1.1', 'net/http.(*persistConn).shouldRetryRequest', 2, 'failedTry'),
  failedTries('HTTP/2', 'net/http.http2shouldRetryRequest', 1, 'failedStream'),
  failedTries('HTTP/2', 'net/http/internal/http2.shouldRetryRequest', 1, 'failedStream'),
  failedTries('golang.org/x/net/http2', 'golang.org/x/net/http2.shouldRetryRequest', 1, 'failedStream'),
];
