import { readFileSync } from 'node:fs';
import { BpfError } from './bpf-error.ts';
import { addressOf, bpf, close, tryBpf, tryIoctl, tryPerfEventOpen } from './libc.ts';

/** How probes are attached: one link for many sites (Linux 6.6+), or one perf event for each. */
export type AttachMode = 'uprobe_multi' | 'perf_event';

/** An instruction to probe; `cookie` is what the program reads there (the index into the sites map). */
export interface SiteAddress {
  /** Offset in the executable file. */
  readonly fileOffset: number;
  readonly cookie: number;
  /** It is of the program that writes headers. */
  readonly isOutgoing?: boolean | undefined;
}

export const attachType = { perfEvent: 41, uprobeMulti: 48 } as const;

const command = { linkCreate: 28 } as const;

/** union bpf_attr, link_create (include/uapi/linux/bpf.h). */
const linkAttributes = {
  sizeBytes: 64,
  programFd: 0,
  targetFd: 4,
  attachType: 8,
  perfCookie: 16,
  path: 16,
  offsets: 24,
  cookies: 40,
  count: 48,
  pid: 56,
} as const;

/** struct perf_event_attr (include/uapi/linux/perf_event.h), as far as uprobes use it. */
const perfAttributes = { sizeBytes: 112, type: 0, size: 4, path: 56, offset: 64 } as const;

const perfEventEnable = 0x2400;

function pathBytes(path: string): Uint8Array {
  return new TextEncoder().encode(`${path}\0`);
}

function multiLink(programFd: number, pid: number, path: string, sites: readonly SiteAddress[]): Uint8Array[] {
  const name = pathBytes(path);
  const offsets = BigUint64Array.from(sites, (site) => BigInt(site.fileOffset));
  const cookies = BigUint64Array.from(sites, (site) => BigInt(site.cookie));
  const attributes = new Uint8Array(linkAttributes.sizeBytes);
  const view = new DataView(attributes.buffer);
  const buffers = [attributes, name, new Uint8Array(offsets.buffer), new Uint8Array(cookies.buffer)];
  view.setUint32(linkAttributes.programFd, programFd, true);
  view.setUint32(linkAttributes.attachType, attachType.uprobeMulti, true);
  view.setBigUint64(linkAttributes.path, addressOf(name), true);
  view.setBigUint64(linkAttributes.offsets, addressOf(buffers[2] as Uint8Array), true);
  view.setBigUint64(linkAttributes.cookies, addressOf(buffers[3] as Uint8Array), true);
  view.setUint32(linkAttributes.count, sites.length, true);
  view.setUint32(linkAttributes.pid, pid, true);
  return buffers;
}

/**
 * Whether the kernel has uprobe_multi links: "/" cannot be probed, which only a kernel that knows such links says
 * (EBADF); others refuse the arguments (EINVAL). `programFd` must be loaded with the attach type uprobe_multi.
 */
export function hasUprobeMulti(programFd: number): boolean {
  const ebadf = 9;
  const buffers = multiLink(programFd, 0, '/', [{ fileOffset: 0, cookie: 0 }]);
  const result = tryBpf(command.linkCreate, buffers[0] as Uint8Array);
  if (result >= 0) close(result);
  return result === -ebadf;
}

function uprobeType(): number {
  const path = '/sys/bus/event_source/devices/uprobe/type';
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new BpfError(`${path} cannot be read: this kernel has no uprobes (CONFIG_UPROBE_EVENTS)`, 0, { cause });
  }
}

function attachPerfEvent(programFd: number, pid: number, name: Uint8Array, site: SiteAddress, type: number): number[] {
  const attributes = new Uint8Array(perfAttributes.sizeBytes);
  const view = new DataView(attributes.buffer);
  view.setUint32(perfAttributes.type, type, true);
  view.setUint32(perfAttributes.size, perfAttributes.sizeBytes, true);
  view.setBigUint64(perfAttributes.path, addressOf(name), true);
  view.setBigUint64(perfAttributes.offset, BigInt(site.fileOffset), true);
  const eventFd = tryPerfEventOpen(attributes, pid, -1);
  if (eventFd < 0) throw new BpfError(`A perf uprobe at file offset 0x${site.fileOffset.toString(16)}`, eventFd);
  const link = new Uint8Array(linkAttributes.sizeBytes);
  const linkView = new DataView(link.buffer);
  linkView.setUint32(linkAttributes.programFd, programFd, true);
  linkView.setUint32(linkAttributes.targetFd, eventFd, true);
  linkView.setUint32(linkAttributes.attachType, attachType.perfEvent, true);
  linkView.setBigUint64(linkAttributes.perfCookie, BigInt(site.cookie), true);
  const linkFd = tryBpf(command.linkCreate, link);
  const enabled = linkFd < 0 ? linkFd : tryIoctl(eventFd, perfEventEnable, 0);
  if (enabled < 0) {
    if (linkFd >= 0) close(linkFd);
    close(eventFd);
    throw new BpfError(`Attaching to a perf uprobe at file offset 0x${site.fileOffset.toString(16)}`, enabled);
  }
  return [linkFd, eventFd];
}

/**
 * Attaches one program to sites of one process. All or nothing: what was attached before a failure is detached again.
 *
 * @param path of the executable as the kernel should open it; /proc/PID/exe reaches it across mount namespaces and
 * when it was replaced on disk
 * @throws BpfError
 */
export function attachSites(
  mode: AttachMode,
  programFd: number,
  pid: number,
  path: string,
  sites: readonly SiteAddress[],
): Disposable {
  const fds: number[] = [];
  const detach = () => {
    for (const fd of fds.splice(0)) close(fd);
  };
  if (sites.length === 0) return { [Symbol.dispose]: detach };
  if (mode === 'uprobe_multi') {
    const buffers = multiLink(programFd, pid, path, sites);
    fds.push(bpf(command.linkCreate, buffers[0] as Uint8Array, `Attaching ${sites.length} uprobes to process ${pid}`));
    return { [Symbol.dispose]: detach };
  }
  const type = uprobeType();
  const name = pathBytes(path);
  try {
    for (const site of sites) fds.push(...attachPerfEvent(programFd, pid, name, site, type));
  } catch (error) {
    detach();
    throw error;
  }
  return { [Symbol.dispose]: detach };
}
