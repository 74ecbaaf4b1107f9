import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { effectiveCapabilities, isInitialUserNamespace } from '../../src/commands/doctor/capabilities.ts';
import { cgroupFolders, lockedMemory } from '../../src/commands/doctor/memory-checks.ts';
import { proc } from '../../src/commands/doctor/namespace-checks.ts';
import { capabilityResults, lockdownResult } from '../../src/commands/doctor/rights-checks.ts';
import { cleanEnvironment, mainFile, sidespan } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { startUntilLine } from '../support/running.ts';

interface Report {
  readonly works: boolean;
  readonly checks: readonly {
    readonly group: string;
    readonly name: string;
    readonly state: string;
    readonly detail: string;
    readonly remedy?: string;
  }[];
}

const check = ({ checks }: Report, name: string) =>
  checks.find((entry) => entry.name === name) ?? assert.fail(`no check ${name}`);

/** Runs doctor as root without any capability. */
function withoutCapabilities(...args: string[]): { code: number | null; report: Report } {
  const command = [process.execPath, mainFile, 'doctor', '--json', ...args];
  const { status, stdout } = spawnSync('setpriv', ['--inh-caps=-all', '--bounding-set=-all', ...command], {
    encoding: 'utf8',
    env: cleanEnvironment(),
  });
  return { code: status, report: JSON.parse(stdout) };
}

test('this machine: what works is ok, and the exit code says so', () => {
  const { code, stdout } = sidespan(['doctor', '--json']);
  const report: Report = JSON.parse(stdout);
  for (const name of [
    'kernel',
    'BTF',
    'libbpf',
    'CAP_BPF',
    'CAP_PERFMON',
    'CAP_SYS_PTRACE',
    'PID namespace',
    '/proc',
  ]) {
    assert.equal(check(report, name).state, 'ok', name);
  }
  assert.equal(code, report.works ? 0 : 3);
  assert.equal(report.works, true, JSON.stringify(report.checks.filter(({ state }) => state !== 'ok')));
});

test('for people: groups, states, remedies, a verdict', () => {
  const { stdout, stderr } = sidespan(['doctor']);
  assert.equal(stderr, '');
  assert.match(stdout, /^Kernel\n {2}ok {7}kernel {2,}Linux /);
  assert.match(stdout, /\nRights\n {2}ok {7}CAP_BPF /);
  assert.match(stdout, /\nTracing will work here\.\n$/);
});

test('without capabilities: each that is missing, with its remedy; exit code 3', () => {
  const { code, report } = withoutCapabilities();
  assert.equal(code, 3);
  assert.equal(report.works, false);
  assert.equal(check(report, 'BPF programs load').state, 'missing');
  for (const name of ['CAP_BPF', 'CAP_PERFMON']) {
    assert.equal(check(report, name).state, 'missing');
    assert.match(check(report, name).remedy ?? '', new RegExp(`--cap-add ${name.slice(4)}`));
  }
  assert.equal(check(report, 'CAP_SYS_PTRACE').state, 'limited');
});

test('a Go process: its binary and what can be traced of it', async (context) => {
  const server = await startUntilLine(context, await goTarget('httpserver'));
  const { code, stdout } = sidespan(['doctor', '--json', '--pid', String(server.pid)], {
    env: { SIDESPAN_FUNCTIONS: 'main.hello;main.helo' },
  });
  assert.equal(code, 0);
  const report: Report = JSON.parse(stdout);
  assert.match(check(report, 'binary').detail, /^go1\.\d+(\.\d+)?, amd64, fixed address/);
  assert.equal(check(report, 'net/http server').detail, 'can be traced');
  assert.match(check(report, 'nothing to trace').detail, /^the program has no .*grpc-go server/);
  const functions = report.checks.filter(({ name }) => name === 'SIDESPAN_FUNCTIONS');
  assert.deepEqual(
    functions.map(({ state, detail }) => [state, detail]),
    [
      ['ok', '1 match'],
      ['limited', 'main.helo matches nothing'],
    ],
  );
});

test('a stripped position-independent program: limited, and why', async (context) => {
  const server = await startUntilLine(context, await goTarget('httpserver', { ldflags: '-s -w', buildmode: 'pie' }));
  const { code, stdout } = sidespan(['doctor', '--json', '--pid', String(server.pid)]);
  assert.equal(code, 0);
  const report: Report = JSON.parse(stdout);
  assert.match(check(report, 'binary').detail, /position-independent/);
  assert.equal(check(report, 'DWARF').state, 'limited');
  assert.equal(check(report, 'net/http server').state, 'ok');
});

