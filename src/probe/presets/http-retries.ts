import type { NotesPreset, PresetSite } from '../preset/preset.ts';

/** @param argument the error's first word */
function failedTry(functions: readonly string[], argument: number, field: string, optional?: string): PresetSite {
  return {
    functions,
    where: 'entry',
    action: 'note',
    capture: { words: [{ from: { argument }, as: 'interface', fields: [{ dynamic: field, type: 'error' }] }] },
    optional,
  };
}

const xHttp2 = 'golang.org/x/net/http2';

/**
 * Each time that net/http's client could not send a request and asks itself whether to do so again: a note with the error. Of
 * requests that are answered it costs nothing.
 */
export const httpRetries: NotesPreset = {
  name: 'net/http retries',
  library: 'net/http',
  notes: 'net/http client',
  sites: [
    failedTry(['net/http.(*persistConn).shouldRetryRequest'], 2, 'failedTry'),
    failedTry(
      ['net/http.http2shouldRetryRequest', 'net/http/internal/http2.shouldRetryRequest'],
      1,
      'failedStream',
      'the program has no client of HTTP/2',
    ),
    failedTry([`${xHttp2}.shouldRetryRequest`], 1, 'failedStream', `the program has no client of ${xHttp2}`),
  ],
};
