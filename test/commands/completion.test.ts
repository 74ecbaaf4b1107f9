import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { commandList } from '../../src/commands/command-list.ts';
import { shell, sidespan } from '../support/cli.ts';

/** The path of this file, but for its end. */
const start = import.meta.filename.slice(0, -4);

/** What bash offers for the words of a command line, the last of which is being typed. */
function bashOffers(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const { stdout, stderr, code } = shell(`
    source <($SIDESPAN completion bash) || exit 9
    COMP_WORDS=(sidespan ${quoted}); COMP_CWORD=${words.length}
    _sidespan; printf '%s\\n' "\${COMPREPLY[@]}"`);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash: commands, options, values', () => {
  assert.deepEqual(bashOffers('').sort(), [...commandList.map(({ name }) => name), '--help', '--version'].sort());
  assert.deepEqual(bashOffers('tr'), ['trace']);
  assert.deepEqual(bashOffers('trace', '--d'), ['--duration']);
  assert.deepEqual(bashOffers('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(bashOffers('help', 'do'), ['doctor']);
  assert.ok(bashOffers('doctor', '--pid', '').includes(String(process.pid)));
  assert.ok(bashOffers('doctor', '-p', '=', String(process.pid)).includes(String(process.pid)));
  assert.deepEqual(bashOffers('run', '--config', start), [import.meta.filename]);
  assert.deepEqual(bashOffers('run', '--config', '=', start), [import.meta.filename]);
  assert.deepEqual(bashOffers('run', '--port', ''), []);
});

test('bash: files after --, and nothing for an unknown command', () => {
  assert.deepEqual(bashOffers('trace', 'main.*', '--', start), [import.meta.filename]);
  assert.deepEqual(bashOffers('xyzzy', '--'), []);
});

test('bash: the function is registered for sidespan', () => {
  assert.equal(
    shell('source <($SIDESPAN completion bash); complete -p sidespan').stdout,
    'complete -F _sidespan sidespan\n',
  );
});

for (const name of ['zsh', 'fish'] as const) {
  test(`${name}: its own parser accepts the script`, (context) => {
    const script = sidespan(['completion', name]);
    assert.equal(script.code, 0);
    for (const { name: command } of commandList) assert.match(script.stdout, new RegExp(`\\b${command}\\b`));
    if (spawnSync(name, ['-c', 'true']).status !== 0) return context.skip(`${name} is not installed`);
    const { status, stderr } = spawnSync(name, ['--no-execute', '/dev/stdin'], {
      input: script.stdout,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, '');
  });
}
