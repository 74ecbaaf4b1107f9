import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CliResult, cleanEnvironment, mainFile, shell, sidespan } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { assertCodeUntouched } from './left-behind.ts';
import { assertAllAnswered, type Server, sendLoad, startAgent, startServer, testFolder } from './running-agent.ts';
import { startCommand, startSidespan } from './running-command.ts';

/** What users see of a failure: what and where, what to do; never a stack trace. */
function assertRefused(
  { code, stdout, stderr }: CliResult,
  expectedCode: number,
  ...patterns: readonly RegExp[]
): void {
  const seen = `exit code ${code}\n${stderr}`;
  assert.equal(code, expectedCode, seen);
  assert.equal(stdout, '', seen);
  for (const pattern of patterns) assert.match(stderr, pattern, seen);
  assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+\)?$/m, seen);
  assert.doesNotMatch(stderr, /mistake in Sidespan/, seen);
}

const env = { SIDESPAN_VIEWER_PORT: '0' };

async function httpServer(context: TestContext): Promise<Server> {
  return startServer(context, await goTarget('httpserver'));
}

/** Runs `sidespan run` under another program, such as setpriv. */
function runUnder(command: readonly string[], pid: number): CliResult {
  const [name = '', ...args] = [...command, process.execPath, mainFile, 'run', '--pid', `${pid}`];
  const { status, stdout, stderr } = spawnSync(name, args, {
    encoding: 'utf8',
    env: cleanEnvironment(env),
    timeout: 30_000,
  });
  return { code: status, stdout, stderr };
}

test('no such process', () => {
  for (const args of [['run'], ['trace', 'main.main'], ['functions']]) {
    const result = sidespan([args[0] as string, '--pid', '4194304', ...args.slice(1)], { env });
    assertRefused(result, 1, /no process 4194304/);
  }
});

test('a signature in a pattern that can not be read: the place, and what was expected', () => {
  const pattern = 'main.charge(cents int64, currency strng tags)';
  const caret = `sidespan: ${pattern}\nsidespan: ${' '.repeat(pattern.indexOf('tags'))}^\n`;
  const expected = /^sidespan: .* column 41: expected `,` or `\)`, found `tags`\.$/m;
  for (const result of [
    sidespan(['trace', '--pid', '1', pattern]),
    sidespan(['functions', '--exe', '/bin/sh', pattern]),
    sidespan(['run', '--pid', '1', '--functions', pattern], { env }),
  ]) {
    assertRefused(result, 2, expected);
    assert.ok(result.stderr.includes(caret), result.stderr);
  }
});

test('a process that is no Go program, and one that is no number', () => {
  assertRefused(
    sidespan(['run', '--pid', `${process.pid}`], { env }),
    1,
    /not a Go program/,
    /no Go build information/,
  );
  assertRefused(sidespan(['trace', '--pid', `${process.pid}`, 'main.*']), 1, /not a Go program/);
  assertRefused(sidespan(['run', '--pid', '-7'], { env }), 2, /pid/);
  assertRefused(sidespan(['run', '--pid', '2'], { env }), 1, /2 is a thread of the kernel|no process 2 /);
});

test('files that are no Go programs', (context) => {
  const folder = testFolder(context);
  const text = join(folder, 'text');
  writeFileSync(text, 'hello\n');
  writeFileSync(join(folder, 'empty'), '');
  assertRefused(sidespan(['functions', '--exe', text]), 1, /not an ELF file/, /Linux executable/);
  assertRefused(sidespan(['functions', '--exe', join(folder, 'empty')]), 1, /empty: /);
  assertRefused(sidespan(['functions', '--exe', join(folder, 'none')]), 1, /no such file/);
  assertRefused(sidespan(['functions', '--exe', folder]), 1, /not a regular file/);
  assertRefused(sidespan(['functions', '--exe', '/bin/sh']), 1, /no Go program/);
});

