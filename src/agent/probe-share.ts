import type { ProbeCounters } from '../bpf/probe-counters.ts';
import type { TrapCost } from '../bpf/trap-cost.ts';
import type { PlannedSite, ProbePlan } from '../probe/probe-plan.ts';
import { type SiteAction, siteAction } from '../probe/wire.ts';

/** One of so many hits is timed: odd, because a call has two. */
export const timedHits = 61;

/**
 * No hit takes longer, so what is more was not the program's: a timed hit stands for all of them, also when the processor was
 * taken away meanwhile.
 */
const longestHitNs = 20_000;

/** What a probe took in an interval, each of one core. */
export interface ProbeShare {
  readonly probe: number;
  readonly callsPerSecond: number;
  readonly bpf: number;
  /** The kernel's own time for the hits, from their number. */
  readonly traps: number;
  /** Both. */
  readonly share: number;
}

/**
 * Of the functions among a plan's probes.
 * @param before counters by the plan's probes, at the beginning of the interval; `now` at its end
 */
export function functionShares(
  { probes, sites }: ProbePlan,
  before: readonly ProbeCounters[],
  now: readonly ProbeCounters[],
  elapsedS: number,
  cost: TrapCost,
): ProbeShare[] {
  const sitesOf = Map.groupBy(sites, ({ probe }) => probe);
  return probes.flatMap(({ description }, probe) => {
    const [first, last] = [before[probe], now[probe]];
    if (description.kind !== 'function' || first === undefined || last === undefined) return [];
    let [hits, trapNs] = [0, 0];
    for (const [action, own] of Map.groupBy(sitesOf.get(probe) ?? [], (site) => site.action)) {
      const times = hitsOf(action, own, last) - hitsOf(action, own, first);
      hits += times;
      trapNs += times * Math.max(...own.map(({ emulated }) => (emulated ? cost.emulatedNs : cost.steppedNs)));
    }
    const bpfNs = Math.min((last.timeNs - first.timeNs) * timedHits, hits * longestHitNs);
    const [bpf, traps] = [bpfNs / 1e9 / elapsedS, trapNs / 1e9 / elapsedS];
    return [{ probe, callsPerSecond: (last.seen - first.seen) / elapsedS, bpf, traps, share: bpf + traps }];
  });
}

/** Of a function's entry, of the sites in its body together, of its exits together: a call leaves by one of them. */
function hitsOf(action: SiteAction, sites: readonly PlannedSite[], counts: ProbeCounters): number {
  const { seen, restarts, ended, enteredBefore } = counts;
  if (action === siteAction.enter || action === siteAction.inlined) return seen + restarts;
  return action === siteAction.body ? seen * sites.length : ended[0] + enteredBefore;
}
