import { defineCommand } from './command.ts';
import { commandList, loadCommand } from './command-list.ts';
import { exitCode } from './exit-code.ts';
import { commandHelp, overview } from './help-text.ts';

export default defineCommand({
  name: 'help',
  summary: 'explain a command',
  examples: [
    ['sidespan help', 'the overview'],
    ['sidespan help trace', 'what trace does, its options and examples'],
    ['sidespan trace --help', 'the same'],
  ],
  options: {},
  positionals: {
    placeholder: 'COMMAND',
    description: 'the command to explain; left out: the overview',
    min: 0,
    max: 1,
    complete: commandList.map(({ name }) => name),
  },
  async run({ positionals: [name], stdout, style }) {
    const text =
      name === undefined ? overview(commandList, style.stdout) : commandHelp(await loadCommand(name), style.stdout);
    stdout.write(text);
    return exitCode.done;
  },
});
