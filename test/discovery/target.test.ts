import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { executablePattern } from '../../src/discovery/executable-pattern.ts';
import { listenersOn, parseListening } from '../../src/discovery/listening-port.ts';
import { inInitialPidNamespace, procIsOurs } from '../../src/discovery/pid-namespace.ts';
import type { TargetProcess } from '../../src/discovery/process.ts';
import { selectionFor, selectTargets, targetByPid } from '../../src/discovery/target.ts';
import { TargetError } from '../../src/discovery/target-error.ts';
import { goTarget } from '../support/go-target.ts';
import { startUntilLine } from '../support/running.ts';

const someProcess = (pid: number, exePath: string): TargetProcess => ({
  pid,
  startTicks: 1,
  exePath,
  exeDeleted: false,
  commandLine: [exePath],
  exeIdentity: `1:${pid}`,
});

test('executable patterns compare the name, or with a slash the whole path', () => {
  const rows: readonly [pattern: string, path: string, expected: boolean][] = [
    ['*', '/app/shop', true],
    ['shop', '/app/shop', true],
    ['shop', '/app/shop2', false],
    ['sh?p', '/app/shop', true],
    ['/app/*', '/app/shop', true],
    ['/app/*', '/app/bin/shop', true],
    ['/app/*', '/opt/app/shop', false],
    ['*/shop', '/a/b/shop', true],
    ['*a*b*c', '/x/aabbc', true],
    ['*a*b*c', '/x/aabb', false],
    ['', '/x', false],
    ['a.b', '/x/aXb', false],
  ];
  for (const [pattern, path, expected] of rows) {
    assert.equal(executablePattern(pattern)(path), expected, `${pattern} on ${path}`);
  }
});

test('many stars cost no more than pattern times text', () => {
  assert.equal(executablePattern(`${'*a'.repeat(500)}b`)(`/${'a'.repeat(4000)}`), false);
});

test('the selection by pid, by pattern, and by both', () => {
  const processes = [someProcess(1 << 23, '/app/shop'), someProcess((1 << 23) + 1, '/app/inventory')];
  const [shop, inventory] = processes;
  assert.deepEqual(selectTargets({ exe: '*' }, processes), processes);
  assert.deepEqual(selectTargets({ exe: 'shop' }, processes), [shop]);
  assert.deepEqual(selectTargets({ pid: inventory!.pid }, processes), [inventory]);
  assert.deepEqual(selectTargets({ pid: inventory!.pid, exe: 'shop' }, processes), []);
});

test('what Sidespan started is meant only by its number', async (context) => {
  const server = await startUntilLine(context, await goTarget('httpserver'), ['-port', '0']);
  const target = targetByPid(server.pid);
  assert.deepEqual(selectTargets({ exe: '*' }, [target]), []);
  assert.deepEqual(selectTargets({ pid: server.pid }, [target]), [target]);
});

test('the process that listens on a port', async (context) => {
  const executable = await goTarget('httpserver');
  const [one, two] = [await startUntilLine(context, executable), await startUntilLine(context, executable)];
  const port = Number(two.firstLine.split(':').at(-1));
  assert.deepEqual(listenersOn(port, [one.pid, two.pid, process.pid]), [two.pid]);
  assert.deepEqual(listenersOn(1, [one.pid, two.pid]), []);
  assert.deepEqual(listenersOn(port, [2 ** 22 + 1]), []);
});

test('the listener of another user, with the capabilities of a sidecar', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-port-'));
  context.after(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const executable = join(folder, 'server');
  copyFileSync(await goTarget('httpserver'), executable);
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', executable];
  const [one, two] = [
    await startUntilLine(context, 'setpriv', nobody),
    await startUntilLine(context, 'setpriv', nobody),
  ];
  const port = Number(two.firstLine.split(':').at(-1));
  const script = `
    import { readdirSync } from 'node:fs';
    import { listenersOn } from './src/discovery/listening-port.ts';
    let code;
    try { readdirSync('/proc/${two.pid}/fd') } catch (error) { code = error.code }
    console.log(JSON.stringify([code, listenersOn(${port}, [${one.pid}, ${two.pid}])]));`;
  const capabilities = ['--inh-caps=-all', '--bounding-set=-all,+sys_ptrace,+bpf,+perfmon'];
  const run = spawnSync('setpriv', [...capabilities, process.execPath, '--input-type=module', '-e', script]);
  assert.equal(run.status, 0, String(run.stderr));
  assert.deepEqual(JSON.parse(String(run.stdout)), ['EACCES', [two.pid]]);
});

test('a table of sockets: IPv4 and IPv6 listeners, ended by the first connection', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0',
    '   1: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 222 1 0',
    '   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0',
    '   3: 0100007F:1F90 0100007F:8888 01 00000000:00000000 00:00000000 00000000     0        0 444 1 0 100 0 0 10 0',
    '   4: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 555 1 0 100 0 0 10 0',
  ].join('\n');
  assert.deepEqual(parseListening(table, 8080), { inodes: ['111', '222'], ended: true });
  assert.deepEqual(parseListening('garbage\n0: x\n', 8080), { inodes: [], ended: true });
  assert.deepEqual(parseListening('', 8080), { inodes: [], ended: false });
});

test('a process that can not be a target says why', async (context) => {
  const refusal = (pid: number) => {
    try {
      return targetByPid(pid).exePath;
    } catch (error) {
      assert.ok(error instanceof TargetError, String(error));
      assert.match(error.message, new RegExp(`\\b${pid}\\b`));
      return error.refusal;
    }
  };
  const shell = await startUntilLine(context, 'sh', ['-c', 'echo ready; exec sleep 60']);
  assert.equal(refusal(2 ** 22 - 1), 'absent');
  assert.equal(refusal(shell.pid), 'not go');
  assert.equal(refusal(process.pid), 'itself');
  assert.equal(refusal(2), 'kernel thread');
});

test('without a selection: everything in a namespace of its own, a question in the first', () => {
  assert.deepEqual(selectionFor({ port: 8080 }), { port: 8080 });
  assert.deepEqual(selectionFor({}), inInitialPidNamespace() ? 'ask' : { exe: '*' });
  assert.equal(procIsOurs(), true);

  const script = `
    import { selectionFor } from './src/discovery/target.ts';
    import { inInitialPidNamespace, procIsOurs } from './src/discovery/pid-namespace.ts';
    console.log(JSON.stringify([selectionFor({}), inInitialPidNamespace(), procIsOurs()]));`;
  const run = spawnSync('unshare', [
    '--pid',
    '--fork',
    '--mount-proc',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ]);
  assert.equal(run.status, 0, String(run.stderr));
  assert.deepEqual(JSON.parse(String(run.stdout)), [{ exe: '*' }, false, true]);
});
