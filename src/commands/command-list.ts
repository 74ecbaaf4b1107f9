import { nearestName } from '../config/nearest.ts';
import type { Command } from './command.ts';
import { UsageError } from './exit-code.ts';

/** A command as the overview shows it, without loading it. The summaries are compared with the commands' own by a test. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: Command }>;
}

const entry = (name: string, summary: string, load: () => Promise<{ readonly default: unknown }>) =>
  ({ name, summary, load }) as CommandEntry;

/** All commands in the order of the overview. */
export const commandList: readonly CommandEntry[] = [
  entry('run', 'trace running Go processes and export traces and metrics', () => import('./run.ts')),
  entry('trace', 'print calls of functions as they return', () => import('./trace.ts')),
  entry('functions', 'list the functions of a process or file that can be traced', () => import('./functions.ts')),
  entry('doctor', 'check whether tracing will work here, and say what is missing', () => import('./doctor.ts')),
  entry('config', 'print the effective configuration and where each value comes from', () => import('./config.ts')),
  entry('completion', 'print a completion script for bash, zsh or fish', () => import('./completion.ts')),
  entry('help', 'explain a command', () => import('./help.ts')),
  entry('version', 'print the version', () => import('./version.ts')),
];

/** @throws UsageError naming the nearest command. */
export async function loadCommand(name: string): Promise<Command> {
  const found = commandList.find((command) => command.name === name);
  if (found === undefined) {
    const names = commandList.map((command) => command.name);
    const nearest = nearestName(name, names);
    throw new UsageError(
      `${JSON.stringify(name)} is no command. ${nearest ? `Did you mean ${nearest}?` : `Commands: ${names.join(', ')}.`}`,
    );
  }
  return (await found.load()).default;
}
