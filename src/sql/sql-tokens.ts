import type { SqlDialect } from './dialect.ts';
import { char, isDigit, isSpace, isWordPart, isWordStart } from './sql-characters.ts';

/**
 * literal: a string, number or truth value, to be hidden; name: in quotes; parameter: `$1`, `?`, `:name`, `@name`; sign: one character of
 * punctuation.
 */
export const sqlToken = { word: 0, name: 1, literal: 2, parameter: 3, sign: 4 } as const;

export type SqlTokenKind = (typeof sqlToken)[keyof typeof sqlToken];

export interface SqlToken {
  readonly kind: SqlTokenKind;
  readonly start: number;
  readonly end: number;
}

export interface SqlTokens {
  readonly tokens: readonly SqlToken[];
  /** What follows may be within a literal or not: nothing is said of it. */
  readonly isOpen: boolean;
}

/**
 * The tokens of an SQL text, without comments. Where a string ends depends on whether a backslash escapes its quotes, and
 * servers can be set to the opposite of their dialect's way (standard_conforming_strings, NO_BACKSLASH_ESCAPES): a text for which
 * it matters is read in both ways. If just one makes sense it is taken, else the tokens end where the two differ.
 * @param isCut the text's end is missing, so that a string without an end makes sense.
 */
export function sqlTokens(text: string, dialect: SqlDialect, isCut: boolean): SqlTokens {
  const escapes = dialect.backslash === true;
  const usual = readTokens(text, dialect, escapes);
  const { doubtfulFrom } = usual;
  if (doubtfulFrom === undefined || dialect.backslash === 'unknown') return usual;
  const other = readTokens(text, dialect, !escapes);
  const makesSense = ({ isStray, isUnended }: Reading) => !isStray && (isCut || !isUnended);
  if (makesSense(usual) && !makesSense(other)) return usual;
  if (makesSense(other) && !makesSense(usual)) return other;
  return { tokens: usual.tokens.slice(0, doubtfulFrom), isOpen: true };
}

interface Reading extends SqlTokens {
  /** Index of the first token whose end depends on what a backslash means. */
  readonly doubtfulFrom: number | undefined;
  /** A backslash outside of strings: no dialect has that. */
  readonly isStray: boolean;
  /** A string or comment has no end. */
  readonly isUnended: boolean;
}

