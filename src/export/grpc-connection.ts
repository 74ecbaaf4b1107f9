import {
  type ClientHttp2Session,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { gzip } from 'node:zlib';
import type { TlsMaterial } from './otlp-options.ts';
import { GrpcError, TIMED_OUT } from './otlp-outcome.ts';
import { openTunnel, proxyFor } from './proxy-tunnel.ts';

export interface GrpcOptions {
  /** `http://host:port`, or https for TLS. */
  readonly url: string;
  readonly tls: TlsMaterial;
  /** Sent with each call. */
  readonly headers: OutgoingHttpHeaders;
  readonly compression: 'gzip' | 'none';
}

/**
 * Unary calls by HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), on one connection that is made
 * when it is needed and made anew when it was lost. grpc-js does far more than sending bytes needs, and copies them:
 * two milliseconds a request, a fifth of what the agent did for a span.
 */
export interface GrpcConnection {
  /**
   * The answer's message. The request's bytes are the call's until it settles.
   * @throws GrpcError for a status other than OK; any Error where there was none; with TIMED_OUT as message after the time
   */
  call(path: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** The next call connects. What is under way goes on. */
  reconnect(): void;
  close(): void;
}

/** A byte that says whether the message is compressed, and its length as u32. */
const PREFIX_BYTES = 5;

export function openGrpcConnection(options: GrpcOptions): GrpcConnection {
  const { url, tls, headers, compression } = options;
  let session: Promise<ClientHttp2Session> | undefined;

  /** @param onLost may be called more than once */
  async function open(onLost: () => void): Promise<ClientHttp2Session> {
    const proxy = proxyFor(url);
    const socket = proxy && (await openTunnel(proxy, url, tls));
    const opened = connect(url, { ...tls, ...(socket && { createConnection: () => socket }) });
    // A call that is under way learns it from its stream.
    return opened.on('error', onLost).on('goaway', onLost).on('close', onLost);
  }

  function connected(): Promise<ClientHttp2Session> {
    if (session !== undefined) return session;
    const forget = () => {
      if (session === opening) session = undefined;
    };
    const opening = open(forget);
    opening.catch(forget);
    session = opening;
    return opening;
  }

  function reconnect(): void {
    // It ends when its calls have.
    void session?.then((used) => used.close()).catch(() => {});
    session = undefined;
  }

  return {
    async call(path, message, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      const content = compression === 'gzip' ? await zipped(message) : message;
      const used = await inTime(connected(), timeoutMs);
      const leftMs = Math.max(1, Math.round(deadline - performance.now()));
      return await unaryCall(used, { ...headers, ':path': path }, content, compression === 'gzip', leftMs);
    },
    reconnect,
    close: reconnect,
  };
}

function unaryCall(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  message: Uint8Array,
  isCompressed: boolean,
  timeoutMs: number,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const stream = session.request({
    ':method': 'POST',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${timeoutMs}m`,
    ...(isCompressed && { 'grpc-encoding': 'gzip' }),
    ...headers,
  });
  const chunks: Buffer[] = [];
  let status: IncomingHttpHeaders = {};
  let failure: Error | undefined;
  const timer = setTimeout(() => {
    failure = new Error(TIMED_OUT);
    stream.close(constants.NGHTTP2_CANCEL);
  }, timeoutMs);
  const note = (received: IncomingHttpHeaders) => {
    status = { ...status, ...received };
  };
  stream
    .on('response', note)
    .on('trailers', note)
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('error', (error) => {
      failure ??= error.cause instanceof Error ? error.cause : error;
    })
    // Only now is the message nobody's any more.
    .on('close', () => {
      clearTimeout(timer);
      const answer = answerOf(status, Buffer.concat(chunks), failure);
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    });
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix[0] = isCompressed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  stream.cork();
  stream.write(prefix);
  stream.end(message);
  stream.uncork();
  return promise;
}

const OK = '0';

function answerOf(headers: IncomingHttpHeaders, body: Buffer, failure: Error | undefined): Uint8Array | Error {
  const status = headers['grpc-status'];
  if (status === OK && failure === undefined) {
    const end = body.length < PREFIX_BYTES ? 0 : PREFIX_BYTES + body.readUInt32BE(1);
    return body[0] === 0 && end === body.length
      ? body.subarray(PREFIX_BYTES)
      : new Error(`an answer that is no gRPC message: ${body.length} bytes`);
  }
  if (typeof status === 'string' && /^\d{1,9}$/.test(status)) {
    const details = decoded(String(headers['grpc-message'] ?? ''));
    const more = headers['grpc-status-details-bin'];
    return new GrpcError(Number(status), details, typeof more === 'string' ? Buffer.from(more, 'base64') : undefined);
  }
  if (failure !== undefined) return failure;
  const httpStatus = Number(headers[':status']);
  if (!Number.isInteger(httpStatus)) return new Error('the connection ended before an answer');
  return new GrpcError(CODE_OF_HTTP_STATUS[httpStatus] ?? UNKNOWN, `HTTP status ${httpStatus}`);
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const CODE_OF_HTTP_STATUS: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};
const UNKNOWN = 2;

/** Percent-encoded UTF-8. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function zipped(message: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    gzip(message, (error, result) => (error === null ? resolve(result) : reject(error))),
  );
}

async function inTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(TIMED_OUT)), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
