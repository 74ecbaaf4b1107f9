import type { SiteAddress } from '../bpf/attach.ts';
import { errnoName } from '../bpf/bpf-error.ts';
import { type InstalledPlan, installPlan } from '../bpf/install-plan.ts';
import type { KernelSide } from '../bpf/kernel-side.ts';
import { mayBeRefusal, type RefusedSite } from '../bpf/refused-sites.ts';
import type { PlannedSite, ProbePlan } from '../probe/probe-plan.ts';
import { withoutRefused } from '../probe/without-refused.ts';

export interface AttachedPlan {
  readonly plan: ProbePlan;
  readonly installed: InstalledPlan;
  readonly attachment: Disposable;
}

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
  const byFile = (addresses: readonly SiteAddress[]): Map<string, SiteAddress[]> => {
    const files = new Map<string, SiteAddress[]>();
    for (const address of addresses) {
      const site = plan.sites[address.cookie - installed.firstSite];
      const path = site && pathOf(site);
      if (path !== undefined) files.set(path, [...(files.get(path) ?? []), address]);
    }
    return files;
  };
  const refused: RefusedSite[] = [];
  try {
    using attachment = new DisposableStack();
    for (const [path, sites] of search ? byFile(installed.unsureSites) : []) {
      refused.push(...kernel.refusedSites(path, sites));
    }
    if (refused.length === 0) {
      for (const [path, sites] of byFile(installed.sites)) attachment.use(kernel.attach(pid, path, sites));
      return { plan, installed, attachment: attachment.move() };
    }
  } catch (error) {
    installed[Symbol.dispose]();
    if (search || !mayBeRefusal(error)) throw error;
    return attachPlan(kernel, pid, pathOf, plan, true);
  }
  installed[Symbol.dispose]();
  const known = refused.map(({ site, errno, among }) => ({
    site: site.cookie - installed.firstSite,
    answer: among === 1 ? errnoName(errno) : `${errnoName(errno)}, or at one of ${among - 1} others`,
  }));
  return attachPlan(kernel, pid, pathOf, withoutRefused(plan, known), false);
}
