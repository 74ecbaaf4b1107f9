import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, truncateSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { shell, sidespan } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { startUntilLine } from '../support/running.ts';

const folder = mkdtempSync(join(tmpdir(), 'sidespan-functions-'));
after(() => rmSync(folder, { recursive: true }));

interface Row {
  readonly name: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly traceable: boolean;
  readonly unavailable?: string;
  readonly entry?: { readonly vaddr: string; readonly offset: number; readonly at: string; readonly emulated: boolean };
  readonly exits?: readonly { readonly offset: number; readonly kind: string }[];
}

const rowsOf = (stdout: string): Row[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a running process: names, places, sites; the exits are those of the disassembler', async (context) => {
  const executable = await goTarget('httpserver');
  const server = await startUntilLine(context, executable);
  const { code, stdout } = sidespan(['functions', '--pid', String(server.pid), '--json', 'main.*']);
  assert.equal(code, 0);
  const rows = rowsOf(stdout);
  const hello = rows.find(({ name }) => name === 'main.hello');
  assert.match(hello?.file ?? '', /\/httpserver\/main\.go$/);
  assert.equal(hello?.traceable, true);
  assert.equal(hello.entry?.at, 'stack check');
  assert.equal(hello.entry.emulated, true);

  const listing = execFileSync('go', ['tool', 'objdump', '-s', '^main\\.hello$', executable], { encoding: 'utf8' });
  const lines = listing.split('\n').filter((line) => /0x[0-9a-f]+\t/.test(line));
  const returns = lines.filter((line) => /\bRET\b/.test(line)).length;
  assert.equal(hello.exits?.length, returns);
  const jump = lines.find((line) => line.includes(hello.entry!.vaddr));
  assert.match(jump ?? listing, /\bJBE\b/);
});

test('one line a function for people, or why it can not be traced', async () => {
  const { code, stdout, stderr } = sidespan([
    'functions',
    '--exe',
    await goTarget('values'),
    'main.takes*',
    'main.(*Order).*',
  ]);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  const line = (name: string) => lines.find((text) => text.startsWith(`${name}  `)) ?? assert.fail(`no ${name}`);
  assert.match(line('main.takesStrings'), /\/values\/functions\.go:\d+ {2}entry \+0x[0-9a-f]+ \(.+\), \d+ exits?/);
  assert.match(line('main.(*Order).ByPointer'), /entry \+0x/);
  assert.match(line('main.takesNothing'), / {2}not traceable: /);
  assert.match(stderr, /: go1\.\d+.*, amd64, DWARF; \d+ of \d+ functions\n$/);
});

test('an executable replaced on disk: what runs is listed', async (context) => {
  const executable = join(folder, 'replaced');
  copyFileSync(await goTarget('httpserver'), executable);
  const server = await startUntilLine(context, executable);
  unlinkSync(executable);
  copyFileSync('/bin/true', executable);
  const { stdout } = sidespan(['functions', '--pid', String(server.pid), 'main.hello']);
  assert.match(stdout, /^main\.hello {2}/);
});

test('what the compiler inlined is listed with the places, also where nothing else is left of it', async () => {
  const executable = await goTarget('values', { go: '1.26', ldflags: '-s -w' });
  const patterns = ['time.Duration.String', 'os.NewFile', 'main.takesNamed'];
  const { code, stdout } = sidespan(['functions', '--json', '--exe', executable, ...patterns]);
  assert.equal(code, 0);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const row = (name: string) => rows.find((found) => found.name === name) ?? assert.fail(`${name}: ${stdout}`);
  assert.equal(row('main.takesNamed').inlined, undefined);
  const gone = row('time.Duration.String');
  assert.deepEqual([gone.traceable, gone.role, gone.signature], [false, 'method', null]);
  assert.match(gone.unavailable, /the compiler inlined every call of it/);
  const { file, line, vaddr } = gone.inlined.find(({ into }: { into: string }) => into === 'main.takesNamed');
  assert.match(`${file}:${line} ${vaddr}`, /functions\.go:\d+ 0x[0-9a-f]+$/);

  const text = sidespan(['functions', '--exe', executable, 'time.Duration.String']).stdout;
  assert.match(
    text,
    /not traceable: the compiler inlined every call of it {2}inlined in \d places: into .*main\.takesNamed/,
  );
});

