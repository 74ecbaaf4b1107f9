import { readFileSync } from 'node:fs';
import { defineCommand } from './command.ts';
import { exitCode } from './exit-code.ts';

export default defineCommand({
  name: 'version',
  summary: 'print the version',
  examples: [
    ['sidespan version', 'sidespan 0.1.0'],
    ['sidespan --version', 'the same'],
    ['sidespan version --json', 'the versions of Sidespan and Node as JSON'],
  ],
  options: { json: { type: 'boolean', description: 'print JSON' } },
  async run({ options, stdout }) {
    const version = packageVersion();
    const versions = { sidespan: version, node: process.versions.node, arch: process.arch };
    stdout.line(options.json ? JSON.stringify(versions) : `sidespan ${version}`);
    return exitCode.done;
  },
});

/** From package.json, which lies two folders above both src/commands and dist/commands. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
