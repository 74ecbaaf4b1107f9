import { sqlDialect } from './dialect.ts';
import { type SqlToken, type SqlTokens, sqlToken, sqlTokens } from './sql-tokens.ts';
import { type SqlSummary, summarizeSql } from './summarize-sql.ts';

/** What of an SQL text may leave the agent. */
export interface SanitizedSql extends SqlSummary {
  /** `?` in place of every literal; without comments; spaces are single. Ends with `…` where something is missing. */
  readonly text: string;
}

/** Longer texts are cut: what takes time is bounded, whatever was captured. */
const maxSqlLength = 1 << 16;

/**
 * Takes the literals out of an SQL text: strings, numbers, truth values; also those in comments. Of a list behind IN one is left.
 * Never throws: what can't be read for sure is left out.
 * @param systemName db.system.name: which dialect it is in.
 * @param isCut the text's end is missing.
 */
export function sanitizeSql(sql: string, systemName: string | undefined, isCut = false): SanitizedSql {
  const isLong = sql.length > maxSqlLength;
  const text = isLong ? sql.slice(0, maxSqlLength) : sql;
  const read = sqlTokens(text, sqlDialect(systemName), isCut || isLong);
  const isWhole = !isCut && !isLong && !read.isOpen;
  const sanitized = sanitizedText(text, read);
  return { text: isWhole ? sanitized : `${sanitized}…`, ...summarizeSql(text, read.tokens, isWhole) };
}

function sanitizedText(text: string, { tokens }: SqlTokens): string {
  let result = '';
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as SqlToken;
    const isApart = i > 0 && (tokens[i - 1] as SqlToken).end < token.start;
    result += `${isApart ? ' ' : ''}${token.kind === sqlToken.literal ? '?' : text.slice(token.start, token.end)}`;
    const end = listEnd(text, tokens, i);
    if (end === undefined) continue;
    result += ' (?)';
    i = end;
  }
  return result;
}

/** Index of the parenthesis that closes a list of literals and parameters behind IN. */
function listEnd(text: string, tokens: readonly SqlToken[], at: number): number | undefined {
  const word = tokens[at];
  if (word?.kind !== sqlToken.word || word.end - word.start !== 2) return undefined;
  if (text.slice(word.start, word.end).toLowerCase() !== 'in' || signAt(text, tokens[at + 1]) !== '(') return undefined;
  for (let i = at + 2; ; i += 2) {
    const kind = tokens[i]?.kind;
    if (kind !== sqlToken.literal && kind !== sqlToken.parameter) return undefined;
    const sign = signAt(text, tokens[i + 1]);
    if (sign === ')') return i + 1;
    if (sign !== ',') return undefined;
  }
}

function signAt(text: string, token: SqlToken | undefined): string | undefined {
  return token?.kind === sqlToken.sign ? text.charAt(token.start) : undefined;
}
