/** Starting real programs for tests, and ending them with the test. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** A program that a test started. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The first line it printed, if it was waited for. */
  readonly firstLine: string;
}

/** Starts a program that is killed when the test ends, and waits for its first line on stdout. */
export async function startUntilLine(
  context: Pick<TestContext, 'after'>,
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<Running> {
  const child = start(context, command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  const lines = createInterface({ input: child.stdout! });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${command} ended (${code ?? signal}) before it printed a line`);
  });
  const [firstLine] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return { child, pid: child.pid!, firstLine };
}

/** Starts a program that is killed when the test ends. */
export function start(
  context: Pick<TestContext, 'after'>,
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): ChildProcess {
  const child = spawn(command, args, options);
  context.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  });
  return child;
}

/** Waits until a condition holds; fails after `limitMs` with the last value seen. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (value: T) => boolean,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
