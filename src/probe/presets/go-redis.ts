import { errorBehind } from '../preset/database-errors.ts';
import { callLabels } from '../preset/database-labels.ts';
import type { Preset, PresetCapture, PresetSite, PresetWord } from '../preset/preset.ts';

/**
 * go-redis v9: every command of every kind of client passes (*baseClient).process, with its retries; pipelines and
 * transactions go by themselves. Of a command its name is read, never its keys and values.
 */
const client: PresetWord = {
  from: { argument: 0 },
  types: ['github.com/redis/go-redis/v9.baseClient'],
  fields: [
    { field: 'address', path: 'opt.Addr', optional: true },
    { field: 'databaseIndex', path: 'opt.DB', optional: true },
  ],
};

/** The data of the Cmder: every command begins with a baseCmd. */
const command: PresetWord = {
  from: { argument: 4 },
  types: ['github.com/redis/go-redis/v9.baseCmd'],
  fields: [{ field: 'operation', path: 'args.0', maxBytes: 32 }],
};

const process = 'github.com/redis/go-redis/v9.(*baseClient)';

function site(
  functions: readonly string[],
  words: readonly PresetWord[],
  results: PresetCapture,
  known: PresetSite['known'] = {},
): PresetSite {
  return {
    functions: functions.map((name) => `${process}.${name}`),
    where: 'entry',
    action: 'enter',
    capture: { words },
    context: { argument: 1 },
    results,
    ...callLabels(words, results),
    known: { system: 'redis', ...known },
  };
}

export const goRedis: Preset = {
  name: 'go-redis',
  library: 'go-redis',
  kind: 'db.client',
  scopeName: 'sidespan/github.com/redis/go-redis/v9',
  group: 'db.client',
  server: false,
  held: false,
  failure: { set: 0 },
  sites: [
    // In newer ones process does nothing but call the other, and is inlined.
    site(['processStartingAt', 'process'], [client, command], errorBehind(0, 5)),
    {
      ...site(['generalProcessPipelineFrom', 'generalProcessPipeline'], [client], errorBehind(0, 7), {
        operation: 'PIPELINE',
      }),
      optional: 'the program has no pipelines',
    },
  ],
};
