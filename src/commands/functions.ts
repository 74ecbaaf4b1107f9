import { defineCommand } from './command.ts';
import { settingOptions } from './config-options.ts';

export default defineCommand({
  name: 'functions',
  summary: 'list the functions of a process or file that can be traced',
  examples: [
    [
      "sidespan functions --pid 4711 'main.*'",
      'functions of a running process, with signature and place in the source',
    ],
    ["sidespan functions --exe ./shop '*.(*Cart).*'", 'methods of a type in a file'],
    ["sidespan functions --pid 4711 --json '*'", 'everything, one JSON object a line'],
  ],
  options: {
    pid: settingOptions.pid,
    exe: { type: 'string', placeholder: 'FILE', description: 'an executable file', complete: 'file' },
    json: { type: 'boolean', description: 'one JSON object a line' },
  },
  positionals: { placeholder: 'PATTERN…', description: 'names or patterns', min: 0, max: 1000 },
  async run() {
    throw new Error('not wired yet');
  },
});
