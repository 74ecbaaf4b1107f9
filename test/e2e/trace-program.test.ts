import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { eventually, startUntilLine } from '../support/running.ts';
import { sendLoad, startServer, testFolder } from './running-agent.ts';
import { startSidespan } from './running-command.ts';

interface TracedCall {
  readonly funcName: string;
  readonly args: readonly { readonly name: string; readonly value?: unknown }[];
  readonly goid: number;
  readonly latency: number;
  readonly ended?: string;
}

const calls = (output: string): TracedCall[] =>
  output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TracedCall);

/** `1,200` or `1200`. */
const figure = (text: string | undefined): number => Number((text ?? '').replaceAll(',', ''));

/** The last line of a program that reports itself (test/targets/gate), among other lines. */
function reportIn(text: string): { functions: Record<string, { calls: number; returned: number }> } {
  const line = text.split('\n').findLast((candidate) => candidate.startsWith('{"'));
  assert.ok(line, text);
  return JSON.parse(line);
}

test('a program is traced from its first instruction to its end', async (context) => {
  const program = await goTarget('httpserver');
  const trace = startSidespan(context, ['trace', '--json', 'main.*', '--', program, '-port', '0']);
  // What the program prints goes where it does not get between the results.
  const [, address = ''] = await trace.untilStderr(/^listening (\S+)$/m);
  await sendLoad(context, address, ['/greet/guest'], 25, ['-c', '1']);
  await eventually(
    () => calls(trace.stdout()).filter(({ funcName }) => funcName === 'main.Greeting').length,
    (count) => count === 25,
  );
  const [, pid = ''] = /\(pid (\d+)\)/.exec(trace.stderr()) ?? [];
  process.kill(Number(pid), 'SIGTERM');
  const { code, stdout, stderr } = await trace.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the program ended: exit code 0/);
  const seen = calls(stdout);
  assert.equal(seen[0]?.funcName, 'main.init', "the first of the program's own functions");
  assert.equal(seen.at(-1)?.funcName, 'main.main', 'the last to return');
  assert.equal(seen.filter(({ funcName }) => funcName === 'main.Greeting').length, 25);
  const greeting = seen.find(({ funcName }) => funcName === 'main.Greeting');
  assert.deepEqual(
    greeting?.args.map(({ name, value }) => [name, value]),
    [
      ['name', 'guest'],
      ['exclamations', 3],
    ],
  );
});

test('every call of a program that runs from start to end at full speed', async (context) => {
  const program = await goTarget('exact');
  const args = ['-now', '-calls', '20000', '-goroutines', '16', '-gc=false'];
  const trace = startSidespan(context, ['trace', '--json', 'main.Traced', 'main.Leaf', '--', program, ...args], {
    env: { SIDESPAN_RING_BYTES: '64 MiB' },
  });
  const { code, stdout, stderr } = await trace.ended;
  assert.equal(code, 0, stderr);
  const { functions } = reportIn(stderr);
  const printed = calls(stdout);
  for (const name of ['main.Traced', 'main.Leaf']) {
    assert.equal(printed.filter(({ funcName }) => funcName === name).length, functions[name]?.calls, stderr);
  }
  assert.equal(functions['main.Traced']?.calls, 20_000);
});

test('the exit code of a program that ended by itself is handed on', async (context) => {
  const program = await goTarget('exact');
  const refused = await startSidespan(context, ['trace', 'main.*', '--', program, '-no-such-flag']).ended;
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /the program ended: exit code 2/);

  const trace = startSidespan(context, ['trace', 'main.*', '--', await goTarget('httpserver'), '-port', '0']);
  await trace.untilStderr(/^listening /m);
  process.kill(Number(/\(pid (\d+)\)/.exec(trace.stderr())?.[1]), 'SIGKILL');
  const killed = await trace.ended;
  assert.equal(killed.code, 128 + 9, killed.stderr);
  assert.match(killed.stderr, /the program ended: signal SIGKILL/);
});

