/** Both files are a few lines for a container and some hundred for a host; text after this is not looked at. */
const MAX_CHARACTERS = 256 * 1024;

/** 64 hex digits: Docker, containerd, CRI-O, Podman. */
const ID = /^[0-9a-f]{64}$/;
/** Amazon ECS names the control group of a task's container so. */
const ECS_ID = /^[0-9a-f]{32}-\d{1,20}$/;
/** systemd's unit of a container: `docker-<id>.scope`, `cri-containerd-<id>.scope`, `crio-<id>.scope`, `libpod-<id>.scope`. */
const UNIT = /^(?:[a-z0-9-]+-)?([0-9a-f]{64})(?:\.scope)?$/;

/**
 * Id of the container from /proc/PID/cgroup (cgroups(7): `hierarchy:controllers:path` lines).
 * Undefined for a process outside of containers, and where the container has a control group namespace of its own and
 * asks about itself: then the path is `/`, see `containerIdOfMounts`.
 */
export function containerIdOfCgroup(text: string): string | undefined {
  for (const line of text.slice(0, MAX_CHARACTERS).split('\n')) {
    const path = line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1);
    // Innermost first: a container within a container has both ids.
    for (const part of path.split('/').reverse()) {
      const id = idOfPart(part);
      if (id !== undefined) return id;
    }
  }
  return undefined;
}

function idOfPart(part: string): string | undefined {
  // `crio-conmon-<id>.scope` holds the monitor, not the container.
  if (part.includes('conmon')) return undefined;
  if (ECS_ID.test(part)) return part;
  return UNIT.exec(part)?.[1];
}

/** Mount points that engines bind from a folder named by the container's id. */
const MOUNT_POINTS = new Set(['/etc/hostname', '/etc/hosts', '/etc/resolv.conf']);
/**
 * The folder before the id: Docker's `containers/<id>/hostname`, Podman's `overlay-containers/<id>/userdata/hostname`.
 * containerd's `sandboxes/<id>/hostname` is the pod's sandbox, not the container.
 */
const FOLDERS = new Set(['containers', 'overlay-containers']);

/** Id of the container from /proc/PID/mountinfo (proc_pid_mountinfo(5): field 4 is the root, field 5 the mount point). */
export function containerIdOfMounts(text: string): string | undefined {
  for (const line of text.slice(0, MAX_CHARACTERS).split('\n')) {
    const fields = line.split(' ', 5);
    if (!MOUNT_POINTS.has(fields[4] ?? '')) continue;
    const parts = (fields[3] ?? '').split('/');
    const at = parts.findIndex((part, index) => ID.test(part) && FOLDERS.has(parts[index - 1] ?? ''));
    if (at >= 0) return parts[at];
  }
  return undefined;
}