/** Stand in front of a string and belong to it: bits, hexadecimal, national, escapes, raw … */
const stringPrefixes = new Set(['b', 'x', 'n', 'e', 'r', 'br', 'rb']);
/** Oracle's q'[…]': what ends it is up to the text. */
const freeQuotes = new Set(['q', 'nq']);
/** Behind these sqlite takes a string between double quotes for a name. */
const tablePlaces = new Set(['from', 'join', 'into', 'update', 'table']);
const truthValue = /^(?:true|false)$/i;
const quotesInLine = /['"`]|\/\*/;
/** PostgreSQL counts parameters to 65535; longer ones would be numbers in disguise. */
const maxParameterDigits = 5;
/** How far the end of what a bracket begins is looked for where it may be a name. */
const maxBracketed = 256;

/** One pass from left to right: each character is looked at a fixed number of times. */
function readTokens(text: string, dialect: SqlDialect, backslash: boolean): Reading {
  const tokens: SqlToken[] = [];
  let at = 0;
  let doubtfulFrom: number | undefined;
  let isStray = false;
  let isUnended = false;
  let isOpen = false;

  function add(kind: SqlTokenKind, start: number, end: number): void {
    tokens.push({ kind, start, end });
    at = end;
  }

  /** Behind the string or name that begins at `from`; its quote doubled stands for itself. */
  function quotedEnd(from: number, close: string, escapes: boolean | 'by reading'): number {
    const quote = close.charCodeAt(0);
    let backslashes = 0;
    for (let i = from + 1; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === char.backslash) {
        backslashes++;
        continue;
      }
      const follows = backslashes % 2 === 1;
      backslashes = 0;
      if (c !== quote) continue;
      if (follows && escapes === 'by reading') {
        if (dialect.backslash === 'unknown') isOpen = true;
        doubtfulFrom ??= tokens.length;
      }
      const isEscaped = follows && (escapes === 'by reading' ? backslash : escapes);
      if (isEscaped) continue;
      if (text.charCodeAt(i + 1) !== quote) return i + 1;
      i++;
    }
    isUnended = true;
    return text.length;
  }

  function string(start: number): void {
    const prefix = text.slice(start, at).toLowerCase();
    const quote = text.charAt(at);
    const unknown = dialect.escapeStrings === 'unknown';
    if (unknown && (freeQuotes.has(prefix) || text.startsWith(quote.repeat(3), at))) {
      isOpen = true;
      return;
    }
    const escapes = dialect.escapeStrings === true && prefix === 'e';
    let end = quotedEnd(at, quote, escapes || (dialect.backslash !== 'never' && 'by reading'));
    // Behind a line break the string goes on, with the same meaning of backslashes.
    for (let next = escapes ? continued(end) : undefined; next !== undefined; next = continued(end)) {
      end = quotedEnd(next, quote, true);
    }
    add(sqlToken.literal, start, end);
  }

  /** Where an escape string goes on, if it does. */
  function continued(end: number): number | undefined {
    let hasBreak = false;
    for (let i = end; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === char.dash && text.charCodeAt(i + 1) === char.dash) i = lineEnd(i);
      const isBreak = text.charCodeAt(i) === char.lineFeed || text.charCodeAt(i) === char.return;
      hasBreak ||= isBreak;
      if (!isBreak && !isSpace(c)) return hasBreak && c === char.quote ? i : undefined;
    }
    return undefined;
  }

  function lineEnd(from: number): number {
    let end = from;
    for (; end < text.length; end++) {
      const c = text.charCodeAt(end);
      if (c === char.lineFeed) break;
      if (c !== char.return || dialect.returnEndsLine === false) continue;
      if (dialect.returnEndsLine === true) break;
      // Nobody asks how the rest of the line is read.
      isOpen ||= text.charCodeAt(end + 1) !== char.lineFeed;
    }
    return end;
  }

  /** A comment to the end of the line, or, where that is not sure, one in which nothing can begin. */
  function lineComment(isSure: boolean): void {
    const end = lineEnd(at);
    if (!isSure && quotesInLine.test(text.slice(at, end))) isOpen = true;
    else at = end;
  }

  function blockComment(): void {
    let depth = 0;
    while (at < text.length) {
      if (text.startsWith('*/', at)) {
        at += 2;
        if (--depth === 0) return;
      } else if (text.startsWith('/*', at)) {
        if (depth === 1 && dialect.nestedComments === 'unknown') {
          isOpen = true;
          return;
        }
        if (depth === 0 || dialect.nestedComments === true) depth++;
        at += 2;
      } else {
        at++;
      }
    }
    isUnended = true;
  }

  function doubleQuoted(): void {
    if (dialect.doubleQuote === 'literal') return string(at);
    const start = at;
    const end = quotedEnd(at, '"', false);
    const before = tokens.at(-1);
    const isTable =
      text.charCodeAt(end) === char.dot ||
      (before !== undefined &&
        (before.kind === sqlToken.sign
          ? text.charCodeAt(before.start) === char.dot
          : before.kind === sqlToken.word && tablePlaces.has(text.slice(before.start, before.end).toLowerCase())));
    add(dialect.doubleQuote === 'name' || isTable ? sqlToken.name : sqlToken.literal, start, end);
  }

  function bracket(): void {
    const { bracket: kind } = dialect;
    if (kind === 'unknown') {
      const end = text.slice(at, at + maxBracketed).indexOf(']');
      const mayHide = quotesInLine.test(text.slice(at, at + end)) || text.charAt(at + end + 1) === ']';
      if (end < 0 || mayHide) isOpen = true;
      else add(sqlToken.sign, at, at + 1);
    } else if (kind === 'doubled') {
      add(sqlToken.name, at, quotedEnd(at, ']', false));
    } else if (kind) {
      const end = text.indexOf(']', at) + 1;
      isUnended ||= end === 0;
      add(sqlToken.name, at, end || text.length);
    } else {
      add(sqlToken.sign, at, at + 1);
    }
  }

  function dollar(): void {
    let end = at + 1;
    while (end < text.length && isWordPart(text.charCodeAt(end)) && text.charCodeAt(end) !== char.dollar) end++;
    const isTag = text.charCodeAt(end) === char.dollar && !isDigit(text.charCodeAt(at + 1));
    if (isTag && dialect.dollarQuote === 'unknown') {
      isOpen = true;
    } else if (isTag && dialect.dollarQuote) {
      const tag = text.slice(at, end + 1);
      const close = text.indexOf(tag, end + 1);
      isUnended ||= close < 0;
      add(sqlToken.literal, at, close < 0 ? text.length : close + tag.length);
    } else if (isDigit(text.charCodeAt(at + 1))) {
      parameter(1);
    } else {
      add(end > at + 1 ? sqlToken.parameter : sqlToken.sign, at, end);
    }
  }

  /** A parameter by number. */
  function parameter(prefix: number): void {
    let end = at + prefix;
    while (isDigit(text.charCodeAt(end))) end++;
    const isNumber = end - at - prefix > maxParameterDigits || isWordPart(text.charCodeAt(end));
    if (isNumber) number(at);
    else add(sqlToken.parameter, at, end);
  }

  function number(start: number): void {
    let end = start + 1;
    for (; end < text.length; end++) {
      const c = text.charCodeAt(end);
      if (isWordPart(c) || c === char.dot) continue;
      const before = text.charCodeAt(end - 1) | 0x20;
      const isExponent = before === char.e && (c === char.plus || c === char.dash) && isDigit(text.charCodeAt(end + 1));
      if (!isExponent) break;
    }
    add(sqlToken.literal, start, end);
  }

  function word(prefix = 0): void {
    const start = at;
    let end = at + prefix;
    while (end < text.length && isWordPart(text.charCodeAt(end))) end++;
    const isPrefix = end - start <= 2 && text.charCodeAt(end) === char.quote;
    const lower = isPrefix ? text.slice(start, end).toLowerCase() : '';
    if (prefix === 0 && (stringPrefixes.has(lower) || freeQuotes.has(lower))) {
      at = end;
      string(start);
    } else {
      const isTruth = truthValue.test(text.slice(start, Math.min(end, start + 6)));
      add(isTruth ? sqlToken.literal : prefix === 0 ? sqlToken.word : sqlToken.parameter, start, end);
    }
  }

  function token(c: number): void {
    const next = text.charCodeAt(at + 1);
    if (isSpace(c)) at++;
    else if (c === char.quote) string(at);
    else if (c === char.doubleQuote) doubleQuoted();
    else if (c === char.backtick && dialect.backtick) add(sqlToken.name, at, quotedEnd(at, '`', false));
    else if (c === char.openBracket) bracket();
    else if (c === char.slash && next === char.star) blockComment();
    else if (c === char.dash && next === char.dash) {
      const third = text.charCodeAt(at + 2);
      const hasSpace = Number.isNaN(third) || isSpace(third);
      if (dialect.dashNeedsSpace === true && !hasSpace) add(sqlToken.sign, at, at + 1);
      else lineComment(hasSpace || dialect.dashNeedsSpace === false);
    } else if (c === char.hash && dialect.hashComment !== false) lineComment(dialect.hashComment === true);
    else if (c === char.dollar) dollar();
    else if (c === char.question) parameter(1);
    else if (isDigit(c)) number(at);
    else if (c === char.dot && isDigit(next) && tokens.at(-1)?.end !== at) number(at);
    else if ((c === char.colon || c === char.at) && isWordStart(next)) word(1);
    else if (c === char.colon && next === char.colon) add(sqlToken.sign, at, at + 2);
    else if (isWordStart(c)) word();
    else {
      isStray ||= c === char.backslash;
      add(sqlToken.sign, at, at + 1);
    }
  }

  while (at < text.length && !isOpen) token(text.charCodeAt(at));
  return { tokens, isOpen, doubtfulFrom, isStray, isUnended };
}
