import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where and when figures were measured. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the minute before. */
  readonly loadBefore: number;
  readonly date: string;
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1e6),
    kernel: release(),
    node: process.version,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
    date: new Date().toISOString(),
  };
}

/** Jiffies of all processors, and those of them that were spent at work. */
function processorTimes(): { readonly all: number; readonly busy: number } {
  const [, ...fields] = readFileSync('/proc/stat', 'utf8').slice(0, 200).split('\n')[0]?.split(/\s+/) ?? [];
  const times = fields.map(Number);
  const all = times.slice(0, 8).reduce((sum, time) => sum + time, 0);
  return { all, busy: all - (times[3] ?? 0) - (times[4] ?? 0) };
}

/** Share of the machine that others use, 0 to 1, looked at for `durationMs` in which we do nothing. */
export async function otherLoad(durationMs: number): Promise<number> {
  const before = processorTimes();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const after = processorTimes();
  return (after.busy - before.busy) / Math.max(1, after.all - before.all);
}
