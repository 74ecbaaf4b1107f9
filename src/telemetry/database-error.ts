import type { Value } from '../event/value.ts';
import type { CallFailure } from './call-error.ts';
import { STATUS_ERROR_CODE } from './call-span.ts';
import type { QueryTexts } from './query-texts.ts';

/** Redis says its code first: `WRONGTYPE Operation against …`. */
const REDIS_ERROR = 'github.com/redis/go-redis/v9/internal/proto.RedisError';
/** Not an error: there is no such key. */
const REDIS_NIL = 'redis: nil';

/** These come from the program's own machine: they have no values of a query. */
const harmless = /^\*?(?:net|os|syscall|io|context|crypto\/.*)\.|^\*errors\.errorString$/;

export interface DatabaseFailure {
  readonly failure: CallFailure | undefined;
  /** The database's code. */
  readonly statusCode: string | undefined;
}

/** What the error is about, if it only says where that happened (`cause` in src/probe/preset/database-errors.ts). */
export function rootCause(error: Value | undefined): Value | undefined {
  if (!Array.isArray(error?.value)) return error;
  const cause = (error.value as readonly Value[]).find(({ name }) => name === 'cause');
  return cause?.value === undefined || cause.value === null ? error : rootCause(cause);
}

/** What a driver's error says (src/probe/preset/database-errors.ts), with `?` for the values in its message; undefined: none, or one that any client may have. */
export function databaseFailure(error: Value | undefined, queries: QueryTexts): DatabaseFailure | undefined {
  if (error?.value === undefined || error.value === null) return undefined;
  const { value, goType } = error;
  const failed = (type: string, code: string | undefined, message: string | undefined): DatabaseFailure => ({
    failure: {
      type,
      status: message === undefined ? { code: STATUS_ERROR_CODE } : { code: STATUS_ERROR_CODE, message },
    },
    statusCode: code,
  });
  if (goType === REDIS_ERROR && typeof value === 'string') {
    if (value === REDIS_NIL) return { failure: undefined, statusCode: undefined };
    const code = /^[A-Z]+\b/.exec(value)?.[0];
    return failed(code ?? goType, code, queries.message(value));
  }
  if (Array.isArray(value)) {
    const part = (name: string) => (value as readonly Value[]).find((each) => each.name === name);
    const [code, message] = [part('code')?.value, part('message')];
    const isCode = (typeof code === 'string' && code !== '') || typeof code === 'number';
    const statusCode = isCode ? String(code) : undefined;
    const text = typeof message?.value === 'string' ? message.value : undefined;
    return failed(
      statusCode ?? goType,
      statusCode,
      text && queries.message(message?.truncated === undefined ? text : `${text}…`),
    );
  }
  if (typeof value === 'string' && !harmless.test(goType)) return failed(goType, undefined, queries.message(value));
  return undefined;
}
