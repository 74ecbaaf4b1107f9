/** Which traces to list; absent parts let everything through. */
export interface TraceFilter {
  /** A service that takes part in the trace, by its whole name. */
  readonly service?: string | undefined;
  /** Part of a span's name, function or URL path, or the beginning of the trace id; in any case. */
  readonly name?: string | undefined;
  readonly minDurationMs?: number | undefined;
  readonly errorsOnly?: boolean | undefined;
}

/** Attributes that `name` looks into, besides the span's name. */
export const SEARCHED_ATTRIBUTES: ReadonlySet<string> = new Set(['code.function.name', 'url.path']);

/** A filter that cannot be read: the message is for the one who sent it. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

const MAX_TEXT_LENGTH = 500;

/** From the query of `/api/traces` and `/api/live`: `service`, `name`, `minDurationMs`, `error=1`. */
export function parseTraceFilter(query: URLSearchParams): TraceFilter {
  return {
    service: text(query, 'service'),
    name: text(query, 'name'),
    minDurationMs: nonNegativeNumber(query, 'minDurationMs'),
    errorsOnly: flag(query, 'error'),
  };
}

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

/** `limit` of `/api/traces`: 1 to 1,000, 100 when absent. */
export function parseLimit(query: URLSearchParams): number {
  const limit = nonNegativeNumber(query, 'limit') ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new FilterError(`limit must be a whole number from 1 to ${MAX_LIMIT}, not ${query.get('limit')}`);
  }
  return limit;
}

function text(query: URLSearchParams, key: string): string | undefined {
  const value = query.get(key) ?? '';
  if (value.length > MAX_TEXT_LENGTH) throw new FilterError(`${key} is longer than ${MAX_TEXT_LENGTH} characters`);
  return value === '' ? undefined : value;
}

function nonNegativeNumber(query: URLSearchParams, key: string): number | undefined {
  const value = text(query, key);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new FilterError(`${key} must be a number from 0, not ${value}`);
  return number;
}

function flag(query: URLSearchParams, key: string): boolean {
  const value = text(query, key);
  if (value === undefined || value === '0') return false;
  if (value === '1') return true;
  throw new FilterError(`${key} must be 1 or 0, not ${value}`);
}
