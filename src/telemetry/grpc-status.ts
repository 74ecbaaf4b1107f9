import type { Value } from '../event/value.ts';

/** By number: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const STATUS_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The conventions for gRPC: of these the server is to blame; the rest are the caller's. */
const SERVER_ERRORS = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

export function isServerError(code: string): boolean {
  return SERVER_ERRORS.has(code);
}

/** How a call ended. */
export interface GrpcStatus {
  /** `OK`, `NOT_FOUND` …; a code that gRPC does not define as digits. */
  readonly code: string;
  readonly message?: string | undefined;
}

export function statusCodeName(code: number): string {
  return STATUS_CODES[code] ?? String(code);
}

/** Go's names of codes are the same words in another case, but for one: `NotFound`, `Canceled`. */
const byGoName = new Map<string, string>(
  STATUS_CODES.map((name) => [name === 'CANCELLED' ? 'CANCELED' : name.replaceAll('_', ''), name]),
);
/** As status.Error's Error() has it. */
const STATUS_TEXT = /^rpc error: code = (?:Code\((\d+)\)|(\w+)) desc = (.*)$/s;
/** Of one that wraps it (fmt.Errorf with %w), as grpc-go's does when a call was tried too often. The message is all of it. */
const WRAPPED_STATUS_TEXT = /: rpc error: code = (?:Code\((\d+)\)|(\w+)) desc = /;

/** What status.FromError makes of a client's error, but that io.EOF is how a stream ends well; undefined: not known. */
export function statusOfError(error: Value | undefined): GrpcStatus | undefined {
  if (error?.value === undefined) return undefined;
  if (error.value === null || error.value === 'EOF') return { code: 'OK' };
  if (typeof error.value !== 'string') return { code: 'UNKNOWN' };
  const message = error.value;
  const wrapped = error.goType === '*fmt.wrapError' ? WRAPPED_STATUS_TEXT.exec(message) : null;
  const [, digits, name, description = message] = STATUS_TEXT.exec(message) ?? wrapped ?? [];
  if (digits !== undefined) return { code: digits, message: description };
  if (name !== undefined) return { code: byGoName.get(name.toUpperCase()) ?? name, message: description };
  if (message === 'context canceled') return { code: 'CANCELLED', message };
  if (message === 'context deadline exceeded') return { code: 'DEADLINE_EXCEEDED', message };
  return { code: 'UNKNOWN', message };
}
