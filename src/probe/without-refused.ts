import { probeText } from './probe.ts';
import type { PlannedProbe, PlannedSite, ProbePlan } from './probe-plan.ts';
import { siteAction } from './wire.ts';

/** A site that the kernel does not allow. */
export interface RefusedSite {
  /** Index in the plan. */
  readonly site: number;
  /** Of the kernel: `EOPNOTSUPP`. */
  readonly answer: string;
}

/**
 * The plan without the probes that lack a site: a call whose end or beginning is not seen can't be traced. The report
 * says why they are gone.
 */
export function withoutRefused(plan: ProbePlan, refused: readonly RefusedSite[]): ProbePlan {
  const { report } = plan;
  const notes = [...report.notes];
  const reasons = new Map<PlannedProbe, string>();
  for (const { site: index, answer } of refused) {
    const site = plan.sites[index];
    if (site === undefined) continue;
    const reason = `the kernel allows no probe at its ${site.why} (${answer})`;
    // Without it only some argument is unknown.
    if (site.action === siteAction.body) continue;
    const isCall = site.probe !== undefined && site.outgoing === undefined;
    const probe = isCall ? plan.probes[site.probe] : undefined;
    if (probe !== undefined) reasons.set(probe, reasons.get(probe) ?? reason);
    else notes.push(`${plan.functionNames[site.function]} can't be probed: ${reason}`);
  }
  const probes = plan.probes.filter((probe) => !reasons.has(probe));
  const indices = new Map(probes.map((probe, index) => [probe, index]));
  const isRefused = new Set(refused.map(({ site }) => site));
  const sites = plan.sites.flatMap((site, index): PlannedSite[] => {
    if (isRefused.has(index)) return [];
    const probe = site.probe === undefined ? undefined : plan.probes[site.probe];
    if (probe === undefined) return [site];
    const moved = indices.get(probe);
    return moved === undefined ? [] : [{ ...site, probe: moved }];
  });

  const gone = [...reasons].map(
    ([
      {
        preset,
        description: { functionName, inlined },
      },
      reason,
    ]) => ({
      preset,
      functionName: probeText({ functionName, inlined }),
      reason,
    }),
  );
  const goneFunctions = gone.filter(({ preset }) => preset === undefined);
  const names = new Set(goneFunctions.map(({ functionName }) => functionName));
  return {
    ...plan,
    probes,
    // What is common to all probes is of use to none.
    sites: probes.length > 0 ? sites : [],
    report: {
      ...report,
      untraceable: [
        ...report.untraceable,
        ...goneFunctions.map(({ functionName, reason }) => ({ functionName, reason })),
      ],
      neverReturning: report.neverReturning.filter((name) => !names.has(name)),
      presets: report.presets.map((preset) => {
        const lost = gone.find(({ preset: name }) => name === preset.name);
        return lost === undefined ? preset : { ...preset, unavailable: `${lost.functionName}: ${lost.reason}` };
      }),
      notes,
    },
  };
}