test('a stripped binary has the same functions and sites as its twin', async () => {
  const sites = async (ldflags: string) => {
    const { stdout } = sidespan([
      'functions',
      '--json',
      '--exe',
      await goTarget('exact', { ldflags }),
      'main.*',
      'runtime.g*',
    ]);
    return rowsOf(stdout).map(({ name, line, entry, exits }) => ({ name, line, entry: entry?.offset, exits }));
  };
  const [plain, stripped] = [await sites(''), await sites('-s -w')];
  assert.ok(plain.length > 50, `${plain.length}`);
  assert.deepEqual(stripped, plain);
});

test('a pattern that matches nothing: the nearest names, exit code 1, the others are listed', async () => {
  const { code, stdout, stderr } = sidespan([
    'functions',
    '--exe',
    await goTarget('httpserver'),
    'main.helo',
    'main.echo',
    'zzz*',
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /^main\.echo {2}/);
  assert.match(stderr, /^sidespan: main\.helo matches no function of .+\. Nearest: main\.hello\b/m);
  assert.match(stderr, /^sidespan: zzz\* matches no function of .+\. No name resembles it\.$/m);
});

test('everything, and a reader that has seen enough', async () => {
  const executable = await goTarget('httpserver');
  const { stdout, code } = sidespan(['functions', '--json', '--exe', executable]);
  assert.equal(code, 0);
  const rows = rowsOf(stdout);
  assert.ok(rows.length > 5000, String(rows.length));
  for (const row of rows) assert.equal(row.traceable, row.unavailable === undefined, row.name);
  const cut = shell(`$SIDESPAN functions --json --exe ${executable} | head -n 1 | wc -l; echo \${PIPESTATUS[0]}`);
  assert.deepEqual([cut.stdout, cut.stderr], ['1\n0\n', '']);
});

test('a full disk', async () => {
  const { code, stderr } = shell(`$SIDESPAN functions --json --exe ${await goTarget('exact')} > /dev/full`);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    "sidespan: stdout: the output can't be written: the disk is full. Make room, or write elsewhere.\n",
  );
});

test('what can not be listed', async () => {
  const cut = join(folder, 'cut');
  copyFileSync(await goTarget('exact'), cut);
  truncateSync(cut, 300_000);
  const rows: readonly [args: string[], code: number, message: RegExp][] = [
    [['--pid', '4194304'], 1, /^sidespan: There is no process 4194304 here\./],
    [['--pid', String(process.pid)], 1, /is not a Go program: no Go build information/],
    [['--pid', '2'], 1, /is a thread of the kernel/],
    [['--pid', '0'], 2, /"0" is no process number/],
    [['--exe', '/nothing'], 1, /\/nothing: there is no such file/],
    [['--exe', '/bin/true'], 1, /no Go program/],
    [['--exe', import.meta.filename], 1, /not an ELF file/],
    [['--exe', folder], 1, new RegExp(folder)],
    [['--exe', cut], 1, new RegExp(cut)],
    [[], 2, /Give either --pid or --exe/],
    [['--pid', '1', '--exe', 'x'], 2, /Give either --pid or --exe/],
  ];
  for (const [args, code, message] of rows) {
    const result = sidespan(['functions', ...args]);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, message, args.join(' '));
    assert.equal(result.stdout, '');
    assert.doesNotMatch(result.stderr, /\n +at |mistake in Sidespan/);
  }
});

test('functions of one generic function that share its name are all listed', async () => {
  for (const ldflags of ['', '-s -w']) {
    const executable = await goTarget('generics', { go: '1.20', ldflags });
    const { code, stdout } = sidespan(['functions', '--json', '--exe', executable, 'main.Label[...]', 'main.Label*']);
    assert.equal(code, 0);
    const rows = rowsOf(stdout);
    assert.deepEqual(
      rows.map(({ name, traceable }) => [name, traceable]),
      [
        ['main.Label[...]', true],
        ['main.Label[...]', true],
      ],
    );
    assert.notEqual(rows[0]?.entry?.vaddr, rows[1]?.entry?.vaddr);
  }
});
