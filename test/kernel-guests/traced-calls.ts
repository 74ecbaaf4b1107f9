/** `sidespan trace --json` of a program in a guest. */
import { guestRepository } from '../support/guest-root.ts';
import { type TracedCall, tracedCalls } from '../support/trace-json.ts';
import type { GuestFiles } from './guest-files.ts';
import { runScript, type ScriptOptions } from './guest-script.ts';

/** A program to trace from its first instruction to its end. */
export interface TracedProgram {
  /** One of the guest's programs. */
  readonly name: string;
  readonly programArguments: readonly string[];
  readonly patterns: readonly string[];
}

/** What the agent printed. */
export interface TracedCalls {
  /** Of the agent: the program's, unless the agent failed. */
  readonly code: number;
  readonly calls: readonly TracedCall[];
  readonly stderr: string;
}

/**
 * Traces programs one after the other in one guest.
 * @returns in the order of the programs.
 * @throws as runScript does.
 */
export async function guestCalls(
  files: GuestFiles,
  options: ScriptOptions,
  programs: readonly TracedProgram[],
): Promise<readonly TracedCalls[]> {
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
  const commands = programs.map(
    ({ name, programArguments, patterns }) => `
      bin/sidespan trace --json ${quoted(patterns)} -- /programs/${name} ${quoted(programArguments)} >/tmp/out 2>/tmp/err
      echo $? | show '${name} code'
      show '${name} calls' </tmp/out
      show '${name} stderr' </tmp/err`,
  );
  const { part } = await runScript(files, options, `cd ${guestRepository}\n${commands.join('\n')}`);
  return programs.map(({ name }) => ({
    code: Number(part(`${name} code`)),
    calls: tracedCalls(part(`${name} calls`) ?? ''),
    stderr: part(`${name} stderr`) ?? '',
  }));
}
