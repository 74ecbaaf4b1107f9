import { databaseErrors, errorBehind } from '../preset/database-errors.ts';
import { callLabels } from '../preset/database-labels.ts';
import type { Preset, PresetCapture, PresetSite, PresetWord } from '../preset/preset.ts';

/**
 * pgx v5 by itself: what a connection does, that of a pool or a transaction too (BEGIN and COMMIT are statements by Exec,
 * QueryRow is Query). What pgx prepares on the way is part of the call. Query and SendBatch end when they have returned, before the
 * rows are read; waiting for a pool's connection comes before.
 */
const conn: PresetWord = {
  from: { argument: 0 },
  types: ['github.com/jackc/pgx/v5.Conn'],
  fields: [
    { field: 'host', path: 'config.Host', optional: true },
    { field: 'port', path: 'config.Port', optional: true },
    { field: 'namespace', path: 'config.Database', optional: true },
  ],
};

/** The text, `argument` words behind the receiver. */
const sql = (argument: number): PresetWord => ({
  from: { argument },
  as: 'string',
  fields: [{ text: 'query', maxBytes: 1024, raw: true }],
});

const commandTag: PresetWord = {
  from: { result: 0, behind: 8 },
  as: 'string',
  fields: [{ text: 'commandTag', maxBytes: 32 }],
};

function site(
  method: string,
  words: readonly PresetWord[],
  results: PresetCapture,
  known: PresetSite['known'] = {},
): PresetSite {
  return {
    functions: [`github.com/jackc/pgx/v5.(*Conn).${method}`],
    where: 'entry',
    action: 'enter',
    capture: { words },
    context: { argument: 1 },
    results,
    ...callLabels(words, results),
    known: { system: 'postgresql', ...known },
    optional: 'the program does not use it',
  };
}

export const pgx: Preset = {
  name: 'pgx',
  library: 'pgx',
  kind: 'db.client',
  scopeName: 'sidespan/github.com/jackc/pgx/v5',
  group: 'db.client',
  server: false,
  held: false,
  failure: { set: 0 },
  sites: [
    site('Query', [conn, sql(3)], errorBehind(2, 8)),
    site('Exec', [conn, sql(3)], { words: [commandTag, ...errorBehind(2, 8).words] }),
    site('Prepare', [conn, sql(5)], errorBehind(1, 7), { operation: 'PREPARE' }),
    site('CopyFrom', [conn], errorBehind(1, 11), { operation: 'COPY' }),
    // Its errors come with the results.
    site(
      'SendBatch',
      [
        conn,
        {
          from: { argument: 3 },
          types: ['github.com/jackc/pgx/v5.Batch'],
          fields: [{ field: 'batchSize', path: 'QueuedQueries.len', optional: true }],
        },
      ],
      { words: [{ from: { result: 0, behind: 4 } }] },
      { operation: 'BATCH' },
    ),
  ],
  dynamicTypes: databaseErrors,
};
