import { defineCommand } from './command.ts';
import { settingOptions } from './config-options.ts';

const { config, pid, exe } = settingOptions;

export default defineCommand({
  name: 'trace',
  summary: 'print calls of functions as they return',
  description: `Each call is a line: time, goroutine, function, arguments, results, duration. --json gives one JSON object a line.
In a pattern * matches any characters and ? one; write it between single quotes: the shell has its own meaning for
* ( ) and ;
With -- a program is started by Sidespan, traced from its first instruction, and ends with it.`,
  examples: [
    [
      "sidespan trace --pid 4711 main.checkout 'net/http.(*conn).serve'",
      'the calls of two functions of a running process',
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
  async run() {
    throw new Error('not wired yet');
  },
});
