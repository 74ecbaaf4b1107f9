import type { OutgoingSide } from '../bpf/outgoing-side.ts';
import { enteredBeforeAttach, type ProbeCounters } from '../bpf/probe-counters.ts';
import type { SeriesKey, SeriesTotals } from '../bpf/series-table.ts';
import type { Config } from '../config/config.ts';
import { containerId, hostNameOf } from '../discovery/container.ts';
import { targetEnvironment } from '../discovery/environment.ts';
import { callGroup } from '../event/call-group.ts';
import type { BaggageAttributes } from '../telemetry/baggage.ts';
import type { BootClock } from '../telemetry/boot-clock.ts';
import { type CallTelemetry, createCallTelemetry, type SeriesSink } from '../telemetry/call-telemetry.ts';
import type { KnownMethods } from '../telemetry/http-words.ts';
import type { Ledger } from '../telemetry/ledger.ts';
import type { LedgerProcess, ProbeAccount } from '../telemetry/ledger-account.ts';
import type { MetricCollection } from '../telemetry/metric-collection.ts';
import type { ProcessMetrics } from '../telemetry/process-metrics.ts';
import type { QueryTexts } from '../telemetry/query-texts.ts';
import { type AgentFacts, processResource } from '../telemetry/resource.ts';
import { ATTR } from '../telemetry/semconv.ts';
import type { TracedProcess } from '../tracer/traced-process.ts';

/** What all traced processes have in common. */
export interface Telemetry {
  readonly ledger: Ledger;
  readonly metrics: MetricCollection;
  readonly queries: QueryTexts;
  readonly clock: BootClock;
  readonly agent: AgentFacts;
  readonly baggage: BaggageAttributes | undefined;
  readonly knownMethods: KnownMethods;
  readonly guessRoutes: boolean;
}

/** A traced process and what its calls are turned with. */
export interface TracedService {
  readonly process: TracedProcess;
  readonly ledgerProcess: LedgerProcess;
  readonly metrics: ProcessMetrics;
  /** By the plan's probes. */
  readonly accounts: readonly ProbeAccount[];
  readonly telemetry: readonly CallTelemetry[];
  /** By the bytes of the kernel's keys. */
  readonly series: Map<string, SeriesSink>;
}

/** Describes the process and opens its accounts. */
export function openService(process: TracedProcess, telemetry: Telemetry): TracedService {
  const resource = processResource(factsOf(process), telemetry.agent);
  const serviceName = String(resource.attributes[ATTR.SERVICE_NAME]);
  const ledgerProcess = { pid: process.target.pid, serviceName };
  const metrics = telemetry.metrics.open(ledgerProcess, resource);
  const accounts = process.plan.probes.map(({ description }) => telemetry.ledger.open(ledgerProcess, description));
  return {
    process,
    ledgerProcess,
    metrics,
    accounts,
    series: new Map(),
    telemetry: process.plan.probes.map(({ description }, index) =>
      createCallTelemetry({
        probe: description,
        account: accounts[index] as ProbeAccount,
        metrics,
        queries: telemetry.queries,
        clock: telemetry.clock,
        baggage: telemetry.baggage,
        knownMethods: telemetry.knownMethods,
        guessRoutes: telemetry.guessRoutes,
        version: telemetry.agent.version,
      }),
    ),
  };
}

/** Takes the kernel's counters over into the accounts. */
export function countCalls(service: TracedService, counters: readonly ProbeCounters[], closed = false): void {
  service.accounts.forEach((account, index) => {
    const counts = counters[index];
    if (counts !== undefined) {
      // Never less than before: a metric counts it.
      const enteredBefore = Math.max(account.kernel.enteredBefore, enteredBeforeAttach(counts));
      account.kernel = { ...counts, enteredBefore };
    }
    account.closed = closed;
  });
}

/** Takes over what became of the headers that were to be written into the process's requests. */
export function countHeaders(service: TracedService, outgoing: OutgoingSide | undefined): void {
  if (outgoing === undefined) return;
  service.accounts.forEach((account, index) => {
    const { passed, stateless, noRoom, noCall, ...others } = outgoing.counters(service.process.firstProbe + index);
    if (passed > 0) {
      account.headers = { ...others, written_without_tracestate: stateless, no_room: noRoom, no_call: noCall };
    }
  });
}

/** Takes over what the kernel has counted of a series of calls that were not sampled. */
export function countSeries(service: TracedService, probe: number, key: SeriesKey, totals: SeriesTotals): void {
  const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  let sink = service.series.get(text);
  if (sink === undefined) {
    const meaning = service.process.meanings[probe];
    const telemetry = service.telemetry[probe];
    if (meaning === undefined || telemetry === undefined) return;
    const { labels = [], description } = meaning.probe;
    sink = telemetry.openSeries(callGroup(key, labels, meaning.context, description.errorResult));
    service.series.set(text, sink);
  }
  sink(totals);
}

/**
 * OTEL_SERVICE_NAME of the agent names one service: it is not given to several.
 * @param single a certain process or program was asked for, or there is but one
 */
export function agentFacts(config: Config, version: string, single: boolean): AgentFacts {
  return {
    version,
    serviceName: single ? config.serviceName : undefined,
    resourceAttributes: config.resourceAttributes,
  };
}

function factsOf({ target, binary }: TracedProcess) {
  const { pid, startTicks, exePath } = target;
  return {
    pid,
    startTicks,
    exePath,
    build: binary.buildInfo,
    environment: targetEnvironment(pid).value?.variables,
    containerId: containerId(pid).value,
    hostName: hostNameOf(pid),
  };
}
