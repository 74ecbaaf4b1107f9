import { readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { goExecutable } from './go-executable.ts';
import type { ProcAbsence } from './proc-file.ts';
import type { TargetProcess } from './process.ts';
import { readProcessStat } from './process-stat.ts';
import { readProcess } from './read-process.ts';

/** Processes that are looked at before other work gets its turn: about a millisecond's worth. */
const processesPerTurn = 64;

/** Longer chains of parents than any real one: a loop can't be, but /proc changes while it is read. */
const maxAncestors = 256;

/** A process number that was looked at. */
export interface SeenProcess {
  readonly pid: number;
  /** Changes when the number goes to another process or the process calls exec. */
  readonly image: string;
  /** Absent: no Go program. */
  readonly go?: TargetProcess | undefined;
  /** The process could not be looked at. */
  readonly absence?: ProcAbsence | undefined;
}

/** All process numbers of /proc, thus of our PID namespace. */
function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/**
 * Looks at processes of our PID namespace. What is known from `before` and hasn't changed costs one read each.
 * @param pids left out: all of them.
 * @returns by process number; processes that ended meanwhile are left out.
 */
export async function scanProcesses(
  before: ReadonlyMap<number, SeenProcess> = new Map(),
  pids: Iterable<number> = processIds(),
): Promise<Map<number, SeenProcess>> {
  const seen = new Map<number, SeenProcess>();
  let count = 0;
  for (const pid of pids) {
    count += 1;
    if (count % processesPerTurn === 0) await nextTurn();
    const process = lookAt(pid, before.get(pid));
    if (process) seen.set(pid, process);
  }
  return seen;
}

/** Every Go process of our PID namespace that we may look at, in order of its number. */
export async function listGoProcesses(): Promise<TargetProcess[]> {
  const seen = await scanProcesses();
  return [...seen.values()].flatMap(({ go }) => go ?? []).sort((a, b) => a.pid - b.pid);
}

function lookAt(pid: number, before: SeenProcess | undefined): SeenProcess | undefined {
  const stat = readProcessStat(pid);
  if (stat.value === undefined) return undefined;
  const { image, kernelThread, state } = stat.value;
  if (state === 'Z' || state === 'X') return undefined;
  // What couldn't be read is tried again: rights may come, and a process that execs has no executable for a moment.
  if (before?.image === image && before.absence === undefined) return before;
  if (kernelThread) return { pid, image };
  const found = goExecutable(`/proc/${pid}/exe`);
  if (found.kind === 'other') return { pid, image };
  if (found.kind === 'unknown')
    return { pid, image, absence: found.reason === 'no permission' ? found.reason : 'gone' };
  const process = readProcess(pid);
  return process.value ? { pid, image, go: process.value } : { pid, image, absence: process.absence };
}

/** Whether a process is `ancestor` itself or was started by it, directly or through others. */
export function isDescendant(pid: number, ancestor: number): boolean {
  let current = pid;
  for (let count = 0; count < maxAncestors && current > 0; count++) {
    if (current === ancestor) return true;
    const stat = readProcessStat(current);
    if (stat.value === undefined) return false;
    current = stat.value.parentPid;
  }
  return false;
}
