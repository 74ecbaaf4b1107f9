import { errorBehind, failureOf } from '../preset/database-errors.ts';
import type { Preset, PresetWord } from '../preset/preset.ts';

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
    {
      // In newer ones process does nothing but call the other, and is inlined.
      functions: [`${process}.processStartingAt`, `${process}.process`],
      where: 'entry',
      action: 'enter',
      capture: { words: [client, command] },
      context: { argument: 1 },
      results: errorBehind(0, 5),
      resultLabels: failureOf(errorBehind(0, 5)),
      known: { system: 'redis' },
    },
    {
      functions: [`${process}.generalProcessPipelineFrom`, `${process}.generalProcessPipeline`],
      where: 'entry',
      action: 'enter',
      capture: { words: [client] },
      context: { argument: 1 },
      results: errorBehind(0, 7),
      resultLabels: failureOf(errorBehind(0, 7)),
      known: { system: 'redis', operation: 'PIPELINE' },
      optional: 'the program has no pipelines',
    },
  ],
};
