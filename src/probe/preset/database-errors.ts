import type { PresetCapture, PresetDynamicType } from './preset.ts';

/** What drivers' errors have of what the database said: of a dozen fields its code and its message. */
export const databaseErrors: readonly PresetDynamicType[] = [
  error('*github.com/lib/pq.Error', 'Code', 'Message'),
  error('*github.com/jackc/pgx/v5/pgconn.PgError', 'Code', 'Message'),
  error('*github.com/jackc/pgconn.PgError', 'Code', 'Message'),
  error('*github.com/go-sql-driver/mysql.MySQLError', 'Number', 'Message'),
  error('*modernc.org/sqlite.Error', 'code', 'msg'),
  error('github.com/mattn/go-sqlite3.Error', 'Code', 'err'),
  // Around PostgreSQL's own, and around those of the context.
  ...['PrepareError', 'errTimeout', 'contextAlreadyDoneError', 'pgconnError'].map(aroundAnother),
];

function aroundAnother(name: string): PresetDynamicType {
  return {
    type: `*github.com/jackc/pgx/v5/pgconn.${name}`,
    method: 'Error',
    fields: [{ name: 'cause', path: 'err' }],
  };
}

function error(type: string, code: string, message: string): PresetDynamicType {
  return {
    type,
    method: 'Error',
    fields: [
      { name: 'code', path: code },
      { name: 'message', path: message },
    ],
  };
}

/** A function's error, behind `results` words of other results and `args` words of arguments. */
export function errorBehind(results: number, args: number): PresetCapture {
  return {
    words: [
      { from: { result: results, behind: args }, as: 'interface', fields: [{ dynamic: 'error', type: 'error' }] },
    ],
  };
}

/** Of calls that are not sampled only failures are told apart. */
export function failureOf({ words }: PresetCapture): PresetCapture | undefined {
  const errors = words.filter(({ as }) => as === 'interface');
  if (errors.length === 0) return undefined;
  return { words: errors.map((word) => ({ ...word, fields: [{ isSet: 'error', place: 0 }] })) };
}
