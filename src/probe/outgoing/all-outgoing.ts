import type { Outgoing } from './outgoing.ts';

/**
 * HTTP/1.1: (*persistConn).roundTrip(treq) hands the request to the connection's other goroutine, which writes it into a
 * bufio.Writer: (*Request).write writes the request line, Host and the like, then the headers by Header.writeSubset(w, …).
 * A connection has one request at a time, so its writer tells which it is.
 */
const http1: Outgoing = {
  name: 'net/http HTTP/1.1 requests',
  library: 'net/http',
  of: 'net/http client',
  sites: [
    {
      functions: ['net/http.(*persistConn).roundTrip'],
      where: 'entry',
      action: 'pass',
      key: { word: 0, types: ['net/http.persistConn'], path: 'bw' },
      headers: { word: 1, types: ['net/http.transportRequest'], path: 'Request.Header', are: 'map' },
    },
    {
      functions: ['net/http.Header.writeSubset'],
      where: 'entry',
      action: 'writeLine',
      key: { word: 2 },
      headers: { word: 0, are: 'map' },
    },
  ],
};

/**
 * HTTP/2: (*ClientConn).roundTrip(req) starts a goroutine for the request, which encodes its headers in
 * (*clientStream).encodeAndWriteHeaders(req) and gives the block to (*Framer).WriteHeaders.
 */
function http2(release: string, prefix: string, requestType: string): Outgoing {
  return {
    name: `${release} requests`,
    library: 'net/http',
    of: 'net/http client',
    sites: [
      {
        // Where both are, the second is inlined in some of its callers.
        functions: [`${prefix}ClientConn).roundTrip`, `${prefix}ClientConn).RoundTrip`],
        where: 'entry',
        action: 'pass',
        key: { word: 1 },
        headers: { word: 1, types: [requestType], path: 'Header', are: 'map' },
      },
      {
        functions: [`${prefix}clientStream).encodeAndWriteHeaders`],
        where: 'entry',
        action: 'passOn',
        key: { word: 1 },
      },
      { functions: [`${prefix}Framer).WriteHeaders`], where: 'entry', action: 'writeBlock' },
    ],
  };
}

/**
 * grpc-go: (*http2Client).createHeaderFields makes the fields of the call on the caller's goroutine, the connection's writer
 * encodes them in (*loopyWriter).writeHeader(streamID, endStream, fields, onWrite). The slice tells which call it is.
 */
const grpc: Outgoing = {
  name: 'grpc-go requests',
  library: 'grpc',
  of: 'grpc-go client',
  sites: [
    {
      functions: ['google.golang.org/grpc/internal/transport.(*http2Client).createHeaderFields'],
      where: 'exits',
      action: 'pass',
      key: { word: 0 },
    },
    {
      functions: ['google.golang.org/grpc/internal/transport.(*loopyWriter).writeHeader'],
      where: 'entry',
      action: 'passOn',
      key: { word: 3 },
      headers: { word: 3, are: 'fields' },
    },
    { functions: ['golang.org/x/net/http2.(*Framer).WriteHeaders'], where: 'entry', action: 'writeBlock' },
  ],
};

/** Every way in which the clients of known libraries write requests. */
export const allOutgoing: readonly Outgoing[] = [
  http1,
  http2('net/http HTTP/2', 'net/http.(*http2', 'net/http.Request'),
  http2('net/http HTTP/2 of Go 1.27', 'net/http/internal/http2.(*', 'net/http/internal/http2.ClientRequest'),
  http2('golang.org/x/net/http2', 'golang.org/x/net/http2.(*', 'net/http.Request'),
  grpc,
];
