import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { readProcLink, readProcText } from './proc-file.ts';

/** State of a listening socket in /proc/net/tcp (TCP_LISTEN, include/net/tcp_states.h). */
const listenState = '0A';

/** Listening sockets come first in the table; this is room for 25,000 of them. */
const maxTableBytes = 4 * 1024 * 1024;
const chunkBytes = 64 * 1024;

/** More open files than a process may have by default on any distribution. */
const maxDescriptors = 1024 * 1024;

/** Some hundred bytes; those of an epoll descriptor list what it waits for, behind the lines read here. */
const maxFdInfoBytes = 4096;
const maxMountInfoBytes = 1024 * 1024;

/**
 * Of these processes, those that have a TCP socket listening on `port`, each in its own network namespace.
 * Processes that end meanwhile, or whose files we may not see, are left out.
 */
export function listenersOn(port: number, pids: readonly number[]): number[] {
  const byNamespace = new Map<string, ReadonlySet<string>>();
  return pids.filter((pid) => {
    const namespace = readProcLink(`/proc/${pid}/ns/net`).value;
    if (namespace === undefined) return false;
    let sockets = byNamespace.get(namespace);
    if (sockets === undefined) {
      sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(`/proc/${pid}/net/${table}`, port)));
      byNamespace.set(namespace, sockets);
    }
    return sockets.size > 0 && hasSocket(pid, sockets);
  });
}

/** Inodes of the sockets that listen on the port, from a table in the format of /proc/net/tcp. */
export function parseListening(table: string, port: number): { readonly inodes: string[]; readonly ended: boolean } {
  const inodes: string[] = [];
  let ended = false;
  for (const line of table.split('\n')) {
    // "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 12345 1 …"
    const fields = line.trim().split(/\s+/);
    const [slot = '', local = '', , state, , , , , , inode] = fields;
    if (!/^\d+:$/.test(slot)) continue;
    if (state !== listenState) {
      ended = true;
      break;
    }
    if (Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port && inode) inodes.push(inode);
  }
  return { inodes, ended };
}

/** Reads a table only as far as its listening sockets go: the connections behind them may be 100,000. */
function listeningInodes(path: string, port: number): string[] {
  let fd: number | undefined;
  const inodes: string[] = [];
  try {
    fd = openSync(path, 'r');
    const chunk = Buffer.alloc(chunkBytes);
    let rest = '';
    for (let total = 0; total < maxTableBytes; ) {
      const count = readSync(fd, chunk, 0, chunkBytes, null);
      if (count === 0) break;
      total += count;
      const text = rest + chunk.toString('latin1', 0, count);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      const found = parseListening(text.slice(0, end), port);
      inodes.push(...found.inodes);
      if (found.ended) break;
    }
  } catch {
    // The process ended, or IPv6 is off: no sockets.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  return inodes;
}

function hasSocket(pid: number, inodes: ReadonlySet<string>): boolean {
  const descriptors = entries(`/proc/${pid}/fd`);
  if (descriptors !== undefined) {
    return descriptors.some((descriptor) => {
      const link = readProcLink(`/proc/${pid}/fd/${descriptor}`).value;
      const inode = link === undefined ? undefined : /^socket:\[(\d+)\]$/.exec(link)?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  }
  // The folder fd is its owner's alone (mode 0500), and a sidecar's root without CAP_DAC_OVERRIDE is not the owner;
  // fdinfo asks for CAP_SYS_PTRACE instead and has the inode since Linux 5.14.
  const mounts = readProcText(`/proc/${pid}/mountinfo`, maxMountInfoBytes).value ?? '';
  const mountIds = new Set(mounts.split('\n').map((line) => line.slice(0, line.indexOf(' '))));
  return (entries(`/proc/${pid}/fdinfo`) ?? []).some((descriptor) => {
    const info = readProcText(`/proc/${pid}/fdinfo/${descriptor}`, maxFdInfoBytes).value ?? '';
    const inode = /^ino:\s*(\d+)$/m.exec(info)?.[1];
    const mountId = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
    // A file may have the same number as a socket, but lies on a mount; sockets' file system is mounted nowhere.
    return inode !== undefined && inodes.has(inode) && mountId !== undefined && !mountIds.has(mountId);
  });
}

/** The names in a folder of /proc, or undefined if it can't be opened. */
function entries(path: string): string[] | undefined {
  try {
    return readdirSync(path).slice(0, maxDescriptors);
  } catch {
    return undefined;
  }
}
