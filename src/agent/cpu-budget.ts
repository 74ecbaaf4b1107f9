import type { ProbeAccount } from '../telemetry/ledger-account.ts';
import type { TracedProcess } from '../tracer/traced-process.ts';
import type { Tracer } from '../tracer/tracer.ts';
import type { Log } from './log.ts';
import type { Services } from './services.ts';
import type { TracedService } from './traced-service.ts';

/** One of so many hits is timed: odd, because a call has two. */
export const timedHits = 61;

const intervalMs = 1000;
/** How long a probe stays out the first time; then twice as long each time, up to the most. */
const firstPauseMs = 30_000;
const longestPauseMs = 600_000;

/** What a probe took in an interval: of one core, in BPF. */
export interface ProbeShare {
  readonly probe: number;
  readonly share: number;
}

/** Those that have to go, the most expensive first, until the others together are within the budget. */
export function overBudget(shares: readonly ProbeShare[], budget: number): ProbeShare[] {
  const sorted = [...shares].sort((a, b) => b.share - a.share);
  let total = sorted.reduce((sum, { share }) => sum + share, 0);
  const gone: ProbeShare[] = [];
  for (const each of sorted) {
    if (total <= budget) break;
    gone.push(each);
    total -= each.share;
  }
  return gone;
}

/** A probe that was over the budget. */
interface Pause {
  /** Its calls that had begun may end until the next look; then its sites go too. */
  phase: 'ending' | 'out' | 'over';
  untilMs: number;
  lastMs: number;
}

/**
 * Looks once a second at what the probes of functions took, and takes out those that are over the budget. They are tried
 * again later. What the kernel's traps cost comes on top: no program runs that could measure it.
 * @param budget of one core, for the functions of a process
 */
export function controlCpu(tracer: Tracer, services: Services, budget: number, log: Log): Disposable {
  const timesNs = new Map<TracedProcess, number[]>();
  const pauses = new WeakMap<TracedProcess, Map<number, Pause>>();
  let lookedMs = performance.now();

  function look(): void {
    const nowMs = performance.now();
    const elapsedNs = (nowMs - lookedMs) * 1e6;
    lookedMs = nowMs;
    const all = [...services.all];
    for (const process of timesNs.keys())
      if (!all.some((service) => service.process === process)) timesNs.delete(process);
    for (const service of all) {
      try {
        lookAt(service, elapsedNs, nowMs);
      } catch (error) {
        log.error(`SIDESPAN_CPU_BUDGET: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  function lookAt(service: TracedService, elapsedNs: number, nowMs: number): void {
    const { process, accounts } = service;
    const own = pauses.get(process) ?? new Map<number, Pause>();
    pauses.set(process, own);
    const before = timesNs.get(process);
    const now = tracer.counters(process).map(({ timeNs }) => timeNs * timedHits);
    timesNs.set(process, now);
    if (before === undefined) return;

    const due = [...own].filter(([, { phase, untilMs }]) => phase === 'out' && nowMs >= untilMs);
    const ending = [...own].filter(([, { phase }]) => phase === 'ending');
    for (const [, pause] of ending) pause.phase = 'out';
    for (const [probe, pause] of due) {
      pause.phase = 'over';
      (accounts[probe] as ProbeAccount).pausedSinceMs = undefined;
      log.info(`${nameOf(service, probe)} is traced again`);
    }
    if (ending.length > 0 || due.length > 0) {
      process.leaveOut(new Set([...own].filter(([, { phase }]) => phase === 'out').map(([probe]) => probe)));
    }

    const shares = now.flatMap((timeNs, probe) =>
      process.plan.probes[probe]?.description.kind === 'function'
        ? [{ probe, share: (timeNs - (before[probe] ?? 0)) / elapsedNs }]
        : [],
    );
    const gone = overBudget(shares, budget).filter(({ probe }) => isTraced(own.get(probe)));
    if (gone.length === 0) return;
    process.hush(new Set(gone.map(({ probe }) => probe)));
    for (const { probe, share } of gone) {
      const lastMs = Math.min(longestPauseMs, 2 * (own.get(probe)?.lastMs ?? firstPauseMs / 2));
      own.set(probe, { phase: 'ending', untilMs: nowMs + lastMs, lastMs });
      const account = accounts[probe] as ProbeAccount;
      account.pausedSinceMs = Date.now();
      account.pauses++;
      log.warn(
        `${nameOf(service, probe)} is not traced for ${lastMs / 1000} s: its probes took ${percent(share)} of a core in BPF, ` +
          `and as many traps besides; SIDESPAN_CPU_BUDGET is ${percent(budget)}. Its calls are not seen meanwhile`,
      );
    }
  }

  const timer = setInterval(look, intervalMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const isTraced = (pause: Pause | undefined): boolean => pause === undefined || pause.phase === 'over';

function nameOf({ process, ledgerProcess }: TracedService, probe: number): string {
  return `${ledgerProcess.serviceName}: ${process.plan.probes[probe]?.description.functionName}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
