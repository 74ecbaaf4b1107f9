/**
 * Where a literal begins and ends in each dialect. `unknown`: it depends on something that we don't know; what may be part of
 * a literal then is shown as one.
 */
export interface SqlDialect {
  /** A backslash in a plain string escapes a quote. Servers may have a setting for the opposite, unless `never`: see sql-tokens.ts. */
  readonly backslash: Known | 'never';
  /** What stands between double quotes; `table`: a name where a table must stand, else perhaps a string. */
  readonly doubleQuote: 'name' | 'literal' | 'table';
  /** `…` is a name. */
  readonly backtick: boolean;
  /** […] is a name; `doubled`: ]] in it stands for ]. */
  readonly bracket: Known | 'doubled';
  /** $tag$…$tag$ is a string. */
  readonly dollarQuote: Known;
  /** # begins a comment. */
  readonly hashComment: Known;
  /** -- begins a comment only in front of a space. */
  readonly dashNeedsSpace: Known;
  /** A carriage return ends a comment of a line, too. */
  readonly returnEndsLine: Known;
  /** Comments between slash and star may lie in one another. */
  readonly nestedComments: Known;
  /** E'…' has backslashes, and goes on in a string behind a line break. */
  readonly escapeStrings: Known;
}

export type Known = boolean | 'unknown';

/** https://www.postgresql.org/docs/17/sql-syntax-lexical.html */
const postgresql: SqlDialect = {
  backslash: false,
  doubleQuote: 'name',
  backtick: false,
  bracket: false,
  dollarQuote: true,
  hashComment: false,
  dashNeedsSpace: false,
  returnEndsLine: true,
  nestedComments: true,
  escapeStrings: true,
};

/** https://dev.mysql.com/doc/refman/8.4/en/language-structure.html */
const mysql: SqlDialect = {
  backslash: true,
  doubleQuote: 'literal',
  backtick: true,
  bracket: false,
  dollarQuote: false,
  hashComment: true,
  dashNeedsSpace: true,
  returnEndsLine: false,
  nestedComments: false,
  escapeStrings: false,
};

/** https://www.sqlite.org/lang_keywords.html, https://www.sqlite.org/quirks.html#dblquote */
const sqlite: SqlDialect = {
  backslash: 'never',
  doubleQuote: 'table',
  backtick: true,
  bracket: true,
  dollarQuote: false,
  hashComment: false,
  dashNeedsSpace: false,
  returnEndsLine: false,
  nestedComments: false,
  escapeStrings: false,
};

/** https://learn.microsoft.com/sql/t-sql/language-elements/language-elements-transact-sql */
const sqlServer: SqlDialect = {
  ...sqlite,
  doubleQuote: 'literal',
  backtick: false,
  bracket: 'doubled',
  returnEndsLine: 'unknown',
  nestedComments: true,
};

const unknown: SqlDialect = {
  backslash: 'unknown',
  doubleQuote: 'literal',
  backtick: true,
  bracket: 'unknown',
  dollarQuote: 'unknown',
  hashComment: 'unknown',
  dashNeedsSpace: 'unknown',
  returnEndsLine: 'unknown',
  nestedComments: 'unknown',
  escapeStrings: 'unknown',
};

/** By db.system.name. */
const dialects: Readonly<Record<string, SqlDialect>> = {
  postgresql,
  mysql,
  mariadb: mysql,
  sqlite,
  'microsoft.sql_server': sqlServer,
};

export function sqlDialect(systemName: string | undefined): SqlDialect {
  return (systemName === undefined ? undefined : dialects[systemName]) ?? unknown;
}
