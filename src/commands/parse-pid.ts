import { UsageError } from './exit-code.ts';

/** PID_MAX_LIMIT, include/linux/threads.h. */
const maxPid = 2 ** 22;

/** The number of a process from the command line. @throws UsageError */
export function parsePid(text: string, command: string): number {
  const pid = Number(text);
  if (!/^\d+$/.test(text) || pid < 1 || pid > maxPid) {
    throw new UsageError(`--pid: ${JSON.stringify(text)} is no process number. Give one from 1 to ${maxPid}.`, command);
  }
  return pid;
}
