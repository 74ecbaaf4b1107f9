/** The agent as users run it, started by a test, and the programs that it traces. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { cleanEnvironment, mainFile } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { eventually, start, startUntilLine } from '../support/running.ts';

export interface AgentSummary {
  readonly balanced: boolean;
  readonly probes: readonly ProbeSummary[];
}

export interface ProbeSummary {
  readonly process: string;
  readonly pid: number | null;
  readonly functionName: string;
  readonly kind: string;
  readonly seen: number;
  readonly exported: number;
  readonly sampledOut: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly stillRunning: number;
  readonly enteredBeforeAttach: number;
}

export interface AgentEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly tookMs: number;
}

export interface RunningAgent {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Omit<AgentEnd, 'tookMs'>>;
  /** All of its stderr so far. */
  log(): string;
  /** Waits until the log matches. @throws Error with the log when the agent ends before, or after `limitMs` */
  until(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>;
  /** Waits until it has begun to trace this process. */
  untilAttached(pid: number): Promise<void>;
  /** `http://127.0.0.1:PORT`, once it has said so. */
  viewer(): Promise<string>;
  /** Sends the signal and waits for the end; a process that hangs is killed after `limitMs` and the test fails. */
  stop(signal?: NodeJS.Signals, limitMs?: number): Promise<AgentEnd>;
  /** After the end. */
  summary(): AgentSummary;
}

/** A folder that goes with the test. */
export function testFolder(context: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-e2e-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `sidespan run`; the viewer takes a free port unless `env` says otherwise. */
export function startAgent(
  context: Pick<TestContext, 'after'>,
  env: Readonly<Record<string, string>>,
  [program, ...first]: readonly [string, ...string[]] = [process.execPath, mainFile],
): RunningAgent {
  const summaryFile = join(testFolder(context), 'summary.json');
  const child = start(context, program, [...first, 'run'], {
    env: cleanEnvironment({
      SIDESPAN_VIEWER_PORT: '0',
      SIDESPAN_CPU_BUDGET: 'off',
      SIDESPAN_SUMMARY_FILE: summaryFile,
      ...env,
    }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  (child.stderr as Readable).setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  let over = false;
  void ended.then(() => {
    over = true;
  });

  async function until(pattern: RegExp, limitMs = 20_000): Promise<RegExpExecArray> {
    const found = await eventually(
      () => ({ match: pattern.exec(text), over }),
      ({ match, over: end }) => match !== null || end,
      limitMs,
    ).catch(() => undefined);
    assert.ok(found?.match, `the agent ${over ? 'ended before' : 'did not come to'} ${pattern}; its log:\n${text}`);
    return found.match;
  }
  return {
    child,
    pid: child.pid as number,
    ended,
    log: () => text,
    until,
    async untilAttached(pid) {
      await until(new RegExp(`\\(pid ${pid}, [^\\n]*; attached `));
    },
    viewer: async () => (await until(/viewer: (\S+?)\/?\n/))[1] as string,
    async stop(signal = 'SIGTERM', limitMs = 20_000) {
      const begun = performance.now();
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
      const end = await ended;
      clearTimeout(timer);
      return { ...end, tookMs: performance.now() - begun };
    },
    summary() {
      assert.ok(existsSync(summaryFile), `the agent wrote no summary; its log:\n${text}`);
      return JSON.parse(readFileSync(summaryFile, 'utf8')) as AgentSummary;
    },
  };
}

export interface Server {
  readonly child: ChildProcess;
  readonly pid: number;
  /** `127.0.0.1:PORT` */
  readonly address: string;
}

/** Starts test/targets/httpserver or grpcserver, or another executable that says where it listens. */
export async function startServer(
  context: Pick<TestContext, 'after'>,
  executable: string,
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Server> {
  const { child, pid, firstLine } = await startUntilLine(context, executable, args, { env: cleanEnvironment(env) });
  child.stdout?.resume();
  return { child, pid, address: firstLine.replace('listening ', '') };
}

/** What test/targets/load counted. */
export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  readonly noAnswer: Readonly<Record<string, number>>;
  readonly byRequest: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Load {
  readonly ended: Promise<LoadResult>;
}

/** Starts requests to `http://ADDRESS PATH`, in turn; more flags of test/targets/load in `args`. */
export async function startLoad(
  context: Pick<TestContext, 'after'>,
  address: string,
  paths: readonly string[],
  requests: number,
  args: readonly string[] = [],
): Promise<Load> {
  const urls = paths.flatMap((path) => ['-url', `http://${address}${path}`]);
  return { ended: startClient<LoadResult>(context, await goTarget('load'), [...urls, '-n', `${requests}`, ...args]) };
}

/** Runs a client whose last line is one JSON object. */
export async function startClient<T>(
  context: Pick<TestContext, 'after'>,
  program: string,
  args: readonly string[],
): Promise<T> {
  const child = start(context, program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, `${program} ended with ${code}: ${output}`);
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as T;
}

/** Sends requests and waits for all answers. */
export async function sendLoad(
  context: Pick<TestContext, 'after'>,
  address: string,
  paths: readonly string[],
  requests: number,
  args: readonly string[] = [],
): Promise<LoadResult> {
  const load = await startLoad(context, address, paths, requests, args);
  return load.ended;
}

/** Every request was answered. */
export function assertAllAnswered(load: LoadResult, requests: number): void {
  assert.deepEqual(
    { sent: load.sent, answered: load.answered, noAnswer: load.noAnswer },
    { sent: requests, answered: requests, noAnswer: {} },
  );
}
