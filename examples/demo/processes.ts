import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** What stops the demonstration, in words for its user. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** A program that the demonstration started and ends. */
export interface Program {
  readonly pid: number;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and SIGKILL for a program that lives on after the grace period. */
  stop(graceMs: number): Promise<number | NodeJS.Signals>;
}

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Its standard error: a file, or line by line. */
  readonly log: string | ((line: string) => void);
}

/** Ends children with their parent, however that ends, where util-linux has it. */
const pdeathsig = spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true']).status === 0;

/** @throws DemoError when it can't be started. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<Program> {
  const file = typeof options.log === 'string' ? openSync(options.log, 'w') : undefined;
  const [program, ...rest] = pdeathsig ? ['setpriv', '--pdeathsig', 'TERM', command, ...args] : [command, ...args];
  // A process group of its own: Ctrl-C in the terminal reaches this program only, which ends the others in order.
  const child = spawn(program as string, rest, {
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ['ignore', 'ignore', file ?? 'pipe'],
  });
  if (file !== undefined) closeSync(file);
  if (typeof options.log === 'function') passLines(child, options.log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new DemoError(`${command} can't be started: ${cause.message}`, { cause })));
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
  return {
    pid: child.pid as number,
    ended,
    async stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return ended;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const result = await ended;
      clearTimeout(timer);
      return result;
    },
  };
}

/** The last lines of a log file, for an error message. */
export function logTail(file: string, lines = 8): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

/** @throws DemoError when something listens at the address already. */
export async function needFreeAddress(address: string, what: string, setting: string): Promise<void> {
  const { host, port } = splitAddress(address);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new DemoError(`${what}: ${address} names no port. Choose one from 1 to 65535: ${setting}`);
  }
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message;
      reject(new DemoError(`${what} can't listen on ${address}: ${why}. Stop it, or choose another: ${setting}`));
    });
    server.listen(port, host, () => server.close(() => resolve()));
  });
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

function passLines(child: ChildProcess, line: (text: string) => void): void {
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) line(each);
  });
  child.stderr?.on('end', () => {
    if (rest) line(rest);
  });
}
