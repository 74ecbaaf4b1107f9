import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** USER_HZ: 100 on every Linux that Go and Node run on. */
const ticksPerSecond = 100;

/** CPU time of a process and its ended threads, user and system, in us; the kernel rounds to 10 ms. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

/** In MB of 10^6 bytes: VmRSS now, VmHWM at its highest, RssAnon without mapped files. */
export function memoryMb(pid: number, field: 'VmRSS' | 'VmHWM' | 'RssAnon' = 'VmRSS'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (found === null) throw new Error(`/proc/${pid}/status has no ${field}`);
  return (Number(found[1]) * 1024) / 1e6;
}

export interface BpfRuns {
  readonly runs: number;
  readonly timeNs: number;
}

/** What the kernel counted of a process's uprobe programs (BPF_PROG_TYPE_KPROBE) while statistics were on. */
export function uprobeRuns(pid: number): BpfRuns {
  const programs = new Map<string, BpfRuns>();
  for (const name of readdirSync(`/proc/${pid}/fdinfo`)) {
    let info: string;
    try {
      info = readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8');
    } catch {
      continue; // closed meanwhile
    }
    const value = (key: string) => new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(info)?.[1];
    const id = value('prog_id');
    const runs = value('run_cnt');
    if (id === undefined || runs === undefined || value('prog_type') !== '2') continue;
    programs.set(id, { runs: Number(runs), timeNs: Number(value('run_time_ns')) });
  }
  let sum: BpfRuns = { runs: 0, timeNs: 0 };
  for (const { runs, timeNs } of programs.values()) sum = { runs: sum.runs + runs, timeNs: sum.timeNs + timeNs };
  return sum;
}

const statisticsSwitch = '/proc/sys/kernel/bpf_stats_enabled';

/** Counting costs time itself: only for as long as the result is not disposed. */
export function countBpfRuns(): Disposable {
  const before = readFileSync(statisticsSwitch, 'utf8');
  writeFileSync(statisticsSwitch, '1');
  return { [Symbol.dispose]: () => writeFileSync(statisticsSwitch, before) };
}
