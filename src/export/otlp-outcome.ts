import type { ServiceError } from '@grpc/grpc-js';

/** What became of a request. */
export type SendResult =
  /** The receiver has it; of its items it refused `rejected`, for the reason in `message`. */
  | { readonly outcome: 'accepted'; readonly rejected: number; readonly message: string }
  /** Worth another attempt. */
  | { readonly outcome: 'retry'; readonly reason: string }
  /** The receiver will never take it. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** Parts of it may do. */
  | { readonly outcome: 'too_large'; readonly reason: string };

export const GRPC_STATUS = { CANCELLED: 1, DEADLINE_EXCEEDED: 4, RESOURCE_EXHAUSTED: 8 } as const;

/** The specification of OTLP/gRPC: these may go away; RESOURCE_EXHAUSTED only where the receiver says when. */
const RETRYABLE: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);
const RETRY_INFO = 'google.rpc.RetryInfo';
/** Each gRPC implementation has its own words, with RESOURCE_EXHAUSTED or OUT_OF_RANGE. */
const TOO_LARGE_CODES: ReadonlySet<number> = new Set([8, 11]);
const TOO_LARGE = /larger than max|exceeds (the )?max|too large/i;

/** The receiver's clock for a call runs beside ours, and may end it so much of its time earlier. */
const CLOCK_TOLERANCE = 0.1;

/** @param place host and port, for people. @param attempt how long it took, and how long it was given. */
export function grpcFailure(
  error: Error,
  place: string,
  { elapsedMs, timeoutMs }: { readonly elapsedMs: number; readonly timeoutMs: number },
): SendResult {
  if (error.message === TIMED_OUT) return silence(place, timeoutMs);
  if (!isServiceError(error)) return { outcome: 'retry', reason: `${place}: ${shown(error.message)}` };
  const { code, details, metadata } = error;
  // The message is "14 UNAVAILABLE: …", with everything but the name in `code` and `details`.
  const name = /^\d+ (\w+)/.exec(error.message)?.[1] ?? `status ${code}`;
  if (TOO_LARGE_CODES.has(code) && TOO_LARGE.test(details)) {
    return { outcome: 'too_large', reason: `${place}: ${name}: ${shown(details)}` };
  }
  if (code === GRPC_STATUS.DEADLINE_EXCEEDED) return silence(place, timeoutMs);
  // The deadline is sent along: a receiver that keeps it cancels a call that hangs, now and then before our own timer.
  if (code === GRPC_STATUS.CANCELLED && elapsedMs >= timeoutMs * (1 - CLOCK_TOLERANCE))
    return silence(place, timeoutMs);
  if (isUnconnected(error)) return { outcome: 'retry', reason: connectionFailure(place, details) };
  const reason = `${place} answered ${name}: ${shown(details)}`;
  const retryInfo = metadata?.get('grpc-status-details-bin').some((detail) => detail.includes(RETRY_INFO)) ?? false;
  const worthRetrying = RETRYABLE.has(code) || (code === GRPC_STATUS.RESOURCE_EXHAUSTED && retryInfo);
  return { outcome: worthRetrying ? 'retry' : 'refused', reason };
}

export function isServiceError(error: Error): error is ServiceError {
  return 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** grpc-js found no way to the receiver; it tries again after pauses that grow to two minutes. */
export function isUnconnected({ details }: ServiceError): boolean {
  return /^(No connection established|Name resolution failed)/.test(details);
}

/** Of @opentelemetry/otlp-exporter-base: `code` is the HTTP status, `data` the answer as text. */
interface HttpExportError extends Error {
  readonly code?: number | string;
  readonly data?: string;
}

const TOO_LARGE_STATUS = 413;
/** What OTLPExporterError says where the status was 429, 502, 503 or 504: it does not say which. */
const RETRYABLE_STATUS = 'Export failed with retryable status';

/** The HTTP transport's words for silence, and ours. */
export const TIMED_OUT = 'Request timed out';

export function httpFailure(error: HttpExportError, place: string, timeoutMs: number): SendResult {
  if (typeof error.code === 'number') {
    const data = error.data ? `: ${shown(error.data)}` : '';
    const reason = `${place} answered ${error.code} ${error.message}${data}`;
    const tooLarge = error.code === TOO_LARGE_STATUS || (error.code === 400 && /body too large/.test(data));
    return { outcome: tooLarge ? 'too_large' : 'refused', reason };
  }
  if (error.message === RETRYABLE_STATUS) {
    return { outcome: 'retry', reason: `${place} answered that it is busy or not ready (429, 502, 503 or 504)` };
  }
  if (error.message === TIMED_OUT) return silence(place, timeoutMs);
  return { outcome: 'retry', reason: connectionFailure(place, `${error.code ?? ''} ${error.message}`) };
}

function silence(place: string, timeoutMs: number): SendResult {
  return { outcome: 'retry', reason: `${place} did not answer within ${timeoutMs} ms` };
}

/** What went wrong with a connection, in words. */
function connectionFailure(place: string, details: string): string {
  switch (/\bE[A-Z_]{4,}\b/.exec(details)?.[0]) {
    case 'ECONNREFUSED':
      return `nothing listens on ${place}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name in ${place} can't be resolved`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `${place} can't be reached`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${place} closed the connection`;
    default:
      return `${place}: ${shown(details)}`;
  }
}

/** Longest part of a foreign text that is shown. */
const MAX_SHOWN = 200;

/** One line of what may be a protobuf message: only what can be printed. */
function shown(text: string): string {
  return text
    .slice(0, MAX_SHOWN)
    .replace(/[\p{C}\s\ufffd]+/gu, ' ')
    .trim();
}
