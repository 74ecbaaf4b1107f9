import { defineCommand } from './command.ts';
import { settingOptions } from './config-options.ts';

export default defineCommand({
  name: 'doctor',
  summary: 'check whether tracing will work here, and say what is missing',
  examples: [
    ['sidespan doctor', 'the kernel, the rights and the limits of this machine'],
    ['sidespan doctor --pid 4711', 'and of this process: its binary, its symbols, its namespace'],
    ['sidespan doctor --json', 'the same as JSON'],
  ],
  options: {
    pid: settingOptions.pid,
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run() {
    throw new Error('not wired yet');
  },
});
