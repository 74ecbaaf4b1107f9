import { databaseConnectors, wrappedDrivers } from '../preset/database-connectors.ts';
import { databaseErrors, errorBehind } from '../preset/database-errors.ts';
import { callLabels } from '../preset/database-labels.ts';
import type { Preset, PresetCapture, PresetField, PresetSite, PresetWord } from '../preset/preset.ts';

/**
 * database/sql: the functions that a program calls with a context (those without are inlined calls of these, in Go 1.19 to
 * 1.27), so that waiting for a connection, opening one and trying again are part of the one span, and its failure is too.
 * They do not call each other: two hits an operation. A query ends when its first answer is there, before its rows are read.
 */

/** Enough for nearly all; what is cut is said. */
const queryBytes = 1024;

/** The driver is known by the type of what it connects with. */
const receiver = (type: string, path: string, fields: readonly PresetField[] = []): PresetWord => ({
  from: { argument: 0 },
  types: [type],
  fields: [{ field: 'driver', path }, ...fields],
});
const db = receiver('database/sql.DB', 'connector');
const tx = receiver('database/sql.Tx', 'db.connector');
const conn = receiver('database/sql.Conn', 'db.connector');
const stmt = receiver('database/sql.Stmt', 'db.connector', [
  { field: 'query', path: 'query', maxBytes: queryBytes, raw: true },
]);
/** Behind the receiver; a transaction keeps the one that it began with. */
const context: PresetSite['context'] = { argument: 1 };
const txContext: PresetSite['context'] = { argument: 0, types: ['database/sql.Tx'], path: 'ctx' };
/** Behind both. */
const query: PresetWord = {
  from: { argument: 3 },
  as: 'string',
  fields: [{ text: 'query', maxBytes: queryBytes, raw: true }],
};

function site(
  method: string,
  words: readonly PresetWord[],
  results: PresetCapture,
  known?: PresetSite['known'],
  where: PresetSite['context'] = context,
): PresetSite {
  return {
    functions: [`database/sql.${method}`],
    where: 'entry',
    action: 'enter',
    capture: { words },
    context: where,
    results,
    ...callLabels(words, results),
    known,
    optional: 'the program does not use it',
  };
}

export const databaseSql: Preset = {
  name: 'database/sql',
  library: 'database/sql',
  kind: 'db.client',
  scopeName: 'sidespan/database/sql',
  group: 'db.client',
  server: false,
  held: false,
  failure: { set: 0 },
  sites: [
    ...(
      [
        ['DB', db],
        ['Tx', tx],
        ['Conn', conn],
      ] as const
    ).flatMap(([type, on]) => [
      site(`(*${type}).ExecContext`, [on, query], errorBehind(2, 8)),
      site(`(*${type}).QueryContext`, [on, query], errorBehind(1, 8)),
      site(`(*${type}).PrepareContext`, [on, query], errorBehind(1, 5), { operation: 'PREPARE' }),
    ]),
    site('(*Stmt).ExecContext', [stmt], errorBehind(2, 6)),
    site('(*Stmt).QueryContext', [stmt], errorBehind(1, 6)),
    site('(*DB).PingContext', [db], errorBehind(0, 3), { operation: 'PING' }),
    site('(*Conn).PingContext', [conn], errorBehind(0, 3), { operation: 'PING' }),
    site('(*DB).BeginTx', [db], errorBehind(1, 4), { operation: 'BEGIN' }),
    site('(*Conn).BeginTx', [conn], errorBehind(1, 4), { operation: 'BEGIN' }),
    site('(*Tx).Commit', [tx], errorBehind(0, 1), { operation: 'COMMIT' }, txContext),
    // Also called for a transaction that has ended: `defer tx.Rollback()`. It then says so and does nothing.
    site(
      '(*Tx).rollback',
      [tx],
      errorBehind(0, 2),
      {
        operation: 'ROLLBACK',
        nothingIf: 'sql: transaction has already been committed or rolled back',
      },
      txContext,
    ),
  ],
  wrapped: wrappedDrivers,
  dynamicTypes: [
    ...databaseErrors,
    { type: 'database/sql.dsnConnector', method: 'Connect', fields: [{ name: 'driver', path: 'driver' }] },
    ...databaseConnectors,
  ],
};
