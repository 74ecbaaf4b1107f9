import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const programs = ['truth', 'matrix', 'fuzz', 'programs', 'bench'];

function run(program: string, ...args: string[]) {
  const path = join(import.meta.dirname, '..', program, 'run.ts');
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], { encoding: 'utf8' });
}

test('every test program tells its usage', () => {
  for (const program of programs) {
    const { status, stdout } = run(program, '--help');
    assert.equal(status, 0, program);
    assert.match(stdout, /^npm run (test:|bench)/, program);
  }
});

test('an option that is not known is a line and the usage, not a stack trace', () => {
  for (const program of programs) {
    const { status, stdout, stderr } = run(program, '--nonsense');
    assert.equal(status, 2, program);
    assert.equal(stdout, '', program);
    assert.match(stderr, /^Unknown option '--nonsense'.*\nusage: npm run /, program);
    assert.doesNotMatch(stderr, /\n {4}at /, program);
  }
});
