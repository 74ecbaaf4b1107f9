import { behind, errorTypeLabels } from './error-labels.ts';
import type { PresetCapture, PresetDynamicType, PresetField } from './preset.ts';

/** What a driver's error has of what the database said: of a dozen fields its code, a text or a number, and its message. */
interface DriverError {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly hasNumber?: true;
}

const driverErrors: readonly DriverError[] = [
  { type: '*github.com/lib/pq.Error', code: 'Code', message: 'Message' },
  { type: '*github.com/jackc/pgx/v5/pgconn.PgError', code: 'Code', message: 'Message' },
  { type: '*github.com/jackc/pgconn.PgError', code: 'Code', message: 'Message' },
  { type: '*github.com/go-sql-driver/mysql.MySQLError', code: 'Number', message: 'Message', hasNumber: true },
  { type: '*modernc.org/sqlite.Error', code: 'code', message: 'msg', hasNumber: true },
  { type: 'github.com/mattn/go-sqlite3.Error', code: 'Code', message: 'err', hasNumber: true },
];

/** Around PostgreSQL's own, and around those of the context; as they may hold each other. */
const aroundOthers = ['PrepareError', 'pgconnError', 'errTimeout', 'contextAlreadyDoneError'].map(
  (name) => `*github.com/jackc/pgx/v5/pgconn.${name}`,
);

export const databaseErrors: readonly PresetDynamicType[] = [
  ...driverErrors.map(({ type, code, message }) => ({
    type,
    method: 'Error',
    fields: [
      { name: 'code', path: code },
      { name: 'message', path: message },
    ],
  })),
  ...aroundOthers.map((type) => ({ type, method: 'Error', fields: [{ name: 'cause', path: 'err' }] })),
];

/** A function's error, behind `results` words of other results and `args` words of arguments. */
export function errorBehind(results: number, args: number): PresetCapture {
  return {
    words: [
      { from: { result: results, behind: args }, as: 'interface', fields: [{ dynamic: 'error', type: 'error' }] },
    ],
  };
}

/** Bytes of Redis's message: its code is the first word. */
const redisCodeBytes = 16;

/**
 * What makes an error's type, see errorOf in src/telemetry/call-error.ts; from
 * Redis the beginning of what it said.
 */
export const databaseErrorLabels: readonly PresetField[] = [
  ...aroundOthers.map((type): PresetField => ({ unwrap: type, path: 'err' })),
  ...errorTypeLabels(0, 5),
  behind('github.com/redis/go-redis/v9/internal/proto.RedisError', {
    label: 'errorText',
    path: 'value',
    as: 'shape',
    maxBytes: redisCodeBytes,
    place: 5,
  }),
  ...driverErrors.map(({ type, code, hasNumber }) =>
    hasNumber
      ? behind(type, { label: 'errorNumber', path: code, as: 'code', place: 10 })
      : behind(type, { label: 'errorCode', path: code, as: 'part', place: 1 }),
  ),
];
