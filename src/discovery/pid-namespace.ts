import { readProcLink } from './proc-file.ts';

/** PROC_PID_INIT_INO, include/linux/proc_ns.h: the inode of the first PID namespace on every kernel. */
const initialPidNamespace = 0xeffffffc;

/** Inode of a process's PID namespace, or undefined if it can't be read. */
export function pidNamespace(pid: number | 'self' = 'self'): number | undefined {
  const link = readProcLink(`/proc/${pid}/ns/pid`).value;
  const inode = link === undefined ? undefined : /^pid:\[(\d+)\]$/.exec(link)?.[1];
  return inode === undefined ? undefined : Number(inode);
}

/** Whether we see all processes of the machine (also in a container with the host's namespace); undefined: unknown. */
export function inInitialPidNamespace(): boolean | undefined {
  const own = pidNamespace();
  return own === undefined ? undefined : own === initialPidNamespace;
}

/** Whether /proc shows our own PID namespace; a container's /proc may be another's, and its numbers mean others. */
export function procIsOurs(): boolean {
  return readProcLink('/proc/self').value === String(process.pid);
}