test('--count ends it after so many calls, and the program with it', async (context) => {
  const program = await goTarget('exact');
  const args = ['-now', '-calls', '100000000', '-gc=false'];
  const trace = startSidespan(context, ['trace', '--json', '--count', '7', 'main.Traced', '--', program, ...args]);
  const { code, stdout, stderr } = await trace.ended;
  assert.equal(code, 0, stderr);
  assert.equal(calls(stdout).length, 7);
  const pid = Number(/\(pid (\d+)\)/.exec(stderr)?.[1]);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('--duration ends it; a running process goes on', async (context) => {
  const server = await startServer(context, await goTarget('httpserver'));
  const trace = startSidespan(context, ['trace', '--pid', `${server.pid}`, '--duration', '700ms', 'main.hello']);
  const { code, stderr } = await trace.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /0 calls seen/);
  assert.equal((await sendLoad(context, server.address, ['/hello'], 10)).answered, 10);
});

test('--limit-rate prints so many calls a second; the others are counted', async (context) => {
  const server = await startServer(context, await goTarget('httpserver'));
  const args = ['trace', '--json', '--limit-rate', '5', '--pid', `${server.pid}`, 'main.hello'];
  const trace = startSidespan(context, args);
  await trace.untilStderr(/tracing 1 function/);
  await sendLoad(context, server.address, ['/hello'], 1000, ['-rate', '1000']);
  trace.child.kill('SIGINT');
  const { code, stdout, stderr } = await trace.ended;
  assert.equal(code, 0, stderr);
  const [, seen, printed, , skipped] =
    /([\d,]+) calls seen, ([\d,]+) printed(, ([\d,]+) not printed \(limit\))/.exec(stderr) ?? [];
  assert.equal(figure(seen), 1000, stderr);
  assert.equal(figure(printed), calls(stdout).length);
  assert.equal(figure(printed) + figure(skipped), 1000);
  assert.ok(figure(printed) >= 5 && figure(printed) < 1000);
});

test('Ctrl-C ends the trace and the program that it started', async (context) => {
  const program = await goTarget('httpserver');
  const trace = startSidespan(context, ['trace', 'main.*', '--', program]);
  await trace.untilStderr(/^listening /m);
  const pid = Number(/\(pid (\d+)\)/.exec(trace.stderr())?.[1]);
  trace.child.kill('SIGINT');
  const { code, signal, stderr } = await trace.ended;
  assert.deepEqual([code, signal], [0, null], stderr);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('a program that is not found, can not be run, or is no Go program', async (context) => {
  const folder = testFolder(context);
  const text = join(folder, 'notes.txt');
  writeFileSync(text, 'no program\n');
  const script = join(folder, 'script');
  writeFileSync(script, '#!/bin/sh\n');
  chmodSync(script, 0o755);
  const refusals: readonly (readonly [string, number, RegExp])[] = [
    ['no-such-program', 1, /no program no-such-program .*\.\/no-such-program/],
    ['./no-such-program', 1, /no program \.\/no-such-program .*Check the path/],
    [text, 1, /no program .*notes\.txt.*executable/],
    [script, 1, /script: .*not an ELF file/],
    ['/bin/true', 1, /true: .*no Go program/],
  ];
  for (const [program, expected, message] of refusals) {
    const { code, stdout, stderr } = await startSidespan(context, ['trace', 'main.*', '--', program]).ended;
    assert.equal(code, expected, `${program}: ${stderr}`);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^\s+at |mistake in Sidespan/m);
    assert.equal(stdout, '');
  }
});

test('a call that had begun before says so when it returns', async (context) => {
  const program = await startUntilLine(context, await goTarget('recursion'), ['-rounds', '1']);
  const trace = startSidespan(context, ['trace', '--pid', String(program.pid), 'main.main']);
  await trace.untilStderr(/tracing 1 function/);
  program.child.stdin!.write('\n');
  const { code, stdout, stderr } = await trace.ended;
  assert.deepEqual([code, stdout], [0, '']);
  assert.match(stderr, /ended; 0 calls seen, 0 printed, 1 more entered before attach \(main\.main\)/);
});
