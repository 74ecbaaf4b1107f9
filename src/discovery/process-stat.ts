import { type ProcResult, readProcText } from './proc-file.ts';

/** What Sidespan needs of /proc/PID/stat (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly state: string;
  readonly parentPid: number;
  readonly kernelThread: boolean;
  /** Field 22: clock ticks since boot. */
  readonly startTicks: number;
  /**
   * Changes when the process is another one or has called exec: start time and the randomised addresses of code and
   * stack. (The addresses are 0 without permission to trace the process.)
   */
  readonly image: string;
  /** Fields 50 and 51: where its environment was at its start, in its own memory. 0 as above. */
  readonly environment: { readonly start: number; readonly end: number };
}

/** One line with a name of at most 64 bytes and 51 numbers. */
const maxStatBytes = 4096;

/** PF_KTHREAD, include/linux/sched.h. */
const kernelThreadFlag = 0x0020_0000;

export function readProcessStat(pid: number): ProcResult<ProcessStat> {
  const text = readProcText(`/proc/${pid}/stat`, maxStatBytes, 'latin1');
  if (text.value === undefined) return text;
  const stat = parseProcessStat(text.value);
  return stat === undefined ? { absence: 'unreadable' } : { value: stat };
}

/** Undefined if the text isn't a line of that format. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The name stands in brackets and may itself contain brackets and spaces: the last one closes it.
  const close = text.lastIndexOf(')');
  if (close === -1) return undefined;
  const fields = text.slice(close + 2).split(' ');
  /** By the number in the manual page; the first after the name is 3. */
  const field = (number: number) => fields[number - 3] ?? '';
  const state = field(3);
  // A line that is cut short would read as zeroes.
  if (!/^[A-Za-z]$/.test(state) || ![4, 9, 22, 26, 27, 28].every((number) => /^-?\d+$/.test(field(number)))) {
    return undefined;
  }
  const [parentPid, flags, startTicks] = [Number(field(4)), Number(field(9)), Number(field(22))];
  return {
    state,
    parentPid,
    kernelThread: Math.floor(flags / kernelThreadFlag) % 2 === 1,
    startTicks,
    image: `${startTicks}:${field(26)}:${field(27)}:${field(28)}`,
    environment: { start: Number(field(50)), end: Number(field(51)) },
  };
}
