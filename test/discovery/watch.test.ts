import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { watchTargets } from '../../src/discovery/watch.ts';
import { goTarget } from '../support/go-target.ts';
import { eventually, startUntilLine } from '../support/running.ts';

/** A file name that no other process on the machine has. */
async function ownExecutable(context: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-watch-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, `watched-${process.pid}`);
  copyFileSync(await goTarget('httpserver'), path);
  return path;
}

/**
 * Starts a command that is no child of ours, as the watch leaves out what Sidespan itself started: the shell between
 * ends at once.
 */
async function startOrphan(context: TestContext, command: string): Promise<number> {
  const shell: ChildProcess = spawn('setsid', ['sh', '-c', `{ ${command}; } >/dev/null 2>&1 & echo $!`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(shell.stdout!, 'data')) as [Buffer];
  await once(shell, 'exit');
  const pid = Number(output);
  context.after(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  return pid;
}

test('new processes, ends and execs are told, each once', async (context) => {
  const executable = await ownExecutable(context);
  const first = await startOrphan(context, `exec ${executable}`);
  const events: string[] = [];
  const errors: unknown[] = [];
  using watch = await watchTargets({
    selection: { exe: executable },
    intervalMs: 50,
    onAppear: ({ pid }) => void events.push(`+${pid}`),
    onVanish: ({ pid }) => events.push(`-${pid}`),
    onError: (error) => errors.push(error),
  });
  await eventually(
    () => events,
    (seen) => seen.includes(`+${first}`),
  );

  const second = await startOrphan(context, `exec ${executable}`);
  await eventually(
    () => events,
    (seen) => seen.includes(`+${second}`),
  );
  assert.deepEqual(watch.targets.map(({ pid }) => pid).sort(), [first, second].sort());

  process.kill(first, 'SIGKILL');
  await eventually(
    () => events,
    (seen) => seen.includes(`-${first}`),
  );
  assert.deepEqual(events, [`+${first}`, `+${second}`, `-${first}`]);
  assert.deepEqual(errors, []);
});

test('an exec of the same program, and of another, in the same process', async (context) => {
  const server = await startUntilLine(context, await goTarget('reexec'));
  const events: string[] = [];
  using watch = await watchTargets({
    selection: { pid: server.pid },
    intervalMs: 30,
    onAppear: ({ startTicks }) => void events.push(`+${startTicks}`),
    onVanish: ({ startTicks }) => events.push(`-${startTicks}`),
    onError: (error) => assert.fail(String(error)),
  });
  const ticks = watch.targets[0]?.startTicks;
  assert.deepEqual(events, [`+${ticks}`]);
  server.child.kill('SIGHUP');
  await eventually(
    () => events,
    (seen) => seen.length >= 3,
  );
  assert.deepEqual(events, [`+${ticks}`, `-${ticks}`, `+${ticks}`]);
});

test('a Go process that becomes another program is gone', async (context) => {
  const server = await startUntilLine(context, await goTarget('reexec'), ['/bin/sleep', '60']);
  const events: string[] = [];
  using watch = await watchTargets({
    selection: { pid: server.pid },
    intervalMs: 30,
    onAppear: () => void events.push('+'),
    onVanish: () => events.push('-'),
    onError: (error) => assert.fail(String(error)),
  });
  server.child.kill('SIGHUP');
  await eventually(
    () => events,
    (seen) => seen.length >= 2,
  );
  assert.deepEqual(events, ['+', '-']);
  assert.deepEqual(watch.targets, []);
});

test('a shell that becomes the program, and the program that ends, told instead of polled', async (context) => {
  const executable = await ownExecutable(context);
  const pid = await startOrphan(context, `while [ ! -e ${executable}.go ]; do sleep 0.05; done; exec ${executable}`);
  const events: string[] = [];
  using watch = await watchTargets({
    selection: { exe: executable },
    intervalMs: 3_600_000,
    changesAreTold: true,
    onAppear: (target) => void events.push(`+${target.pid}`),
    onVanish: (target) => events.push(`-${target.pid}`),
    onError: (error) => assert.fail(String(error)),
  });
  assert.deepEqual(events, []);
  copyFileSync('/dev/null', `${executable}.go`);
  await eventually(
    () => (watch.changed(pid), events),
    (seen) => seen.length === 1,
  );
  process.kill(pid, 'SIGKILL');
  await eventually(
    () => (watch.changed(pid), events),
    (seen) => seen.length === 2,
  );
  assert.deepEqual(events, [`+${pid}`, `-${pid}`]);
});

test('a process that opens its port later is found by it, and stays when it closes it', async (context) => {
  const executable = await ownExecutable(context);
  const port = 20_000 + (process.pid % 20_000);
  const events: string[] = [];
  using watch = await watchTargets({
    selection: { port },
    intervalMs: 50,
    onAppear: (target) => void events.push(`+${target.pid}`),
    onVanish: (target) => events.push(`-${target.pid}`),
    onError: (error) => assert.fail(String(error)),
  });
  assert.deepEqual(watch.targets, []);
  const pid = await startOrphan(context, `exec ${executable} -port ${port}`);
  await eventually(
    () => events,
    (seen) => seen.length === 1,
  );
  assert.deepEqual(events, [`+${pid}`]);
});
