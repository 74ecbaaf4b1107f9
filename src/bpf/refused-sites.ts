import { closeSync, openSync } from 'node:fs';
import { type AttachMode, attachSites, type SiteAddress } from './attach.ts';
import { BpfError } from './bpf-error.ts';
import { holdMapped } from './libc.ts';

/** A site at which the kernel allows no probe. */
export interface RefusedSite {
  readonly site: SiteAddress;
  /** What the kernel answered. */
  readonly errno: number;
  /** It is one of so many, of which at least one is refused; 1: this one is. */
  readonly among: number;
}

/**
 * What the kernel answers when it can't probe an instruction: x86 ENOTSUPP, or ENOEXEC for bytes that it can't decode;
 * arm64 EINVAL. They have other meanings, too.
 */
const refusals: ReadonlySet<number> = new Set([8, 22, 95, 524]);

/** Whether that may have been about a single site among those that were to be attached. */
export function mayBeRefusal(error: unknown): error is BpfError {
  return error instanceof BpfError && refusals.has(error.errno);
}

/** Each takes 40 to 120 ms, whatever the number of sites: the kernel waits for grace periods. */
const maxAttempts = 64;

/**
 * Finds the sites that the kernel refuses; a uprobe_multi link fails as a whole and does not tell.
 *
 * The attempts are made on a mapping of the file in this process, where nobody runs the code: no traced process is
 * hit by them. Without any mapping the kernel would not look at the instructions at all: of a program that is yet to be
 * started it would refuse the probes later, and say nothing.
 * @param sites to be tried; those at branches need not be
 * @throws BpfError for all else
 */
export function refusedSites(
  mode: AttachMode,
  programFd: number,
  path: string,
  sites: readonly SiteAddress[],
): RefusedSite[] {
  if (sites.length === 0) return [];
  using _ = mapSites(path, sites);
  const refused: RefusedSite[] = [];
  let attempts = 0;

  function failure(group: readonly SiteAddress[]): number | undefined {
    attempts += 1;
    try {
      attachSites(mode, programFd, process.pid, path, group)[Symbol.dispose]();
      return undefined;
    } catch (error) {
      if (!mayBeRefusal(error)) throw error;
      return error.errno;
    }
  }

  /** @param errno the answer when all of the group were tried */
  function search(group: readonly SiteAddress[], errno: number): void {
    if (group.length === 1 || attempts >= maxAttempts) {
      refused.push(...group.map((site) => ({ site, errno, among: group.length })));
      return;
    }
    const middle = group.length >> 1;
    const [before, after] = [group.slice(0, middle), group.slice(middle)];
    const first = failure(before);
    if (first !== undefined) search(before, first);
    const second = first === undefined ? errno : failure(after);
    if (second !== undefined) search(after, second);
  }

  // Perf events wait for each site anyway.
  for (const group of mode === 'perf_event' ? sites.map((site) => [site]) : [sites]) {
    const errno = failure(group);
    if (errno !== undefined) search(group, errno);
  }
  return refused;
}

function mapSites(path: string, sites: readonly SiteAddress[]): Disposable {
  const end = sites.reduce((most, { fileOffset }) => Math.max(most, fileOffset), 0) + 1;
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw new BpfError(`${path} cannot be opened`, 0, { cause });
  }
  try {
    return holdMapped(fd, end, `Mapping ${path}`);
  } finally {
    closeSync(fd);
  }
}