test('processes that can not be traced: missing, with the reason, exit code 3', async (context) => {
  const server = await startUntilLine(context, await goTarget('httpserver'));
  const rows: readonly [run: { code: number | null; report: Report }, reason: RegExp][] = [
    [plain('4194304'), /There is no process 4194304 here/],
    [plain(String(process.pid)), /is not a Go program/],
    [withoutCapabilities('--pid', String(server.pid)), /No permission to look at process/],
  ];
  for (const [{ code, report }, reason] of rows) {
    assert.equal(code, 3);
    assert.equal(check(report, 'process').state, 'missing');
    assert.match(check(report, 'process').detail, reason);
  }
});

function plain(pid: string): { code: number | null; report: Report } {
  const { code, stdout } = sidespan(['doctor', '--json', '--pid', pid]);
  return { code, report: JSON.parse(stdout) };
}

test('libbpf that is not there', () => {
  const { code, stdout } = sidespan(['doctor', '--json'], { env: { SIDESPAN_LIBBPF: '/nothing/libbpf.so' } });
  assert.equal(code, 3);
  const found = check(JSON.parse(stdout), 'libbpf');
  assert.equal(found.state, 'missing');
  assert.match(found.detail, /\/nothing\/libbpf\.so/);
});

test('capability sets and what follows from them', () => {
  const status = (set: string) => `Name:\tnode\nCapEff:\t${set}\nCapBnd:\t0\n`;
  assert.deepEqual([...(effectiveCapabilities(status('000000c000080000')) ?? [])].sort(), [
    'BPF',
    'PERFMON',
    'SYS_PTRACE',
  ]);
  assert.equal(effectiveCapabilities('nothing'), undefined);
  const states = (set: string, multi: boolean | undefined) =>
    Object.fromEntries(capabilityResults(status(set), multi).map(({ name, state }) => [name.slice(4), state]));
  const least = '000000c000080000';
  assert.deepEqual(states(least, true), { BPF: 'ok', PERFMON: 'ok', SYS_PTRACE: 'ok', SYS_ADMIN: 'ok' });
  assert.deepEqual(states(least, false), { BPF: 'ok', PERFMON: 'ok', SYS_PTRACE: 'ok', SYS_ADMIN: 'missing' });
  assert.deepEqual(states(least, undefined), { BPF: 'ok', PERFMON: 'ok', SYS_PTRACE: 'ok', SYS_ADMIN: 'unknown' });
  assert.deepEqual(states('0000000000200000', false), {
    BPF: 'ok',
    PERFMON: 'ok',
    SYS_PTRACE: 'limited',
    SYS_ADMIN: 'ok',
  });
  assert.deepEqual(states('0', true), {
    BPF: 'missing',
    PERFMON: 'missing',
    SYS_PTRACE: 'limited',
    SYS_ADMIN: 'ok',
  });
});

test('lockdown, user namespaces, hidepid, memory limits, as the kernel words them', () => {
  assert.equal(lockdownResult('[none] integrity confidentiality\n').state, 'ok');
  assert.equal(lockdownResult('none [integrity] confidentiality\n').state, 'ok');
  assert.equal(lockdownResult('none integrity [confidentiality]\n').state, 'missing');
  assert.equal(lockdownResult('').state, 'unknown');
  assert.equal(isInitialUserNamespace('         0          0 4294967295\n'), true);
  assert.equal(isInitialUserNamespace('         0     100000      65536\n'), false);
  const capable = 'CapEff:\t000000c000080000\n';
  const mounts = (options: string) => `sysfs /sys sysfs rw 0 0\nproc /proc proc ${options} 0 0\n`;
  assert.equal(proc(mounts('rw,relatime'), '').state, 'ok');
  assert.equal(proc(mounts('rw,hidepid=invisible'), capable).state, 'ok');
  assert.equal(proc(mounts('rw,hidepid=2'), 'CapEff:\t0\n').state, 'limited');
  assert.equal(proc('', capable).state, 'unknown');
  assert.equal(
    lockedMemory('Max locked memory         unlimited            unlimited            bytes\n', 1).detail,
    'unlimited',
  );
  assert.equal(lockedMemory('nothing', 1).state, 'unknown');
  assert.deepEqual(cgroupFolders('0::/a/b\n'), ['/sys/fs/cgroup/a/b', '/sys/fs/cgroup/a', '/sys/fs/cgroup']);
  assert.deepEqual(cgroupFolders('5:cpu:/x\n4:memory:/y\n'), ['/sys/fs/cgroup/memory/y', '/sys/fs/cgroup/memory']);
});
