import { readFileSync } from 'node:fs';
import { packageFile } from '../package-file.ts';
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

/** From package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
