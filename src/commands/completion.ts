import { nearestName } from '../config/nearest.ts';
import { defineCommand } from './command.ts';
import { commandList } from './command-list.ts';
import { completionScript, shells } from './completion-script.ts';
import { exitCode, UsageError } from './exit-code.ts';

export default defineCommand({
  name: 'completion',
  summary: 'print a completion script for bash, zsh or fish',
  examples: [
    ['source <(sidespan completion bash)', 'in this shell; put the line into ~/.bashrc to keep it'],
    ['sidespan completion zsh > "${fpath[1]}/_sidespan"', 'for zsh'],
    ['sidespan completion fish > ~/.config/fish/completions/sidespan.fish', 'for fish'],
  ],
  options: {},
  positionals: { placeholder: 'SHELL', description: 'bash, zsh or fish', min: 1, max: 1, complete: shells },
  async run({ positionals: [given = ''], stdout }) {
    const shell = shells.find((name) => name === given);
    if (shell === undefined) {
      const nearest = nearestName(given, shells);
      throw new UsageError(
        `There is no completion for ${JSON.stringify(given)}. ${nearest ? `Did you mean ${nearest}?` : `Shells: ${shells.join(', ')}.`}`,
        'completion',
      );
    }
    const commands = await Promise.all(commandList.map(async ({ load }) => (await load()).default));
    stdout.write(completionScript(shell, commands));
    return exitCode.done;
  },
});
