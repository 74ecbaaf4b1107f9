import { readFileSync } from 'node:fs';
import { goExecutable } from './go-executable.ts';

/** Processes have some 100 libraries loaded; a look at one costs a few reads. */
const maxLooks = 256;

/** A line of /proc/PID/maps of code that a file backs (proc_pid_maps(5)). */
const codeLine = /^[0-9a-f]+-[0-9a-f]+ r.xp \S+ \S+ \d+\s+(\/.+?)(?: \(deleted\))?$/gm;

/**
 * Files with Go code that a process has loaded beside its executable: plugins, and libraries of -buildmode=c-shared.
 * Undefined: its memory map can't be read.
 */
export function goLibrariesOf(pid: number, exePath: string): string[] | undefined {
  let maps: string;
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch {
    return undefined;
  }
  const paths = new Set([...maps.matchAll(codeLine)].map(([, path = '']) => path));
  paths.delete(exePath);
  // Its paths are those of its own mount namespace.
  return [...paths].slice(0, maxLooks).filter((path) => goExecutable(`/proc/${pid}/root${path}`).kind === 'go');
}