test('a truncated and a hostile Go binary: a named error or a listing, in bounded memory', async (context) => {
  const folder = testFolder(context);
  const original = await goTarget('httpserver');
  const size = statSync(original).size;
  const path = join(folder, 'damaged');
  const listed = (): CliResult =>
    shell('ulimit -v 40000000; timeout 60 $SIDESPAN functions --exe "$FILE" >/dev/null', { FILE: path });
  const assertNamed = (result: CliResult, what: string): void => {
    assert.ok(result.code === 0 || result.code === 1, `${what}: exit code ${result.code}\n${result.stderr}`);
    assert.doesNotMatch(result.stderr, /mistake in Sidespan|^\s+at /m, what);
    if (result.code === 1) assert.match(result.stderr, /^sidespan: \S*damaged: /, what);
  };
  for (const share of [0.01, 0.5, 0.99]) {
    copyFileSync(original, path);
    truncateSync(path, Math.floor(size * share));
    assertNamed(listed(), `cut to ${share}`);
  }
  // Where sections and segments are said to be and how many: all ones, one field after the other.
  for (const [at, bytes] of [
    [0x18, 8],
    [0x20, 8],
    [0x28, 8],
    [0x36, 2],
    [0x38, 2],
    [0x3a, 2],
    [0x3c, 2],
  ] as const) {
    copyFileSync(original, path);
    chmodSync(path, 0o755);
    const fd = openSync(path, 'r+');
    writeSync(fd, Buffer.alloc(bytes, 0xff), 0, bytes, at);
    assertNamed(listed(), `ELF header, 0x${at.toString(16)}`);
  }
});

test('a pattern that matches nothing names the nearest functions', async (context) => {
  const { pid } = await httpServer(context);
  assertRefused(
    sidespan(['trace', '--pid', `${pid}`, 'main.Gretting']),
    1,
    /main\.Gretting matches no function/,
    /main\.Greeting/,
  );
  const agent = startAgent(context, { SIDESPAN_TARGET_PID: `${pid}`, SIDESPAN_FUNCTIONS: 'main.Capitalise' });
  await agent.until(/main\.Capitalise matches no function.*main\.Capitalize/);
  // The requests are traced all the same.
  await agent.untilAttached(pid);
  assert.equal((await agent.stop()).code, 0);
});

test('a pattern that matches thousands: the limit is said', async (context) => {
  const { pid } = await httpServer(context);
  const { code, stderr } = sidespan(['trace', '--pid', `${pid}`, '--duration', '100ms', '*']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /match \d{4,} functions; the first 300 are traced.*SIDESPAN_MAX_FUNCTIONS/);
  await assertCodeUntouched(pid);
});

test('that a function never returns is said', async (context) => {
  const { pid } = await httpServer(context);
  const { code, stderr } = sidespan(['trace', '--pid', `${pid}`, '--duration', '100ms', 'main.explode']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /at entry only, as it never returns: main\.explode/);
});

test('missing BTF', async (context) => {
  const { pid } = await httpServer(context);
  const hidden = 'mount --bind "$0" /sys/kernel/btf && exec "$@"';
  const result = runUnder(['unshare', '--mount', 'sh', '-c', hidden, testFolder(context)], pid);
  assertRefused(result, 3, /BTF/, /\/sys\/kernel\/btf\/vmlinux/);
});

test('missing capabilities', async (context) => {
  const { pid } = await httpServer(context);
  const without = (capabilities: string): CliResult =>
    runUnder(['setpriv', '--bounding-set', capabilities, '--inh-caps', '-all'], pid);
  assertRefused(without('-bpf,-sys_admin'), 3, /EPERM.*CAP_BPF/, /sidespan doctor/);
  assertRefused(without('-sys_ptrace'), 3, new RegExp(`process ${pid}`), /CAP_SYS_PTRACE/);
  await assertCodeUntouched(pid);
});

