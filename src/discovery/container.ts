import { hostname } from 'node:os';
import { containerIdOfCgroup, containerIdOfMounts } from './container-id.ts';
import { type ProcResult, readProcLink, readProcText } from './proc-file.ts';

/** A dozen lines of control groups; some hundred mounts on a busy node. */
const maxCgroupBytes = 64 * 1024;
const maxMountInfoBytes = 1024 * 1024;

/** Id of the container that a process is in, from its control groups, else from its mounts; undefined: it is in none. */
export function containerId(pid: number): ProcResult<string | undefined> {
  const cgroup = readProcText(`/proc/${pid}/cgroup`, maxCgroupBytes);
  if (cgroup.value === undefined) return cgroup;
  const id = containerIdOfCgroup(cgroup.value);
  if (id !== undefined) return { value: id };
  const mounts = readProcText(`/proc/${pid}/mountinfo`, maxMountInfoBytes);
  if (mounts.value === undefined) return mounts;
  return { value: containerIdOfMounts(mounts.value) };
}

/** The host name that a process sees, if it shares ours; undefined: it has one of its own. */
export function hostNameOf(pid: number): string | undefined {
  const own = readProcLink('/proc/self/ns/uts').value;
  return own !== undefined && readProcLink(`/proc/${pid}/ns/uts`).value === own ? hostname() : undefined;
}
