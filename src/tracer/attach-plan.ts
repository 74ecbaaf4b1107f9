import type { SiteAddress } from '../bpf/attach.ts';
import { errnoName } from '../bpf/bpf-error.ts';
import { type InstalledPlan, installPlan } from '../bpf/install-plan.ts';
import type { InstalledSites } from '../bpf/installed-sites.ts';
import type { KernelSide } from '../bpf/kernel-side.ts';
import { mayBeRefusal, type RefusedSite } from '../bpf/refused-sites.ts';
import type { PlannedSite, ProbePlan } from '../probe/probe-plan.ts';
import { withoutRefused } from '../probe/without-refused.ts';

export interface AttachedPlan {
  readonly plan: ProbePlan;
  readonly installed: InstalledPlan;
  /** What is attached now. */
  readonly attachment: Disposable;
  /** Attaches anew without some probes: no call of the others is lost, or counted twice. @throws BpfError */
  leaveOut(probes: ReadonlySet<number>): void;
}

/** Longer than a hit takes, also if its thread is preempted. */
const settleMs = 10;

/**
 * Attaches what the kernel allows of a plan.
 * @param pathOf where the file that has a site can be opened
 * @param search for sites that it refuses, first; else they are looked for when it refuses to attach. Of a file that no
 * process has mapped it refuses nothing, and attaches to less later.
 * @throws BpfError
 */
export function attachPlan(
  kernel: KernelSide,
  pid: number,
  pathOf: (site: PlannedSite) => string,
  plan: ProbePlan,
  search: boolean,
): AttachedPlan {
  const installed = installPlan(kernel, plan);
  const byFile = (addresses: readonly SiteAddress[], { indexOf } = installed.sites): Map<string, SiteAddress[]> => {
    const files = new Map<string, SiteAddress[]>();
    for (const address of addresses) {
      const site = plan.sites[indexOf(address.cookie) ?? -1];
      const path = site && pathOf(site);
      if (path !== undefined) files.set(path, [...(files.get(path) ?? []), address]);
    }
    return files;
  };
  const attachAll = (sites: InstalledSites): Disposable => {
    using attachment = new DisposableStack();
    for (const [path, addresses] of byFile(sites.addresses, sites)) attachment.use(kernel.attach(pid, path, addresses));
    return attachment.move();
  };
  const refused: RefusedSite[] = [];
  try {
    for (const [path, sites] of search ? byFile(installed.unsureSites) : []) {
      refused.push(...kernel.refusedSites(path, sites));
    }
    if (refused.length === 0) {
      let attached = attachAll(installed.sites);
      return {
        plan,
        installed,
        attachment: { [Symbol.dispose]: () => attached[Symbol.dispose]() },
        leaveOut(probes) {
          using next = installed.prepare(probes);
          const attachedNext = attachAll(next.sites);
          // A hit that found only the old ones when it began has ended by then.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, settleMs);
          next.takeEffect();
          const before = attached;
          attached = attachedNext;
          before[Symbol.dispose]();
          next.forgetOld();
        },
      };
    }
  } catch (error) {
    installed[Symbol.dispose]();
    if (search || !mayBeRefusal(error)) throw error;
    return attachPlan(kernel, pid, pathOf, plan, true);
  }
  installed[Symbol.dispose]();
  const known = refused.map(({ site, errno, among }) => ({
    site: installed.sites.indexOf(site.cookie) ?? -1,
    answer: among === 1 ? errnoName(errno) : `${errnoName(errno)}, or at one of ${among - 1} others`,
  }));
  return attachPlan(kernel, pid, pathOf, withoutRefused(plan, known), false);
}
