import { configurationExample, configurationMarkdown } from '../config/document.ts';
import { loadConfig } from '../config/load-config.ts';
import { shownSettings } from '../config/render.ts';
import { defineCommand } from './command.ts';
import { commandLineValues, settingOptions } from './config-options.ts';
import { exitCode } from './exit-code.ts';

const { config, pid, exe, port, functions, inlined } = settingOptions;

export default defineCommand({
  name: 'config',
  summary: 'print the effective configuration and where each value comes from',
  description:
    'Takes the options of `run`, so that its configuration can be seen beforehand. Headers and keys are not shown.',
  examples: [
    ['sidespan config', 'all settings, those that are set first'],
    ['sidespan config --config sidespan.yaml --json', 'check a file; the result as JSON'],
    ['sidespan config --example > sidespan.yaml', 'a file with every setting explained, to begin with'],
  ],
  options: {
    config,
    pid,
    exe,
    port,
    functions,
    inlined,
    json: { type: 'boolean', description: 'print JSON' },
    markdown: { type: 'boolean', description: 'print the table of all settings for the README' },
    example: { type: 'boolean', description: 'print an example file' },
  },
  async run({ options, env, stdout, stderr, style }) {
    if (options.markdown) stdout.write(configurationMarkdown());
    if (options.example) stdout.write(configurationExample());
    if (options.markdown || options.example) return exitCode.done;

    const loaded = loadConfig(env, options.config, commandLineValues(options));
    const shown = shownSettings(loaded);
    if (options.json) {
      const settings = shown.map(({ name, value, source }) => ({ name, value: value ?? null, source }));
      stdout.line(JSON.stringify({ settings, warnings: loaded.warnings }, null, 2));
      return exitCode.done;
    }
    for (const warning of loaded.warnings) stderr.line(`${style.stderr.yellow('warning:')} ${warning}`);
    const given = shown.filter(({ source }) => source !== 'default');
    const rest = shown.filter(({ source }) => source === 'default');
    const { bold, dim } = style.stdout;
    const width = Math.max(...shown.map(({ name }) => name.length));
    for (const { name, value = '', source } of given) {
      stdout.line(`${bold(name.padEnd(width))}  ${value.replaceAll('\n', ';')}  ${dim(`(${source})`)}`);
    }
    if (given.length === 0) stdout.line(dim('Nothing is set: all settings have their defaults.'));
    stdout.line();
    for (const { name, value, otherwise = 'not set' } of rest) {
      stdout.line(`${name.padEnd(width)}  ${value ?? dim(otherwise.replaceAll('`', ''))}  ${dim('(default)')}`);
    }
    return exitCode.done;
  },
});
