/** `npm run test:programs`: real programs, all of them or those that are named. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { commandLine, endWithUsage } from '../support/command-line.ts';
import { programs } from './programs.ts';

const usage = `npm run test:programs -- [NAME…]
Runs real programs of Debian's packages and of Go modules and compares what Sidespan sees with what was sent; a table at the
end. A NAME is the beginning of one of these: ${programs.map(({ name }) => name).join(', ')}.
Without any all are run. What can't be downloaded or built is skipped and says why.`;

const { positionals } = commandLine(usage, { allowPositionals: true, options: {} });
const unknown = positionals.filter((begin) => !programs.some(({ name }) => name.startsWith(begin)));
if (unknown.length > 0) endWithUsage(usage, `test:programs: no program's name begins with ${unknown.join(' or ')}`);
const env = { ...process.env, SIDESPAN_PROGRAMS: positionals.join(',') || 'all' };
const args = ['--test', '--test-reporter=spec', join(import.meta.dirname, 'programs.test.ts')];
process.exitCode = spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status ?? 1;
