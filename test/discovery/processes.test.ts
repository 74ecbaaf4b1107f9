import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDescendant, listGoProcesses, scanProcesses } from '../../src/discovery/processes.ts';
import { readProcess } from '../../src/discovery/read-process.ts';
import { goTarget } from '../support/go-target.ts';
import { eventually, start, startUntilLine } from '../support/running.ts';

test('a running Go server is listed with its file and arguments, a shell is not', async (context) => {
  const executable = await goTarget('httpserver');
  const server = await startUntilLine(context, executable, ['-port', '0']);
  const shell = start(context, 'sleep', ['60']);
  const listed = await listGoProcesses();
  const found = listed.find(({ pid }) => pid === server.pid);
  const { dev, ino } = statSync(executable, { bigint: true });
  assert.deepEqual(
    { ...found, startTicks: 0 },
    {
      pid: server.pid,
      startTicks: 0,
      exePath: executable,
      exeDeleted: false,
      commandLine: [executable, '-port', '0'],
      exeIdentity: `${dev}:${ino}`,
    },
  );
  assert.ok(found!.startTicks > 0);
  assert.ok(!listed.some(({ pid }) => pid === shell.pid || pid === process.pid));
});

test('an executable deleted under a running process keeps its path and identity', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-exe-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const executable = join(folder, 'server (old)');
  copyFileSync(await goTarget('httpserver'), executable);
  const server = await startUntilLine(context, executable, ['-port', '0']);
  const before = readProcess(server.pid).value;
  unlinkSync(executable);
  const after = (await listGoProcesses()).find(({ pid }) => pid === server.pid);
  assert.equal(after?.exeDeleted, true);
  assert.equal(after.exePath, executable);
  assert.equal(after.exeIdentity, before?.exeIdentity);
});

test('kernel threads, the dead and the absent are told apart', async (context) => {
  // The child ends after the shell has become sleep, which collects nobody.
  const parent = await startUntilLine(context, 'sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60']);
  await eventually(
    () => readProcess(Number(parent.firstLine)).absence,
    (absence) => absence === 'zombie',
  );
  assert.deepEqual(readProcess(2), { absence: 'kernel thread' });
  const child = spawn('true');
  await once(child, 'exit');
  assert.deepEqual(readProcess(child.pid!), { absence: 'gone' });
});

test('a second scan keeps what has not changed', async (context) => {
  const server = await startUntilLine(context, await goTarget('httpserver'), ['-port', '0']);
  const first = await scanProcesses();
  const second = await scanProcesses(first);
  assert.equal(second.get(server.pid), first.get(server.pid));
  assert.equal(first.get(server.pid)?.go?.pid, server.pid);
});

test('descendants are found through generations', async (context) => {
  const parent = await startUntilLine(context, 'sh', ['-c', 'sleep 60 & echo $!; wait']);
  const grandchild = Number(parent.firstLine);
  context.after(() => process.kill(grandchild, 'SIGKILL'));
  assert.equal(isDescendant(grandchild, process.pid), true);
  assert.equal(isDescendant(process.pid, grandchild), false);
  assert.equal(isDescendant(process.pid, process.pid), true);
});
