import { subscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Stream } from 'node:http2';

/** Smaller buffers are parts of one that others share. */
const OWN_MEMORY_FROM = 4096;
const COLLECTOR = '/opentelemetry.proto.collector.';

/** What Node says of each write to an HTTP/2 stream (https://nodejs.org/api/diagnostics_channel.html#http2). */
interface BodyChunk {
  readonly stream: ClientHttp2Stream;
  readonly data: unknown;
}

let isOn = false;

/**
 * Gives the memory of OTLP requests back as soon as they were accepted. Node's object for a write to an HTTP/2 stream holds
 * what was written, and V8's collections of the young generation spare such objects: 300 kB a request would be there
 * until the old generation is looked through, and would be the reason for doing so.
 *
 * A request that is not accepted keeps its memory: gRPC may send it again from there.
 */
export function releaseSentMemory(): void {
  if (isOn) return;
  isOn = true;
  subscribe('http2.client.stream.bodyChunkSent', (message) => {
    const { stream, data } = message as BodyChunk;
    const isOtlp = String(stream.sentHeaders?.[':path']).startsWith(COLLECTOR);
    if (isOtlp && data instanceof Uint8Array && isOwn(data)) releaseWhenAccepted(stream, data);
  });
}

function isOwn({ buffer, byteLength }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && byteLength >= OWN_MEMORY_FROM && byteLength === buffer.byteLength;
}

function releaseWhenAccepted(stream: ClientHttp2Stream, { buffer }: Uint8Array): void {
  let isAccepted = false;
  stream.once('trailers', (trailers) => {
    isAccepted = trailers['grpc-status'] === '0';
  });
  // Finished: the system has all of it, so that nothing reads there any more.
  stream.once('close', () => {
    if (isAccepted && stream.writableFinished) (buffer as ArrayBuffer).transfer(0);
  });
}