test('no libbpf, and a library that is none', async (context) => {
  const { pid } = await httpServer(context);
  for (const command of [
    ['run', '--pid', `${pid}`],
    ['trace', '--pid', `${pid}`, 'main.hello'],
  ]) {
    const absent = sidespan(command, { env: { ...env, SIDESPAN_LIBBPF: '/nonexistent' } });
    assertRefused(absent, 3, /libbpf could not be loaded \(\/nonexistent/, /SIDESPAN_LIBBPF/, /libbpf1/);
    const libc = /\s(\/\S+\/libc\.so\.6)/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[1] as string;
    const other = sidespan(command, { env: { ...env, SIDESPAN_LIBBPF: libc } });
    assertRefused(other, 3, /libc\.so\.6 is no libbpf/, /SIDESPAN_LIBBPF/);
  }
});

test('a port in use, for the viewer and for Prometheus', async (context) => {
  const { pid } = await httpServer(context);
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  context.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  const run = (settings: Record<string, string>) =>
    sidespan(['run', '--pid', `${pid}`], { env: { ...env, ...settings }, timeoutMs: 30_000 });
  const viewer = run({ SIDESPAN_VIEWER_PORT: `${port}` });
  assertRefused(viewer, 1, new RegExp(`port ${port}`), /SIDESPAN_VIEWER_PORT/);
  const prometheus = run({ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: `${port}` });
  assertRefused(prometheus, 1, new RegExp(`${port}`), /OTEL_EXPORTER_PROMETHEUS_PORT/);
  await assertCodeUntouched(pid);
});

test('a full disk for --json', async (context) => {
  const { pid, address } = await httpServer(context);
  const full = openSync('/dev/full', 'w');
  context.after(() => closeSync(full));
  const args = ['trace', '--pid', `${pid}`, '--duration', '60s', '--json', 'main.hello'];
  const trace = startSidespan(context, args, { stdout: full });
  await trace.untilStderr(/tracing 1 function/);
  await sendLoad(context, address, ['/hello'], 200, ['-rate', '200']);
  // It does not go on for a minute, writing nothing.
  assertRefused(await trace.ended, 1, /stdout: the output can't be written: the disk is full/);
  await assertCodeUntouched(pid);
});

test('a reader that goes away', async (context) => {
  const { pid, address } = await httpServer(context);
  const script = `$SIDESPAN trace --json --pid ${pid} --duration 60s main.hello | head -1; exit \${PIPESTATUS[0]}`;
  const trace = startCommand(context, ['bash', '-c', script]);
  await trace.untilStderr(/tracing 1 function/);
  await sendLoad(context, address, ['/hello'], 200, ['-rate', '200']);
  const { code, stdout, stderr } = await trace.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 1);
  assert.doesNotMatch(stderr, /EPIPE|^\s+at /m);
  await assertCodeUntouched(pid);
});

test('a summary file that can not be written', async (context) => {
  const { pid } = await httpServer(context);
  const agent = startAgent(context, { SIDESPAN_TARGET_PID: `${pid}`, SIDESPAN_SUMMARY_FILE: '/nonexistent/summary' });
  await agent.untilAttached(pid);
  assert.equal((await agent.stop()).code, 1);
  assert.match(agent.log(), /summary can't be written: .*\/nonexistent\/summary.*SIDESPAN_SUMMARY_FILE/);
  // The numbers are not lost: the table stands above.
  assert.match(agent.log(), /^process +probe +seen/m);
  await assertCodeUntouched(pid);
});

test('unknown commands, options and settings', (context) => {
  assertRefused(sidespan(['trcae']), 2, /trcae/, /trace/);
  assertRefused(sidespan(['run', '--pidd', '4']), 2, /--pidd/, /--pid\b/);
  assertRefused(sidespan(['trace', '--pid', '1', '--count', 'many', 'main.*']), 2, /--count: "many"/);
  const unset = sidespan(['run', '--pid', '1'], { env: { SIDESPAN_MAX_FUNCTIONS: 'lots' } });
  assertRefused(unset, 2, /SIDESPAN_MAX_FUNCTIONS/, /lots/);
  const file = join(testFolder(context), 'sidespan.yaml');
  writeFileSync(file, 'SIDESPAN_TARGET_PIT: 7\n');
  assertRefused(sidespan(['run', '--config', file]), 2, /SIDESPAN_TARGET_PIT/, /SIDESPAN_TARGET_PID/);
});

test('a receiver that refuses: said once in a while, counted, and the service does not notice', async (context) => {
  await using sink = await startOtlpSink();
  await sink.behave({ mode: 'refuse' });
  const { pid, address } = await httpServer(context);
  const agent = startAgent(context, {
    SIDESPAN_TARGET_PID: `${pid}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${sink.http}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_METRICS_EXPORTER: 'none',
  });
  await agent.untilAttached(pid);
  assertAllAnswered(await sendLoad(context, address, ['/hello'], 700), 700);
  await agent.until(/sidespan: (warning|error): .*(400|refuse|reject)/i);
  assert.equal((await agent.stop()).code, 0);
  const { balanced, probes } = agent.summary();
  assert.equal(balanced, true);
  const requests = probes.find(({ kind }) => kind === 'http.server');
  assert.deepEqual([requests?.seen, requests?.exported, requests?.dropped], [700, 0, { export_failed: 700 }]);
});
