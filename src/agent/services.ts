import type { TargetProcess } from '../discovery/process.ts';
import { planProblems } from '../probe/plan-problems.ts';
import type { TracedProcess } from '../tracer/traced-process.ts';
import type { Tracer } from '../tracer/tracer.ts';
import type { Log } from './log.ts';
import { attachedText, binaryText } from './process-line.ts';
import {
  countCalls,
  countHeaders,
  countSeries,
  openService,
  type Telemetry,
  type TracedService,
} from './traced-service.ts';
import type { UntracedProcess } from './viewer-status.ts';

/** The traced processes: attached as they appear, let go as they end. */
export interface Services {
  readonly all: Iterable<TracedService>;
  readonly count: number;
  /** Processes that could not be traced, with the reason; the newest of them. */
  readonly untraced: readonly UntracedProcess[];
  serviceOf(process: TracedProcess): TracedService | undefined;
  /** Attaches, and says what was found; a process that can't be traced is said and left alone. */
  attach(target: TargetProcess): Promise<void>;
  /** The process ended. */
  ended(target: TargetProcess): void;
  /** Takes the kernel's counters over into the ledger. */
  readCounters(): void;
  /** Takes the kernel's durations over into the metrics; of one process, or of all. */
  readSeries(only?: TracedProcess): void;
  /** Counts the requests that are open now anew. */
  countOpen(): void;
  /** Takes all probes out, then reads what is left of their calls. */
  letAllGo(): void;
}

/** Of the processes that could not be traced, how many are remembered for the viewer. */
const maxUntraced = 50;

export function createServices(tracer: Tracer, telemetry: Telemetry, log: Log): Services {
  const services = new Map<TracedProcess, TracedService>();
  const untraced: UntracedProcess[] = [];
  let stopping = false;

  function letGo(service: TracedService): void {
    // Records still in the ring are handed out by `detach`: the service must be known until then.
    const { counters } = tracer.detach(service.process);
    countCalls(service, counters, true);
    service.metrics.resetActive();
    countHeaders(service, tracer.kernel.outgoing);
    telemetry.metrics.close(service.metrics);
    services.delete(service.process);
  }

  return {
    all: { [Symbol.iterator]: () => services.values() },
    get count() {
      return services.size;
    },
    untraced,
    serviceOf: (process) => services.get(process),
    async attach(target) {
      try {
        const begun = performance.now();
        const planned = await tracer.plan(target);
        if (stopping) return;
        const process = tracer.attach(planned);
        const service = openService(process, telemetry);
        services.set(process, service);
        sayAttached(service, performance.now() - begun, log);
      } catch (error) {
        if (stopping) return;
        const note = error instanceof Error ? error.message : String(error);
        log.error(`pid ${target.pid} (${target.exePath}) is not traced: ${note}`);
        untraced.push({ pid: target.pid, exePath: target.exePath, note });
        if (untraced.length > maxUntraced) untraced.shift();
      }
    },
    ended(target) {
      for (const service of [...services.values()]) {
        if (service.process.target.pid !== target.pid) continue;
        letGo(service);
        log.info(`${service.ledgerProcess.serviceName} (pid ${target.pid}) ended`);
      }
    },
    readCounters() {
      for (const [process, service] of services) {
        countCalls(service, tracer.counters(process));
        countHeaders(service, tracer.kernel.outgoing);
      }
    },
    readSeries(only) {
      tracer.readSeries((process, probe, key, totals) => {
        const service = services.get(process);
        if (service !== undefined && (only === undefined || process === only)) countSeries(service, probe, key, totals);
      });
    },
    countOpen() {
      for (const { metrics } of services.values()) metrics.resetActive();
      tracer.eachOpenCall((process, probe, call) => services.get(process)?.telemetry[probe]?.countOpen(call));
    },
    letAllGo() {
      stopping = true;
      telemetry.ledger.finish();
      // First of all the services get their speed back.
      for (const { process } of services.values()) process.detach();
      for (const service of [...services.values()]) letGo(service);
    },
  };
}

function sayAttached({ process, ledgerProcess }: TracedService, tookMs: number, log: Log): void {
  const { target, binary, plan } = process;
  log.info(
    `${ledgerProcess.serviceName} (pid ${target.pid}, ${target.exePath}): ${binaryText(binary)}; attached ${attachedText(plan)} in ${tookMs.toFixed(0)} ms`,
  );
  for (const { name, unavailable, isAbsent, missing } of plan.report.presets) {
    if (unavailable !== undefined) log[isAbsent ? 'debug' : 'info'](`  not attached: ${name}: ${unavailable}`);
    for (const part of missing) log.debug(`  ${name}: ${part}`);
  }
  for (const problem of planProblems(plan.report)) log.warn(`  ${problem}`);
}
