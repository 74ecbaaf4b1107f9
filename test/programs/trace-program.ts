/** Starts a program, traces it with `sidespan run` while it is driven, and compares what was seen with what was sent. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ElfFile } from '../../src/binary/elf-file.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { exportTo } from '../e2e/exported.ts';
import { startAgent } from '../e2e/running-agent.ts';
import { unpackedPackages } from '../support/debian.ts';
import { moduleCommand } from '../support/go-module.ts';
import { type SinkSpan, startOtlpSink } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import { freePorts } from './driver.ts';
import type { Here, Program, Sent } from './program.ts';

const run = promisify(execFile);

const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;
/** Spans wait for the exporter's next batch. */
const arrivalMs = 10_000;

/** A line of the table. */
export interface Row {
  readonly name: string;
  readonly version: string;
  readonly goVersion: string;
  readonly build: string;
  readonly functions: number;
  /** Of the traced function: sent, then seen. */
  readonly calls: readonly [number, number];
  readonly meanMs: number;
  readonly spans: readonly [number, number];
  readonly own: string;
}

/** What the program's source gives: the folder it is unpacked to, and the executable in it. */
export async function obtain({
  source,
  path = '',
}: Pick<Program, 'source' | 'path'>): Promise<{ unpacked: string; executable: string }> {
  if ('module' in source) {
    const executable = await moduleCommand(source);
    return { unpacked: join(executable, '..'), executable };
  }
  const unpacked = await unpackedPackages(source.suite, source.packages);
  return { unpacked, executable: join(unpacked, path) };
}

/** @throws AssertionError when something was not seen, or was seen that was not sent */
export async function traceProgram(
  context: TestContext,
  program: Program,
  obtained: { readonly unpacked: string; readonly executable: string },
): Promise<Row> {
  const about = await binaryFacts(program, obtained.executable);
  const { here, pid } = await startProgram(context, program, obtained);
  const ownBefore = await program.own?.read(here);

  const sink = await startOtlpSink();
  context.after(() => sink.stop());
  const agent = startAgent(context, {
    SIDESPAN_TARGET_PID: String(pid),
    SIDESPAN_FUNCTIONS: program.traced,
    SIDESPAN_VIEWER: 'off',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    ...exportTo(sink, 'http/protobuf'),
  });
  await agent.untilAttached(pid);
  const sent = await program.drive(here);
  const expected = sent.calls + sum(sent.requests);
  await eventually(
    async () => (await sink.state()).distinctSpans,
    (count) => count >= expected,
    arrivalMs,
  ).catch(() => undefined);
  const { code } = await agent.stop();
  assert.equal(code, 0, agent.log());
  const ownAfter = await program.own?.read(here);

  const spans = await sink.spans();
  const { balanced, probes } = agent.summary();
  const functionProbes = probes.filter(({ kind }) => kind === 'function');
  const [probe] = functionProbes;
  assert.ok(probe !== undefined && functionProbes.length === 1, `one function is traced\n${agent.log()}`);
  // Not those that a preset makes of its queries.
  const calls = spans.filter(({ scope }) => scope === 'sidespan/function');
  const servers = spans.filter(({ kind }) => kind === 'SERVER');
  const row: Row = {
    ...about,
    calls: [sent.calls, probe.seen],
    meanMs: calls.reduce((total, { durationNs }) => total + durationNs, 0) / calls.length / 1e6,
    spans: [sum(sent.requests), servers.length],
    own: program.own === undefined ? '-' : `${program.own.name} +${(ownAfter ?? 0) - (ownBefore ?? 0)}`,
  };
  checkSeen(sent, servers, row);
  assert.equal(calls.length, sent.calls, 'spans of the function');
  assert.ok(calls.every(({ durationNs }) => durationNs > 0));
  if (program.own !== undefined) assert.equal((ownAfter ?? 0) - (ownBefore ?? 0), sent.own ?? sent.calls, row.own);
  assert.ok(balanced, JSON.stringify(probes, null, 1));
  return row;
}

function checkSeen(sent: Sent, servers: readonly SinkSpan[], row: Row): void {
  const seen: Record<string, number> = {};
  for (const span of servers) seen[requestOf(span)] = (seen[requestOf(span)] ?? 0) + 1;
  assert.deepEqual({ calls: row.calls[1], requests: seen }, { calls: sent.calls, requests: sent.requests });
}

/** What tells a server span: 'GET /metrics 200', 'etcdserverpb.KV/Put'. */
function requestOf({ attributes }: SinkSpan): string {
  const method = attributes['rpc.method'];
  if (method !== undefined) return String(method);
  const { 'http.request.method': verb, 'url.path': path, 'http.response.status_code': status } = attributes;
  return `${verb} ${path} ${status}`;
}

/** Returns when it answers; it ends with the test. */
export async function startProgram(
  context: Pick<TestContext, 'after'>,
  program: Pick<Program, 'start' | 'ready'>,
  obtained: { readonly unpacked: string; readonly executable: string },
): Promise<{ readonly here: Here; readonly pid: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'sidespan-program-'));
  const here: Here = { ...obtained, folder, ports: await freePorts() };
  const { args, env = {}, files = {} } = program.start(here);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(here.folder, name), content, { mode: 0o700 });
  const log = join(here.folder, 'log');
  const output = openSync(log, 'a');
  // Mounts of its own (an engine has some) end with it. `unshare` becomes the program.
  const child = spawn('unshare', ['--mount', here.executable, ...args], {
    cwd: here.folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  });
  const ended = once(child, 'exit');
  context.after(async () => {
    // Gently first: some have children.
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
    await rm(here.folder, { recursive: true, force: true });
  });
  const answering = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    return program.ready(here).then(
      () => true,
      () => false,
    );
  };
  const up = await eventually(answering, (answers) => answers, startTimeoutMs).catch(() => false);
  assert.ok(up && child.exitCode === null && child.pid !== undefined, readFileSync(log, 'utf8').slice(-4000));
  return { here, pid: child.pid };
}

async function binaryFacts(program: Program, executable: string) {
  using elf = new ElfFile(executable);
  using binary = openGoBinary(executable);
  let functions = 0;
  for (const { name } of binary.functions()) if (name !== '') functions += 1;
  assert.equal(functions, binary.functionCount);
  assert.ok(functions > 3000, `${functions} functions`);
  const build = [
    binary.positionIndependent ? 'PIE' : 'EXEC',
    binary.hasDwarf ? 'DWARF' : binary.hasSymbols ? 'symbols' : 'stripped',
    ...(elf.section('.gopclntab') === undefined ? ['no .gopclntab'] : []),
  ];
  const { stdout, stderr } = await run(executable, program.versionArgs).catch((error) => error);
  const fromModule = 'version' in program.source ? program.source.version : undefined;
  const version = fromModule ?? /\d+\.\d+\.\d+/.exec(`${stdout}\n${stderr}`)?.[0] ?? 'not told';
  return { name: program.name, version, goVersion: binary.buildInfo.goVersion, build: build.join(', '), functions };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
