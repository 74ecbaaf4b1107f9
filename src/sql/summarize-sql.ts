import { type SqlToken, sqlToken } from './sql-tokens.ts';

export interface SqlSummary {
  /** Operations and what they are done with, in the order of the text: `INSERT orders SELECT carts`. */
  readonly summary?: string | undefined;
  /** As it is written: only where the text is whole, one statement, and this its only operation. */
  readonly operation?: string | undefined;
  /** Only where the operation is known, and this is the only table. */
  readonly collection?: string | undefined;
}

/** The conventions: 255 characters, and no part cut. */
const maxSummaryLength = 255;
/** In parentheses within one another; deeper ones are passed over. */
const maxDepth = 64;

/** Begin a statement, or a query within one. */
const dataCommands = new Set(['select', 'insert', 'update', 'delete', 'merge', 'replace', 'values']);
/** Say with the word that follows what is done: CREATE TABLE. */
const schemaCommands = new Set(['create', 'alter', 'drop', 'truncate', 'rename', 'comment']);
/** Begin a statement of which nothing else is told. */
const otherCommands = new Set([
  ...['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'set', 'reset', 'show', 'use'],
  ...['call', 'exec', 'execute', 'do', 'prepare', 'deallocate', 'declare', 'fetch', 'close', 'move', 'copy', 'lock'],
  ...['unlock', 'listen', 'unlisten', 'notify', 'vacuum', 'analyze', 'reindex', 'cluster', 'checkpoint', 'refresh'],
  ...['grant', 'revoke', 'pragma', 'attach', 'detach', 'explain', 'describe', 'desc', 'optimize', 'load', 'discard'],
]);
const schemaKinds = new Set(['table', 'view', 'index', 'database', 'schema', 'sequence', 'function', 'procedure']);
const beforeSchemaKind = new Set(['or', 'replace', 'temp', 'temporary', 'unique', 'unlogged', 'global', 'local']);
const beforeTarget = new Set(['if', 'not', 'exists', 'only', 'concurrently', 'lateral', 'ignore', 'low_priority']);
/** End the list of tables behind FROM. */
const endsTables = new Set([
  ...['where', 'group', 'order', 'having', 'limit', 'offset', 'fetch', 'for', 'window', 'returning', 'set', 'values'],
  ...['union', 'intersect', 'except', 'select', 'when', 'output'],
]);

/** Of one pair of parentheses, or of the statement itself. */
interface Level {
  /** Behind a SELECT, UPDATE or DELETE: a FROM now names tables. */
  from: boolean;
  /** Within the list of tables: a comma is followed by another one. */
  tables: boolean;
  /** The next token may name a table. */
  target: boolean;
  /** INTO, UPDATE: a parenthesis behind the name holds columns; behind FROM it would make it a function. */
  columns: boolean;
}

/** One pass over the tokens; what is not known for sure to be an operation or a table is left out. */
export function summarizeSql(text: string, tokens: readonly SqlToken[], isWhole: boolean): SqlSummary {
  const operations: string[] = [];
  const targets: string[] = [];
  const parts: string[] = [];
  const common = new Set<string>();
  let levels: Level[] = [newLevel()];
  let depth = 0;
  let statements = 0;
  let first = '';
  let previous = '';

  const lower = (token: SqlToken | undefined) =>
    token === undefined || token.kind === sqlToken.name ? '' : text.slice(token.start, token.end).toLowerCase();
  const operation = (name: string) => {
    operations.push(name);
    parts.push(name);
  };

  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as SqlToken;
    const word = token.kind === sqlToken.word || token.kind === sqlToken.sign ? lower(token) : '';
    const level = levels[depth];
    if (word === '(') {
      depth++;
      levels[depth] = newLevel();
      if (level !== undefined) level.target = false;
    } else if (word === ')') {
      depth = Math.max(0, depth - 1);
    } else if (word === ';') {
      levels = [newLevel()];
      depth = 0;
      first = '';
    } else if (level !== undefined && depth < maxDepth) {
      const begins = first === '';
      if (begins) {
        first = word || '?';
        statements++;
      }
      if (level.target && !beforeTarget.has(word)) {
        level.target = false;
        const end = targetEnd(text, tokens, i);
        if (end !== undefined && (level.columns || lower(tokens[end]) !== '(')) {
          const name = text.slice(token.start, (tokens[end - 1] as SqlToken).end);
          if (!common.has(name.toLowerCase())) {
            targets.push(name);
            parts.push(name);
          }
          i = end - 1;
          previous = '';
          continue;
        }
      }
      if (begins && schemaCommands.has(word)) {
        const end = schemaKindEnd(tokens, i, lower);
        const kind = lower(tokens[end - 1]);
        operation(end > i + 1 ? `${own(text, token)} ${own(text, tokens[end - 1])}` : own(text, token));
        if (kind === 'table' || word === 'truncate') Object.assign(level, { target: true, columns: true });
        i = end - 1;
      } else if (begins && otherCommands.has(word)) {
        operation(own(text, token));
      } else if (dataCommands.has(word) && isCommand(word, previous, begins, depth, first)) {
        operation(own(text, token));
        level.from = word === 'select' || word === 'delete' || word === 'update';
        level.tables = false;
        if (word === 'update') Object.assign(level, { target: true, columns: true });
      } else if (word === 'into' && ['insert', 'replace', 'merge', 'ignore', 'low_priority'].includes(previous)) {
        Object.assign(level, { target: true, columns: true });
      } else if (word === 'from' && level.from && previous !== 'distinct') {
        Object.assign(level, { from: false, tables: true, target: true, columns: false });
      } else if (level.tables && (word === ',' || word === 'join')) {
        Object.assign(level, { target: true, columns: false });
      } else if (word === 'using' && (first === 'delete' || first === 'merge')) {
        Object.assign(level, { tables: true, target: true, columns: false });
      } else if (endsTables.has(word)) {
        level.tables = false;
      } else if (word === 'as' && first === 'with' && lower(tokens[i + 1]) !== '' && depth === 0) {
        const name = tokens[i - 1];
        if (name !== undefined && name.kind <= sqlToken.name) common.add(own(text, name).toLowerCase());
      }
    }
    previous = word;
  }

  const [only] = operations;
  const isOne = isWhole && statements === 1 && operations.length === 1;
  return {
    summary: joined(parts),
    operation: isOne ? only : undefined,
    collection: isOne && targets.length === 1 ? targets[0] : undefined,
  };
}

