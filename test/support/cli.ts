/** Running the real command line. */
import { type SpawnSyncOptionsWithStringEncoding, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const mainFile = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of the test run without settings of Sidespan or OpenTelemetry and without wishes about colour. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(SIDESPAN_(?!CACHE)|OTEL_|NO_COLOR$|FORCE_COLOR$|NODE_)/.test(name),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), TERM: 'xterm', ...more };
}

/** Runs `sidespan ARGS` to its end. */
export function sidespan(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): CliResult {
  const spawnOptions: SpawnSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    env: cleanEnvironment(options.env),
    timeout: options.timeoutMs ?? 60_000,
    maxBuffer: 256 * 1024 * 1024,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainFile, ...args], spawnOptions);
  return { code: status, stdout, stderr };
}

/** Runs a shell script in which `$SIDESPAN` is the command line. */
export function shell(script: string, env: Readonly<Record<string, string>> = {}): CliResult {
  const SIDESPAN = `${process.execPath} ${mainFile}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: cleanEnvironment({ SIDESPAN, ...env }),
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

/** Starts `sidespan ARGS` and leaves it running; ending it is the caller's. */
export function spawnSidespan(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawn(process.execPath, [mainFile, ...args], {
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
