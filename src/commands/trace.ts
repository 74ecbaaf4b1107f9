import { defineCommand } from './command.ts';
import { commandLineValues, settingOptions } from './config-options.ts';
import { UsageError } from './exit-code.ts';

const { config, pid, exe, inlined } = settingOptions;

export default defineCommand({
  name: 'trace',
  summary: 'print calls of functions as they return',
  description: `Each call is a line: time at which it began, goroutine, function, arguments, results, duration. --json gives one JSON
object a line.
In a pattern * matches any characters and ? one; write it between single quotes: the shell has its own meaning for
* ( ) and ; Of a package's path the last element is enough: http.(*conn).serve.
In a program without debug information a signature behind the name, in Go's syntax, gives the arguments their types.
With -- a program is started by Sidespan, traced from its first instruction, and ends with it; what the program writes
to its standard output goes to standard error. The exit code is the program's if it ended by itself.`,
  examples: [
    [
      "sidespan trace --pid 4711 main.checkout 'main.(*Cart).Add(item main.Item, n int) error'",
      'two functions of a running process; the signature is for a stripped program',
    ],
    ["sidespan trace --exe shop --count 10 --json 'main.*'", 'ten calls as JSON, then end'],
    ["sidespan trace 'main.*' -- ./shop --port 8080", 'start a program and trace it from the beginning'],
  ],
  options: {
    pid,
    exe,
    duration: { type: 'string', short: 'd', placeholder: 'TIME', description: 'end after this time: 500ms, 10s, 5m' },
    count: { type: 'string', short: 'n', placeholder: 'N', description: 'end after this many calls' },
    'limit-rate': {
      type: 'string',
      placeholder: 'N',
      description: 'print at most this many calls a second; the rest is counted',
    },
    inlined,
    json: { type: 'boolean', description: 'one JSON object a line' },
    config,
  },
  positionals: {
    placeholder: 'PATTERN…',
    description: 'functions: names or patterns; left out: SIDESPAN_FUNCTIONS',
    min: 0,
    max: 1000,
  },
  program: { placeholder: 'PROGRAM [ARGUMENT…]', description: 'a program to start and trace' },
  async run(context) {
    const { options, positionals, program, env } = context;
    if (program.length > 0 && (options.pid !== undefined || options.exe !== undefined)) {
      throw new UsageError('Give a program after --, or the process to trace with --pid or --exe, not both.', 'trace');
    }
    const limits = {
      durationMs: options.duration === undefined ? undefined : parseDurationMs(options.duration),
      count: parseCount('count', options.count),
      perSecond: parseCount('limit-rate', options['limit-rate']),
    };
    const { loadConfig } = await import('../config/load-config.ts');
    const loaded = loadConfig(env, options.config, commandLineValues(options));
    const functions = positionals.length > 0 ? positionals : loaded.config.functions;
    if (functions.length === 0) {
      throw new UsageError("Which functions? Name them or give a pattern: sidespan trace --pid 4711 'main.*'", 'trace');
    }
    // Before anything else is tried: a signature that can't be read.
    const { functionPattern } = await import('../probe/pattern.ts');
    for (const pattern of functions) functionPattern(pattern);
    const { traceCalls } = await import('./trace-calls.ts');
    return await traceCalls(context, { ...loaded.config, functions, presets: [] }, limits, options.json === true);
  },
});

/** @throws UsageError */
function parseDurationMs(text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit];
  const durationMs = Number(amount) * (unitMs ?? Number.NaN);
  // setTimeout takes no more.
  if (!(durationMs > 0 && durationMs < 2 ** 31)) {
    throw new UsageError(`--duration: ${JSON.stringify(text)} is no time. Give one such as 500ms, 10s or 5m.`, 'trace');
  }
  return durationMs;
}

/** @throws UsageError */
function parseCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new UsageError(`--${option}: ${JSON.stringify(text)} is no number of calls. Give 1 or more.`, 'trace');
  }
  return count;
}
