import type { ProbeCounters } from '../bpf/probe-counters.ts';
import { measureTrapCost, type TrapCost } from '../bpf/trap-cost.ts';
import { probeText } from '../probe/probe.ts';
import type { ProbeAccount } from '../telemetry/ledger-account.ts';
import type { TracedProcess } from '../tracer/traced-process.ts';
import type { Tracer } from '../tracer/tracer.ts';
import type { Log } from './log.ts';
import { functionShares, type ProbeShare } from './probe-share.ts';
import type { Services } from './services.ts';
import type { TracedService } from './traced-service.ts';

const lookMs = 1000;
/** So much more than the budget is let pass: what as many seconds may take. A burst of calls is no reason to miss the rest. */
const burstSeconds = 3;
const shortestPauseMs = 30_000;
const longestPauseMs = 600_000;
/** Of functions that go or come at the same time. */
const mostLines = 10;
/** What no machine takes for a hit: where it does not come to the budget even so, what it takes here need not be known. */
const mostCost: TrapCost = { emulatedNs: 3_000, steppedNs: 30_000 };

/** Those that have to go, the most expensive first, until the others together are within the budget. */
export function overBudget<T extends Pick<ProbeShare, 'share'>>(shares: readonly T[], budget: number): T[] {
  const sorted = [...shares].sort((a, b) => b.share - a.share);
  let total = totalOf(sorted);
  const gone: T[] = [];
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

/** A process's functions. */
interface Watched {
  counters: readonly ProbeCounters[];
  pauses: Map<number, Pause>;
  /** What they took beyond the budget and have not made up for: seconds of a core. */
  excess: number;
}

export interface BudgetOptions {
  /** Of one core, for the functions of a process. */
  readonly budget: number;
  /** Tests have less patience. */
  readonly intervalMs?: number;
  /** How long a probe stays out the first time; then twice as long each time, up to ten minutes. */
  readonly firstPauseMs?: number;
}

/**
 * Looks once a second at what the probes of functions took, and takes out those that are over the budget. They are tried
 * again later. Presets' probes stay: a service's requests are seen whatever they cost.
 */
export function controlCpu(
  tracer: Tracer,
  services: Pick<Services, 'all'>,
  { budget, intervalMs = lookMs, firstPauseMs = shortestPauseMs }: BudgetOptions,
  log: Log,
): Disposable {
  const watched = new WeakMap<TracedProcess, Watched>();
  let trapCost: TrapCost | undefined;
  let lookedMs = performance.now();

  function look(): void {
    const nowMs = performance.now();
    const elapsedS = (nowMs - lookedMs) / 1000;
    lookedMs = nowMs;
    for (const service of services.all) {
      try {
        lookAt(service, elapsedS, nowMs);
      } catch (error) {
        log.error(`SIDESPAN_CPU_BUDGET: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  function lookAt(service: TracedService, elapsedS: number, nowMs: number): void {
    const { process } = service;
    const counters = tracer.counters(process);
    const own = watched.get(process);
    if (own === undefined) {
      watched.set(process, { counters, pauses: new Map(), excess: 0 });
      return;
    }
    changePauses(service, own.pauses, nowMs);
    const shares = functionShares(process.plan, own.counters, counters, elapsedS, trapCost ?? mostCost);
    own.counters = counters;
    own.excess = Math.max(0, own.excess + (totalOf(shares) - budget) * elapsedS);
    if (own.excess <= budget * burstSeconds) return;
    own.excess = 0;
    if (trapCost === undefined) {
      // By costs that are too high: it is counted anew.
      trapCost = measureTrapCost(tracer.kernel.attach);
      sayTrapCost(trapCost);
      return;
    }
    const gone = overBudget(shares, budget).filter(({ probe }) => isTraced(own.pauses.get(probe)));
    if (gone.length === 0) return;
    process.hush(new Set(gone.map(({ probe }) => probe)));
    const lines = gone.map((share) => {
      const lastMs = nextPauseMs(own.pauses.get(share.probe), nowMs);
      own.pauses.set(share.probe, { phase: 'ending', untilMs: nowMs + lastMs, lastMs });
      const account = service.accounts[share.probe] as ProbeAccount;
      account.paused = { sinceMs: Date.now(), untilMs: Date.now() + lastMs };
      account.pauses++;
      return (
        `${nameOf(service, share.probe)} is not traced for ${lastMs / 1000} s: ${shareText(share)}; ` +
        `SIDESPAN_CPU_BUDGET is ${percent(budget)}. Its calls are not seen meanwhile`
      );
    });
    sayLines(lines, log.warn);
  }

  /** Takes those out whose calls have had time to end, and puts those back whose time is over. */
  function changePauses(service: TracedService, pauses: ReadonlyMap<number, Pause>, nowMs: number): void {
    const due = [...pauses].filter(([, { phase, untilMs }]) => phase === 'out' && nowMs >= untilMs);
    const ending = [...pauses].filter(([, { phase }]) => phase === 'ending');
    if (due.length === 0 && ending.length === 0) return;
    const out = new Set([...pauses].filter(([, { phase }]) => phase !== 'over').map(([probe]) => probe));
    for (const [probe] of due) out.delete(probe);
    service.process.leaveOut(out);
    for (const [, pause] of ending) pause.phase = 'out';
    for (const [probe, pause] of due) {
      pause.phase = 'over';
      (service.accounts[probe] as ProbeAccount).paused = undefined;
    }
    const names = due.map(([probe]) => `${nameOf(service, probe)} is traced again`);
    sayLines(names, log.info);
  }

  /** One that kept within the budget for long begins anew. */
  function nextPauseMs(last: Pause | undefined, nowMs: number): number {
    if (last === undefined || nowMs - last.untilMs > longestPauseMs) return firstPauseMs;
    return Math.min(longestPauseMs, 2 * last.lastMs);
  }

  function sayTrapCost({ emulatedNs, steppedNs, assumed }: TrapCost): void {
    const why = assumed === undefined ? '' : `, assumed: ${assumed}`;
    log.debug(`a hit costs ${emulatedNs.toFixed(0)} ns of traps, single-stepped ${steppedNs.toFixed(0)} ns${why}`);
  }

  const timer = setInterval(look, intervalMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const totalOf = (shares: readonly Pick<ProbeShare, 'share'>[]): number =>
  shares.reduce((sum, { share }) => sum + share, 0);

const isTraced = (pause: Pause | undefined): boolean => pause === undefined || pause.phase === 'over';

function nameOf({ process, ledgerProcess }: TracedService, probe: number): string {
  const description = process.plan.probes[probe]?.description;
  return `${ledgerProcess.serviceName}: ${description && probeText(description)}`;
}

function sayLines(lines: readonly string[], say: (line: string) => void): void {
  for (const line of lines.slice(0, mostLines)) say(line);
  if (lines.length > mostLines) say(`… so are ${lines.length - mostLines} more: the ledger has them`);
}

function shareText({ callsPerSecond, share, bpf, traps }: ProbeShare): string {
  const rate = Math.round(callsPerSecond).toLocaleString('en-US');
  return `${rate} calls a second took ${percent(share)} of a core (BPF ${percent(bpf)}, traps ${percent(traps)})`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
