/** A script in a guest that hands back several texts. */
import { join } from 'node:path';
import { cloudKernel, type DebianSuite } from '../support/debian.ts';
import { runGuest } from '../support/guest.ts';
import type { GuestFiles } from './guest-files.ts';

/** Which guest. */
export interface ScriptOptions {
  readonly suite: DebianSuite;
  readonly cpus: number;
  /** Beside those of the test run. */
  readonly archives?: readonly string[];
  readonly kernelArguments?: string;
  /** For the whole run; five minutes if it is left out. */
  readonly timeoutMs?: number;
  readonly memoryMB?: number;
}

/** What the script handed back. */
export interface ScriptReport {
  readonly exitCode: number;
  /** `uname -r` there. */
  readonly release: string;
  readonly durationMs: number;
  /** What the script gave to `show NAME`; undefined: it did not come to that. */
  readonly part: (name: string) => string | undefined;
}

const begin = '@@BEGIN ';
const end = '@@END';

/**
 * Boots the suite's kernel and runs the script, whose command `show NAME` hands back its standard input.
 * @throws GuestError when the guest does not come to an end; Error when its output is not what the script prints.
 */
export async function runScript(files: GuestFiles, options: ScriptOptions, script: string): Promise<ScriptReport> {
  const run = await runGuest({
    kernel: join(await cloudKernel(options.suite, files.architecture), 'vmlinuz'),
    architecture: files.architecture,
    archives: [...files.archives, ...(options.archives ?? [])],
    command: `
      show() { printf '${begin}%s\\n' "$1"; cat; printf '\\n${end}\\n'; }
      uname -r | show release
      ${script}`,
    cpus: options.cpus,
    memoryMB: options.memoryMB ?? 2048,
    timeoutMs: options.timeoutMs ?? 300_000,
    kernelArguments: options.kernelArguments ?? '',
  });
  const part = (name: string): string | undefined => {
    const from = run.output.indexOf(`${begin}${name}\n`);
    if (from < 0) return undefined;
    const start = from + begin.length + name.length + 1;
    return run.output.slice(start, run.output.indexOf(`\n${end}`, start));
  };
  const release = part('release')?.trim();
  if (!release) throw new Error(`the guest's output is not its script's:\n${run.output}`);
  return { exitCode: run.exitCode, release, durationMs: run.durationMs, part };
}
