import type { NotesPreset } from '../preset/preset.ts';

/**
 * What connection a request of net/http's client goes out by. A note for each time that it is sent: the client does so again, on another
 * connection, where one that it had used before was closed meanwhile. With SIDESPAN_REQUEST_PHASES only.
 * @param path of the connection's type
 */
function connections(
  name: string,
  functions: readonly string[],
  type: string,
  field: string,
  path: string,
): NotesPreset {
  const capture = { words: [{ from: { argument: 0 }, types: [type], fields: [{ field, path }] }] };
  const sites = [{ functions, where: 'entry', action: 'note', capture }] as const;
  return { name: `connections of ${name}`, library: 'net/http', notes: 'net/http client', sites };
}

function http2(name: string, packageName: string, type: string): NotesPreset {
  const functions = ['roundTrip', 'RoundTrip'].map((method) => `${packageName}.(*${type}).${method}`);
  return connections(name, functions, `${packageName}.${type}`, 'nextStream', 'nextStreamID');
}

export const httpConnections: readonly NotesPreset[] = [
  connections('HTTP/1.1', ['net/http.(*persistConn).roundTrip'], 'net/http.persistConn', 'reused', 'reused'),
  http2('HTTP/2', 'net/http', 'http2ClientConn'),
  http2('HTTP/2', 'net/http/internal/http2', 'ClientConn'),
  http2('golang.org/x/net/http2', 'golang.org/x/net/http2', 'ClientConn'),
];
