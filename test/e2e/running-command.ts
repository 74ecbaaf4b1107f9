/** Commands that run for a while: a test waits for what they say, does something, and waits for their end. */
import assert from 'node:assert/strict';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { type CliResult, cleanEnvironment, mainFile } from '../support/cli.ts';
import { eventually, start } from '../support/running.ts';

export interface RunningCommand {
  readonly child: ChildProcess;
  /** With all output. Fails when it takes longer than a minute. */
  readonly ended: Promise<CliResult & { readonly signal: NodeJS.Signals | null }>;
  stdout(): string;
  stderr(): string;
  /** Waits until stderr matches; fails with it when the command ends before. */
  untilStderr(pattern: RegExp): Promise<RegExpExecArray>;
}

export const sidespanCommand: readonly string[] = [process.execPath, mainFile];

/** Starts `sidespan ARGS`. */
export function startSidespan(
  context: TestContext,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly stdout?: number } = {},
): RunningCommand {
  return startCommand(context, [...sidespanCommand, ...args], options);
}

/** Starts any command, with the command line as `$SIDESPAN`. */
export function startCommand(
  context: TestContext,
  [program = '', ...args]: readonly string[],
  { env = {}, stdout = undefined as number | undefined } = {},
): RunningCommand {
  const stdio: StdioOptions = ['ignore', stdout ?? 'pipe', 'pipe'];
  const child = start(context, program, args, {
    env: cleanEnvironment({ SIDESPAN: sidespanCommand.join(' '), ...env }),
    stdio,
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const text = { stdout: '', stderr: '' };
  let over = false;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true;
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...text };
  });
  return {
    child,
    ended,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    async untilStderr(pattern) {
      const look = () => ({ match: pattern.exec(text.stderr), over });
      const found = await eventually(look, (now) => now.match !== null || now.over).catch(() => undefined);
      assert.ok(found?.match, `no ${pattern}; stderr:\n${text.stderr}`);
      return found.match;
    },
  };
}
