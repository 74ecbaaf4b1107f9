import { statSync } from 'node:fs';
import { absenceOf, type ProcResult, readProcLink, readProcText } from './proc-file.ts';
import type { TargetProcess } from './process.ts';
import { readProcessStat } from './process-stat.ts';

/** The kernel allows megabytes of arguments; nobody reads that far. */
const maxCommandLineBytes = 64 * 1024;

const deletedSuffix = ' (deleted)';

/**
 * Describes a process, whatever program it runs. A process that ends meanwhile, or whose number goes to another one, is
 * absent, never a mixture of two.
 */
export function readProcess(pid: number): ProcResult<TargetProcess> {
  const stat = readProcessStat(pid);
  if (stat.value === undefined) return stat;
  if (stat.value.kernelThread) return { absence: 'kernel thread' };
  if (stat.value.state === 'Z' || stat.value.state === 'X') return { absence: 'zombie' };
  const { startTicks } = stat.value;

  const link = readProcLink(`/proc/${pid}/exe`);
  if (link.value === undefined) return link;
  const identity = executableIdentity(pid);
  if (identity.value === undefined) return identity;
  const commandLine = readProcText(`/proc/${pid}/cmdline`, maxCommandLineBytes);
  if (commandLine.value === undefined) return commandLine;
  const after = readProcessStat(pid);
  if (after.value?.startTicks !== startTicks) return { absence: after.absence ?? 'gone' };

  // A file may really be called `x (deleted)`: then it exists under that name.
  const exeDeleted = link.value.endsWith(deletedSuffix);
  return {
    value: {
      pid,
      startTicks,
      exePath: exeDeleted ? link.value.slice(0, -deletedSuffix.length) : link.value,
      exeDeleted,
      commandLine: splitNul(commandLine.value),
      exeIdentity: identity.value,
    },
  };
}

/** device:inode of the file that the process runs, also if it was deleted or lies in another mount namespace. */
export function executableIdentity(pid: number): ProcResult<string> {
  return fileIdentity(`/proc/${pid}/exe`);
}

/** device:inode */
export function fileIdentity(path: string): ProcResult<string> {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { value: `${dev}:${ino}` };
  } catch (error) {
    return { absence: absenceOf(error) };
  }
}

/** Texts that each end in a NUL byte; the last may lack it. */
export function splitNul(text: string): string[] {
  const parts = text.split('\0');
  if (parts.at(-1) === '') parts.pop();
  return parts;
}