function newLevel(): Level {
  return { from: false, tables: false, target: false, columns: false };
}

function own(text: string, token: SqlToken | undefined): string {
  return token === undefined ? '' : text.slice(token.start, token.end);
}

/** SELECT is a word of its own everywhere but in rights; the others also stand in clauses: FOR UPDATE, ON DELETE. */
function isCommand(word: string, previous: string, begins: boolean, depth: number, first: string): boolean {
  if (begins) return true;
  if (word === 'select') return first !== 'grant' && first !== 'revoke';
  if (word === 'values' || word === 'replace') return false;
  return (depth > 0 && previous === '(') || ((first === 'with' || first === 'explain') && previous === ')');
}

/** Index behind `a.b.c`, if a name is there. */
function targetEnd(text: string, tokens: readonly SqlToken[], from: number): number | undefined {
  const isName = (token: SqlToken | undefined) => token !== undefined && token.kind <= sqlToken.name;
  if (!isName(tokens[from])) return undefined;
  let end = from + 1;
  while (own(text, tokens[end]) === '.' && isName(tokens[end + 1])) end += 2;
  return end;
}

/** Index behind CREATE OR REPLACE TEMPORARY TABLE; just behind the command if no known kind follows. */
function schemaKindEnd(
  tokens: readonly SqlToken[],
  from: number,
  lower: (token: SqlToken | undefined) => string,
): number {
  let at = from + 1;
  while (beforeSchemaKind.has(lower(tokens[at]))) at++;
  return schemaKinds.has(lower(tokens[at])) ? at + 1 : from + 1;
}

function joined(parts: readonly string[]): string | undefined {
  let summary = '';
  for (const part of parts) {
    const longer = summary === '' ? part : `${summary} ${part}`;
    if (longer.length > maxSummaryLength) break;
    summary = longer;
  }
  return summary === '' ? undefined : summary;
}
