import { type ProcResult, readProcText } from './proc-file.ts';

/** What /proc tells about the container of a process. Absent: none found. */
export interface ContainerIdentity {
  /** 64 hex digits, as the container runtime prints them. */
  readonly containerId?: string | undefined;
  /** Of a Kubernetes pod: 8-4-4-4-12 hex digits. */
  readonly podUid?: string | undefined;
}

/** A dozen lines of cgroups; some hundred mounts on a busy node. */
const maxCgroupBytes = 64 * 1024;
const maxMountInfoBytes = 1024 * 1024;

/** Reads the container's and the pod's id of a process from its cgroups, else from its mounts. */
export function containerIdentity(pid: number): ProcResult<ContainerIdentity> {
  const cgroup = readProcText(`/proc/${pid}/cgroup`, maxCgroupBytes);
  if (cgroup.value === undefined) return cgroup;
  const { containerId, podUid } = parseCgroup(cgroup.value);
  if (containerId !== undefined) return { value: { containerId, podUid } };
  const mounts = readProcText(`/proc/${pid}/mountinfo`, maxMountInfoBytes);
  if (mounts.value === undefined) return mounts;
  return { value: { containerId: containerIdOfMounts(mounts.value), podUid } };
}

/**
 * From /proc/PID/cgroup. The last part of a path is the id, alone (`/docker/ID`, `/kubepods/…/ID`) or with a runtime's name
 * around it (`docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID`).
 */
export function parseCgroup(text: string): ContainerIdentity {
  let containerId: string | undefined;
  let podUid: string | undefined;
  for (const line of text.split('\n')) {
    const path = /^\d+:[^:]*:(\/.*)$/.exec(line)?.[1];
    if (path === undefined) continue;
    const own = path
      .split('/')
      .findLast((part) => part !== '' && part !== 'init.scope' && part !== 'container' && part !== 'init');
    containerId ??= own === undefined ? undefined : /^(?:[a-z-]+-)?([0-9a-f]{64})(?:\.scope)?$/.exec(own)?.[1];
    const uid = /pod([0-9a-f]{8}([-_])[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{12})/.exec(path)?.[1];
    podUid ??= uid?.replaceAll('_', '-');
  }
  return { containerId, podUid };
}

/**
 * From /proc/PID/mountinfo, for a private cgroup namespace, where the path is just `/`: Docker, Podman and Kubernetes mount
 * /etc/hostname or /etc/resolv.conf from a folder that has the id as its name. The `sandboxes` of containerd are the pod's
 * pause container, not this one.
 */
export function containerIdOfMounts(text: string): string | undefined {
  for (const line of text.split('\n')) {
    // "36 35 98:0 /root-of-the-mount /mount-point …", proc_pid_mountinfo(5)
    const [, , , root = '', mountPoint] = line.split(' ');
    if (mountPoint !== '/etc/hostname' && mountPoint !== '/etc/resolv.conf' && mountPoint !== '/etc/hosts') continue;
    if (root.includes('/sandboxes/')) continue;
    const id = /\/(?:containers|overlay-containers)\/([0-9a-f]{64})\//.exec(root)?.[1];
    if (id) return id;
  }
  return undefined;
}
