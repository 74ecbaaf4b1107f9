import type { HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { agentMetrics, ledgerMetrics, type QueueFigures } from './agent-metrics.ts';
import type { BootClock } from './boot-clock.ts';
import { instrumentationScope } from './call-span.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerProcess } from './ledger-account.ts';
import { createProcessMetrics, type ExponentialForms, type ProcessMetrics } from './process-metrics.ts';

/** The metrics of all traced processes and of the agent. A resource each: OTLP sends them side by side. */
export interface MetricCollection {
  /** @param process the same object as is given to the ledger. */
  open(process: LedgerProcess, resource: Resource): ProcessMetrics;
  /** The process ended or is left alone: its metrics are collected for some minutes more, then forgotten. */
  close(metrics: ProcessMetrics): void;
  /** Cumulative since each process was opened. Reads the ledger: the same rule as for its `snapshot`. */
  collect(): ResourceMetrics[];
}

export interface MetricCollectionOptions {
  readonly ledger: Pick<Ledger, 'snapshot'>;
  readonly agent: Resource;
  readonly version: string;
  readonly queues: () => readonly QueueFigures[];
  /** Absent: histograms have no exemplars. */
  readonly clock?: Pick<BootClock, 'wallTime'> | undefined;
  /** Absent: histograms have no exponential form. */
  readonly exponential?: ExponentialForms | undefined;
}

/** Longer than readers usually pause (60 s), so that a process's last figures are read. */
const KEPT_MS = 5 * 60 * 1000;
const MAX_KEPT = 64;

interface Entry {
  readonly process: LedgerProcess;
  readonly metrics: ProcessMetrics;
  readonly startTime: HrTime;
  closedMs?: number;
}

export function createMetricCollection(options: MetricCollectionOptions): MetricCollection {
  const { ledger, agent, version, queues, clock, exponential } = options;
  const entries = new Map<ProcessMetrics, Entry>();
  const agentStart = now();
  const ledgerScope = instrumentationScope('sidespan/ledger', version);
  const agentScope = instrumentationScope('sidespan/agent', version);

  function forget(): void {
    const closed = [...entries.values()].filter(({ closedMs }) => closedMs !== undefined);
    const surplus = closed.length - MAX_KEPT;
    closed.forEach(({ metrics, closedMs = 0 }, index) => {
      if (index < surplus || Date.now() - closedMs > KEPT_MS) entries.delete(metrics);
    });
  }

  return {
    open(process, resource) {
      const metrics = createProcessMetrics(resource, { clock, exponential });
      entries.set(metrics, { process, metrics, startTime: now() });
      return metrics;
    },
    close(metrics) {
      const entry = entries.get(metrics);
      if (entry) entry.closedMs = Date.now();
    },
    collect() {
      forget();
      const endTime = now();
      const rows = Map.groupBy(ledger.snapshot().rows, ({ owner }) => owner);
      const counts = (owner: LedgerProcess | undefined, startTime: HrTime) =>
        ledgerMetrics(rows.get(owner) ?? [], ledgerScope, startTime, endTime);
      const found = Array.from(entries.values(), ({ process, metrics, startTime }) =>
        resourceMetrics(metrics.resource, ...metrics.scopeMetrics(startTime, endTime), counts(process, startTime)),
      );
      const ofAgent = agentMetrics(queues(), agentScope, agentStart, endTime);
      found.push(resourceMetrics(agent, ofAgent, counts(undefined, agentStart)));
      return found.filter(({ scopeMetrics }) => scopeMetrics.length > 0);
    },
  };
}

function resourceMetrics(resource: Resource, ...scopeMetrics: (ScopeMetrics | undefined)[]): ResourceMetrics {
  return { resource, scopeMetrics: scopeMetrics.filter((metrics) => metrics !== undefined) };
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}
