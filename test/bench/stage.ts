import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { cleanEnvironment } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';

const run = promisify(execFile);

/** A file of the agent as it is shipped, with compiled sources (scripts/bench makes it). */
export function shippedFile(...path: readonly string[]): string {
  return join(import.meta.dirname, '..', '..', '.cache', 'bench', 'package', ...path);
}

export const sidespan = shippedFile('bin', 'sidespan');

/** A program under measurement; disposing kills it and waits. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
}

export interface Service extends Program {
  /** `127.0.0.1:41234` */
  readonly address: string;
}

export interface Agent extends Program {
  /** Date.now() at the moment at which it was started. */
  readonly startedUnixMs: number;
  log(): string;
  /** Sends SIGTERM. @returns ms until it has ended. */
  stop(): Promise<number>;
  /** After `stop`. */
  ledger(): Ledger;
}

export interface Ledger {
  readonly balanced: boolean;
  readonly probes: readonly {
    readonly functionName: string;
    readonly seen: number;
    readonly exported: number;
    readonly sampledOut: number;
    readonly dropped: Readonly<Record<string, number>>;
    readonly stillRunning: number;
  }[];
}

function programOf(child: ChildProcess): Program {
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return { child, pid: child.pid ?? 0, [Symbol.asyncDispose]: end };
}

/** Starts a program; `address` is the last word of its first line. */
export async function startService(command: string, args: readonly string[] = []): Promise<Service> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: cleanEnvironment() });
  const program = programOf(child);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${command} ended at once`);
  });
  const lines = createInterface({ input: child.stdout as Readable });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => {});
  return { ...program, address: line.split(' ').at(-1) ?? '' };
}

/** Starts `sidespan run --pid` and waits until it is attached; `env` comes on top of a clean environment. */
export async function startAgent(pid: number, env: Readonly<Record<string, string>> = {}): Promise<Agent> {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-bench-'));
  const summary = join(folder, 'summary.json');
  const startedUnixMs = Date.now();
  const child = spawn(sidespan, ['run', '--pid', String(pid)], {
    env: cleanEnvironment({
      SIDESPAN_VIEWER_PORT: '0',
      SIDESPAN_CPU_BUDGET: 'off',
      SIDESPAN_SUMMARY_FILE: summary,
      ...env,
    }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const program = programOf(child);
  let text = '';
  (child.stderr as Readable).setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  while (!/: attached|; attached/.test(text)) {
    if (child.exitCode !== null || Date.now() - startedUnixMs > 30_000) {
      await program[Symbol.asyncDispose]();
      throw new Error(`the agent did not attach:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  let ledger: Ledger | undefined;
  return {
    ...program,
    startedUnixMs,
    log: () => text,
    async stop() {
      const begun = performance.now();
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      const tookMs = performance.now() - begun;
      ledger = JSON.parse(readFileSync(summary, 'utf8')) as Ledger;
      return tookMs;
    },
    ledger() {
      if (ledger === undefined) throw new Error('the agent runs still');
      return ledger;
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Environment for traces to a receiver, OTLP over gRPC. */
export function exportTo(grpcAddress: string): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${grpcAddress}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
}

export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  readonly requestsPerSecond: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

export interface LoadOptions {
  readonly path?: string;
  readonly requests: number;
  readonly connections?: number;
  readonly perSecond?: number;
}

/** Sends requests to httpserver and waits for the last answer. */
export async function load(address: string, options: LoadOptions): Promise<LoadResult> {
  const { path = '/hello', requests, connections = 64, perSecond = 0 } = options;
  const args = ['-url', `http://${address}${path}`, '-n', requests, '-c', connections, '-rate', perSecond].map(String);
  const { stdout } = await run(await goTarget('load'), args);
  return JSON.parse(stdout) as LoadResult;
}
