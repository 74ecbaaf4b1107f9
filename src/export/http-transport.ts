import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { parsePartialSuccess, parseStatusMessage } from './otlp-response.ts';
import {
  compress,
  connectionFailure,
  type OtlpOptions,
  type SendResult,
  type TlsMaterial,
  type Transport,
} from './transport.ts';

export interface HttpTransportOptions extends Pick<OtlpOptions, 'url' | 'headers' | 'compression'> {
  readonly tls: TlsMaterial;
  readonly userAgent: string;
}

/** The specification of OTLP/HTTP: only these are worth another attempt. */
const RETRYABLE = new Set([429, 502, 503, 504]);
/** An answer is a few bytes; of a longer one the rest is not read. */
const MAX_ANSWER_BYTES = 64 << 10;
/** The port that OTLP has for gRPC. */
const GRPC_PORT = '4317';

/** OTLP over HTTP with protobuf bodies (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const url = new URL(options.url);
  const secure = url.protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true, ...options.tls }) : new HttpAgent({ keepAlive: true });
  const request = secure ? httpsRequest : httpRequest;
  const headers: Record<string, string> = {
    'user-agent': options.userAgent,
    ...Object.fromEntries(options.headers),
    'content-type': 'application/x-protobuf',
    ...(options.compression === 'gzip' && { 'content-encoding': 'gzip' }),
  };
  const pending = new Set<AbortController>();

  async function send(body: Buffer, timeoutMs: number): Promise<SendResult> {
    const abort = new AbortController();
    pending.add(abort);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort.abort();
    }, timeoutMs);
    try {
      const payload = options.compression === 'gzip' ? await compress(body) : body;
      const [response, answer] = await exchange(payload, abort.signal);
      return resultOf(response, answer);
    } catch (error) {
      if (timedOut) return { outcome: 'retry', reason: `${url.host} did not answer within ${timeoutMs} ms` };
      const hint =
        url.port === GRPC_PORT ? ` (port ${GRPC_PORT} usually speaks gRPC: OTEL_EXPORTER_OTLP_PROTOCOL=grpc)` : '';
      return { outcome: 'retry', reason: connectionFailure(url, error as Error) + hint };
    } finally {
      clearTimeout(timer);
      pending.delete(abort);
    }
  }

  function exchange(payload: Buffer, signal: AbortSignal): Promise<[IncomingMessage, Buffer]> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent, headers, signal }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          if (size < MAX_ANSWER_BYTES) chunks.push(chunk);
          size += chunk.length;
          if (size >= MAX_ANSWER_BYTES) response.destroy();
        });
        response.on('error', reject);
        response.on('close', () => resolve([response, Buffer.concat(chunks)]));
      });
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  function resultOf(response: IncomingMessage, answer: Buffer): SendResult {
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) {
      const isProtobuf = response.headers['content-type']?.startsWith('application/x-protobuf') ?? false;
      const partial = isProtobuf ? parsePartialSuccess(answer) : undefined;
      return { outcome: 'accepted', rejected: partial?.rejected ?? 0, message: partial?.message ?? '' };
    }
    const reason = `${url.host} answered ${status} ${response.statusMessage ?? ''}${explanation(response, answer)}`;
    if (!RETRYABLE.has(status)) return { outcome: 'refused', reason };
    return { outcome: 'retry', reason, afterMs: retryAfterMs(response.headers['retry-after']) };
  }

  return {
    room: 0,
    send,
    close() {
      for (const abort of pending) abort.abort();
      agent.destroy();
    },
  };
}

/** Longest part of a text body that is shown. */
const MAX_EXPLANATION = 200;

function explanation(response: IncomingMessage, answer: Buffer): string {
  const type = response.headers['content-type'] ?? '';
  const text = type.startsWith('application/x-protobuf')
    ? parseStatusMessage(answer)
    : /^text\/plain|json/.test(type)
      ? answer.toString('utf8', 0, MAX_EXPLANATION)
      : undefined;
  const line = text?.replace(/\s+/g, ' ').trim();
  return line ? `: ${line}` : '';
}

/** RFC 9110, section 10.2.3: seconds or a date. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
