import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import { parsePartialSuccess, parseRetryDelayMs } from './otlp-response.ts';
import {
  compress,
  connectionFailure,
  type OtlpOptions,
  type SendResult,
  type TlsMaterial,
  type Transport,
} from './transport.ts';

export interface GrpcTransportOptions extends Pick<OtlpOptions, 'url' | 'headers' | 'compression'> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly tls: TlsMaterial;
  readonly userAgent: string;
}

/** Compressed flag and length before each message. */
const FRAME_BYTES = 5;
const MAX_ANSWER_BYTES = 64 << 10;
/** Eight digits. */
const MAX_GRPC_TIMEOUT = 99_999_999;
const OK = '0';

/** The specification of OTLP/gRPC: these may go away; RESOURCE_EXHAUSTED only where the receiver says when. */
const RETRYABLE = new Set(['1', '4', '10', '11', '14', '15']);
const RESOURCE_EXHAUSTED = '8';
const STATUS_NAMES: Readonly<Record<string, string>> = {
  1: 'CANCELLED',
  2: 'UNKNOWN',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  10: 'ABORTED',
  11: 'OUT_OF_RANGE',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  15: 'DATA_LOSS',
  16: 'UNAUTHENTICATED',
};
/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md: what stands between may answer itself. */
const STATUS_OF_HTTP: Readonly<Record<number, string>> = {
  400: '13',
  401: '16',
  403: '7',
  404: '12',
  429: '14',
  502: '14',
  503: '14',
  504: '14',
};

/**
 * OTLP over gRPC: one unary method, so the protocol
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) is a request and an answer on Node's HTTP/2.
 * @grpc/grpc-js takes 28 MB for it and waits up to two minutes before it connects again.
 */
export function createGrpcTransport(options: GrpcTransportOptions): Transport {
  const url = new URL(options.url);
  const compressed = options.compression === 'gzip';
  const headers: OutgoingHttpHeaders = {
    ':method': 'POST',
    ':path': options.path,
    'user-agent': options.userAgent,
    ...Object.fromEntries(Array.from(options.headers, ([name, value]) => [name.toLowerCase(), value])),
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(compressed && { 'grpc-encoding': 'gzip' }),
  };
  let session: ClientHttp2Session | undefined;
  let sessionError: Error | undefined;

  function openSession(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const tls: SecureClientSessionOptions = options.tls;
    const opened = connect(url, tls);
    sessionError = undefined;
    opened.on('error', (error) => {
      sessionError = error;
    });
    // A server that shuts down finishes what it has; the next request needs another connection.
    opened.on('goaway', () => opened.close());
    opened.on('close', () => {
      if (session === opened) session = undefined;
    });
    session = opened;
    return opened;
  }

  async function send(request: Buffer, timeoutMs: number): Promise<SendResult> {
    let frame = request;
    if (compressed) {
      const body = await compress(request.subarray(FRAME_BYTES));
      frame = Buffer.concat([Buffer.alloc(FRAME_BYTES), body]);
    }
    frame.writeUInt8(compressed ? 1 : 0, 0);
    frame.writeUInt32BE(frame.length - FRAME_BYTES, 1);
    try {
      return await exchange(openSession(), frame, timeoutMs);
    } catch (error) {
      return { outcome: 'retry', reason: connectionFailure(url, error as Error) };
    }
  }

  function exchange(on: ClientHttp2Session, frame: Buffer, timeoutMs: number): Promise<SendResult> {
    return new Promise((resolve) => {
      const stream = on.request({ ...headers, 'grpc-timeout': grpcTimeout(timeoutMs) });
      const timer = setTimeout(() => {
        resolve({ outcome: 'retry', reason: `${url.host} did not answer within ${timeoutMs} ms` });
        stream.close(constants.NGHTTP2_CANCEL);
        // The connection may be dead without our knowing.
        on.destroy();
      }, timeoutMs);
      readAnswer(stream, (answer) => {
        clearTimeout(timer);
        resolve(resultOf(answer));
      });
      stream.end(frame);
    });
  }

  function resultOf(answer: Answer): SendResult {
    const { response, trailers, body } = answer;
    const failure = { ...response, ...trailers };
    const httpStatus = response[':status'];
    if (httpStatus === undefined) return { outcome: 'retry', reason: connectionReason(answer) };
    // An HTTP error without a status of gRPC's own comes from something that stands between.
    const status =
      text(failure['grpc-status']) ?? (httpStatus === 200 ? undefined : (STATUS_OF_HTTP[httpStatus] ?? '2'));
    if (status === undefined) return { outcome: 'retry', reason: connectionReason(answer) };
    if (status === OK) {
      const partial = parsePartialSuccess(body.subarray(FRAME_BYTES));
      return { outcome: 'accepted', rejected: partial?.rejected ?? 0, message: partial?.message ?? '' };
    }
    const message = decoded(text(failure['grpc-message']) ?? (httpStatus === 200 ? '' : `HTTP status ${httpStatus}`));
    const name = STATUS_NAMES[status] ?? `status ${status}`;
    const reason = `${url.host} answered ${name}${message ? `: ${message}` : ''}`;
    const details = text(failure['grpc-status-details-bin']);
    const afterMs = details === undefined ? undefined : parseRetryDelayMs(Buffer.from(details, 'base64'));
    const worthRetrying = RETRYABLE.has(status) || (status === RESOURCE_EXHAUSTED && afterMs !== undefined);
    return worthRetrying ? { outcome: 'retry', reason, afterMs } : { outcome: 'refused', reason };
  }

  function connectionReason({ error, http2Code }: Answer): string {
    if (error === undefined && sessionError === undefined && http2Code) {
      return `${url.host} broke the request off (HTTP/2 error code ${http2Code})`;
    }
    // A stream that is cancelled because its connection failed says so in its cause.
    const cause = sessionError ?? (error?.cause instanceof Error ? error.cause : error);
    const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
    // An HTTP/1 server, or TLS where none was expected, sends something that is not HTTP/2.
    const hint = code.startsWith('ERR_HTTP2')
      ? ' (does it speak gRPC there? For OTLP over HTTP: OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf)'
      : '';
    return connectionFailure(url, cause) + hint;
  }

  return {
    room: FRAME_BYTES,
    send,
    close: () => session?.destroy(),
  };
}

/** A little more than ours, so that a receiver that is too slow doesn't break off just before we say so. */
function grpcTimeout(timeoutMs: number): string {
  return `${Math.min(Math.ceil(timeoutMs) + 500, MAX_GRPC_TIMEOUT)}m`;
}

interface Answer {
  readonly response: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly error: Error | undefined;
  /** Why the stream was broken off: RFC 9113, section 7. */
  readonly http2Code: number | undefined;
}

/** All there is of an answer once the stream is closed, however it ended. */
function readAnswer(stream: ClientHttp2Stream, done: (answer: Answer) => void): void {
  let response: Answer['response'] = {};
  let trailers: IncomingHttpHeaders = {};
  let error: Error | undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('response', (headers) => {
    response = headers;
  });
  stream.on('trailers', (headers) => {
    trailers = headers;
  });
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
    else stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.on('error', (reason) => {
    error = reason;
  });
  stream.on('close', () => done({ response, trailers, body: Buffer.concat(chunks), error, http2Code: stream.rstCode }));
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** grpc-message is percent-encoded. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
