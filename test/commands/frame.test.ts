import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandList } from '../../src/commands/command-list.ts';
import { commandHelp } from '../../src/commands/help-text.ts';
import { styleFor } from '../../src/commands/style.ts';
import { packageVersion } from '../../src/commands/version.ts';
import { shell, sidespan } from '../support/cli.ts';

const names = commandList.map(({ name }) => name);

test('the overview opens with three examples and names every command', () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = sidespan(args);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^Examples\n( {2}sidespan .+\n){3}\nUsage\n {2}sidespan COMMAND/);
    for (const name of names) assert.match(stdout, new RegExp(`^  ${name} {2,}\\S`, 'm'));
  }
});

test('without a command: the overview on stderr, exit code 2', () => {
  const { code, stdout, stderr } = sidespan([]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^Examples\n/);
});

test('every command has its name, its summary in the overview, and three examples of itself', async () => {
  for (const entry of commandList) {
    const { default: command } = await entry.load();
    assert.equal(command.name, entry.name);
    assert.equal(command.summary, entry.summary);
    assert.equal(command.examples.length, 3, entry.name);
    for (const [line] of command.examples)
      assert.match(line, new RegExp(`\\bsidespan (${entry.name}|--version|.*--help)\\b`));
    const help = commandHelp(command, styleFor({}, {}));
    for (const line of help.split('\n')) assert.ok(line.length <= 125, `${line.length}: ${line}`);
  }
});

test("a command's help, by --help, -h and help", () => {
  const { stdout, code } = sidespan(['trace', '--help']);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^Examples\n {2}sidespan trace --pid 4711 main\.checkout 'main\.\(\*Cart\)\.Add\(item main\.Item, n int\) error'\n/,
  );
  assert.match(stdout, /\nUsage\n {2}sidespan trace \[OPTIONS\] \[PATTERN…\] \[-- PROGRAM \[ARGUMENT…\]\]\n/);
  assert.match(stdout, /\n {2}-p, --pid N {2,}the process/);
  assert.equal(sidespan(['help', 'trace']).stdout, stdout);
  assert.equal(sidespan(['trace', 'x', '-h']).stdout, stdout);
});

test('version', () => {
  for (const args of [['version'], ['--version'], ['-V']]) {
    assert.deepEqual(sidespan(args), { code: 0, stdout: `sidespan ${packageVersion()}\n`, stderr: '' });
  }
  assert.equal(JSON.parse(sidespan(['version', '--json']).stdout).sidespan, packageVersion());
});

test('wrong usage: what is wrong, the nearest that is right, exit code 2', () => {
  const rows: readonly [args: string[], message: string, help: string][] = [
    [['trcae'], '"trcae" is no command. Did you mean trace?', 'help'],
    [['xyzzy'], `"xyzzy" is no command. Commands: ${names.join(', ')}.`, 'help'],
    [['--pid', '1'], '"--pid" is no command.', 'help'],
    [['run', '--pdi', '1'], '--pdi is no option. Did you mean --pid?', 'run --help'],
    [
      ['run', '-x'],
      '-x is no option. Options: --config, --pid, --exe, --port, --functions, --inlined, --help.',
      'run --help',
    ],
    [['run', 'main.*'], '"main.*" is too much: run takes options only.', 'run --help'],
    [['config', '--json=yes'], '--json takes no value.', 'config --help'],
    [['config', '--pid'], '--pid needs a value.', 'config --help'],
    [['config', '--pid', '--json'], '--pid needs a value. (--pid=--json if it is one)', 'config --help'],
    [['config', '-p', '1', '--pid', '2'], '--pid is given twice.', 'config --help'],
    [['config', '--constructor'], '--constructor is no option.', 'config --help'],
    [['help', 'run', 'trace'], '"trace" is one argument too many.', 'help --help'],
    [['completion'], 'SHELL is missing.', 'completion --help'],
    [['completion', 'zhs'], 'There is no completion for "zhs". Did you mean zsh?', 'completion --help'],
  ];
  for (const [args, message, help] of rows) {
    const { code, stdout, stderr } = sidespan(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith(`sidespan: ${message}`), `${args.join(' ')}: ${stderr}`);
    assert.ok(stderr.endsWith(`See \`sidespan ${help}\`.\n`), stderr);
  }
});

test('colours only where they are wanted', () => {
  const color = /\x1b\[/;
  const colored = (stream: { isTTY?: boolean }, env: Record<string, string>) => styleFor(stream, env).colored;
  assert.equal(colored({ isTTY: true }, { TERM: 'xterm' }), true);
  assert.equal(colored({ isTTY: true }, { TERM: 'dumb' }), false);
  assert.equal(colored({ isTTY: true }, {}), false);
  assert.equal(colored({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' }), false);
  assert.equal(colored({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '' }), true);
  assert.equal(colored({}, { TERM: 'xterm' }), false);
  assert.equal(colored({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), true);
  assert.equal(colored({ isTTY: true }, { TERM: 'xterm', FORCE_COLOR: '0' }), false);
  assert.doesNotMatch(sidespan(['--help']).stdout, color);
  assert.match(sidespan(['--help'], { env: { FORCE_COLOR: '1' } }).stdout, color);
});

test('a reader that goes away ends the command quietly', () => {
  const { stdout, stderr } = shell(
    '$SIDESPAN config --example | head -n 1; echo "${PIPESTATUS[0]}"; $SIDESPAN config --example | true',
  );
  assert.match(stdout, /^# Settings of Sidespan.*\n0\n$/);
  assert.equal(stderr, '');
});

test('a full disk is a failure', () => {
  for (const args of ['config --json', '--help', 'completion bash']) {
    const { code, stderr } = shell(`$SIDESPAN ${args} > /dev/full`);
    assert.equal(code, 1, args);
    assert.equal(
      stderr,
      "sidespan: stdout: the output can't be written: the disk is full. Make room, or write elsewhere.\n",
    );
  }
});

test('errors show no stack, unless asked for', () => {
  const env = { SIDESPAN_RING_BYTES: '9' };
  const plain = sidespan(['config'], { env });
  assert.equal(plain.code, 2);
  assert.equal(
    plain.stderr,
    'sidespan: environment: SIDESPAN_RING_BYTES: 9 is not within 65536 to 1073741824. The nearest is 65536.\n',
  );
  const debug = sidespan(['config'], { env: { ...env, SIDESPAN_LOG_LEVEL: 'debug' } });
  assert.match(debug.stderr, /\n +at /);
});
