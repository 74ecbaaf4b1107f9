import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TargetProcess } from '../discovery/process.ts';
import { readProcessStat } from '../discovery/process-stat.ts';
import { CommandError } from './exit-code.ts';

/** How a program ended. */
export interface ProgramEnd {
  /** `exit code 0`, `signal SIGTERM`. */
  readonly how: string;
  /** As a shell gives it: the program's own, or 128 and the number of the signal that ended it. */
  readonly exitCode: number;
}

/** A program that waits, stopped, just before its first instruction. */
export interface HeldProgram extends AsyncDisposable {
  readonly target: TargetProcess;
  /** Path of its executable. */
  readonly path: string;
  /** Lets it begin. */
  go(): void;
  readonly ended: Promise<ProgramEnd>;
}

const stopTimeoutMs = 5000;
const stopPollMs = 2;
/** Given to a program that was asked to end. */
const endTimeoutMs = 5000;

/**
 * Starts a shell that stops itself and, when it goes on, becomes the program: same process, so probes attached to it
 * before are in place from the program's first instruction. Its standard output goes to our stderr, where it can not
 * get between the results.
 * @throws CommandError
 */
export async function holdProgram(command: readonly string[], env: NodeJS.ProcessEnv): Promise<HeldProgram> {
  const [name = '', ...args] = command;
  const path = findProgram(name, env);
  const child = spawn('/bin/sh', ['-c', 'kill -STOP $$; exec "$0" "$@"', path, ...args], {
    stdio: ['inherit', process.stderr, 'inherit'],
    env,
  });
  const ended = once(child, 'exit').then(([code, signal]) => programEnd(code, signal));
  if (child.pid === undefined) throw new CommandError(`/bin/sh could not be started to run ${path}.`);
  const pid = child.pid;
  try {
    const startTicks = await waitUntilStopped(pid);
    const { dev, ino } = statSync(path, { bigint: true });
    return {
      path,
      target: {
        pid,
        startTicks,
        exePath: path,
        exeDeleted: false,
        commandLine: [path, ...args],
        exeIdentity: `${dev}:${ino}`,
      },
      go: () => process.kill(pid, 'SIGCONT'),
      ended,
      [Symbol.asyncDispose]: () => endProgram(child, ended),
    };
  } catch (error) {
    await endProgram(child, ended);
    throw error;
  }
}

function programEnd(code: number, signal: NodeJS.Signals | null): ProgramEnd {
  return signal === null
    ? { how: `exit code ${code}`, exitCode: code }
    : { how: `signal ${signal}`, exitCode: 128 + osConstants.signals[signal] };
}

/** As a shell would: a name with a slash is a path, any other is looked up in PATH. */
function findProgram(name: string, env: NodeJS.ProcessEnv): string {
  const candidates = name.includes('/')
    ? [name]
    : (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return realpathSync(candidate);
    } catch {
      // the next folder
    }
  }
  const remedy = name.includes('/') ? 'Check the path; the file must be executable.' : `Give its path: ./${name}.`;
  throw new CommandError(`There is no program ${name} that could be started. ${remedy}`);
}

async function waitUntilStopped(pid: number): Promise<number> {
  const deadline = performance.now() + stopTimeoutMs;
  while (performance.now() < deadline) {
    const stat = readProcessStat(pid).value;
    if (stat?.state === 'T') return stat.startTicks;
    await sleep(stopPollMs);
  }
  throw new CommandError(`The program could not be held before its start: process ${pid} did not stop.`);
}

async function endProgram(child: ChildProcess, ended: Promise<ProgramEnd>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  // A stopped process takes the signal when it goes on.
  child.kill('SIGCONT');
  const timeout = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
  await ended;
  clearTimeout(timeout);
}
