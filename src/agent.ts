import { hostname } from 'node:os';
import { agentFacts, countCalls, openService, type Telemetry, type TracedService } from './agent/traced-service.ts';
import type { Log } from './agent/log.ts';
import { attachedText, binaryText } from './agent/process-line.ts';
import { returnMemory } from './agent/return-memory.ts';
import { type UntracedProcess, viewerStatus } from './agent/viewer-status.ts';
import { clockNs } from './bpf/libc.ts';
import type { Config, TargetSelection } from './config/config.ts';
import type { TargetProcess } from './discovery/process.ts';
import { type TargetWatch, watchTargets } from './discovery/watch.ts';
import type { Call } from './event/call.ts';
import { createMetricExport } from './export/metric-export.ts';
import { createTraceExport } from './export/trace-export.ts';
import { planProblems } from './probe/plan-problems.ts';
import { createBootClock } from './telemetry/boot-clock.ts';
import type { CallSpan } from './telemetry/call-span.ts';
import { createLedger } from './telemetry/ledger.ts';
import type { LedgerSnapshot } from './telemetry/ledger-snapshot.ts';
import { createMetricCollection } from './telemetry/metric-collection.ts';
import { agentResource } from './telemetry/resource.ts';
import { createSampler } from './telemetry/sampler.ts';
import { createTracer, type Tracer } from './tracer/tracer.ts';
import { tracerSettings } from './tracer/tracer-settings.ts';
import type { TracedProcess } from './tracer/traced-process.ts';
import type { AgentStatus } from './web/status.ts';

export interface AgentOptions {
  readonly config: Config;
  readonly selection: TargetSelection;
  readonly version: string;
  readonly log: Log;
}

/** The running sidecar: all stations put together. */
export interface Agent {
  /** `http://127.0.0.1:4380/`, unless the viewer is off. */
  readonly viewerUrl: string | undefined;
  readonly tracedProcesses: number;
  snapshot(): LedgerSnapshot;
  /** Takes all probes out first, then sends what is left. Never takes longer than `withinMs`, by much. */
  stop(withinMs: number): Promise<LedgerSnapshot>;
}

/** Of a process that could not be traced, how many are remembered for the viewer. */
const maxUntraced = 50;

/**
 * Starts everything. What can't work at all throws before a probe is attached: BpfError, ExportError, ViewerError. A
 * process that can't be traced is said and left alone.
 */
export async function startAgent({ config, selection, version, log }: AgentOptions): Promise<Agent> {
  const started = performance.now();
  const services = new Map<TracedProcess, TracedService>();
  const untraced: UntracedProcess[] = [];
  const ledger = createLedger();
  const agent = agentFacts(config, version);
  const host = hostname();

  const readCounters = () => {
    for (const [process, service] of services) countCalls(service, tracer.counters(process));
  };
  const snapshot = (): LedgerSnapshot => {
    readCounters();
    return ledger.snapshot();
  };

  const traceExport = await createTraceExport<CallSpan>(
    config.traces,
    {
      onExported: (spans) => ledger.exported(spans),
      onDropped: (spans, reason) => ledger.dropped(spans, reason),
      onProblem: (message) => log.warn(message),
    },
    { version },
  );
  const metrics = createMetricCollection({
    ledger: { snapshot },
    agent: agentResource(agent, process.pid, host),
    version,
    queues: () => traceExport.queues(),
  });
  const telemetry: Telemetry = {
    ledger,
    metrics,
    agent,
    hostName: host,
    sampler: createSampler(config.traces.sampler),
    clock: createBootClock((clock) => clockNs(clock)),
  };
  const store = config.viewer.enabled ? (await import('./web/span-store.ts')).createSpanStore() : undefined;

  // Spans go on in batches, once a turn of the event loop.
  let batch: CallSpan[] = [];
  const sendBatch = () => {
    if (batch.length === 0) return;
    const spans = batch;
    batch = [];
    store?.add(spans);
    traceExport.add(spans);
  };
  const onCall = (call: Call, process: TracedProcess) => {
    const span = services.get(process)?.telemetry[call.probe - process.firstProbe]?.(call);
    if (span !== undefined && batch.push(span) === 1) setImmediate(sendBatch);
  };

  const memory = returnMemory();
  let watch: TargetWatch | undefined;
  const tracer = createTracer({
    ...tracerSettings(config),
    onCall,
    onProcessChange: () => watch?.rescan(),
    onUndecodable(process, probe, reason) {
      const account = process && services.get(process)?.accounts[probe];
      if (account !== undefined) ledger.decodeFailed(account);
      log.debug(`a record could not be decoded: ${reason}`);
    },
  });
  log.info(`attaching by ${tracer.kernel.attachMode}, libbpf ${tracer.kernel.libbpfVersion}`);

  const onAppear = (target: TargetProcess) => {
    try {
      const begun = performance.now();
      const process = tracer.attach(target);
      const service = openService(process, telemetry);
      services.set(process, service);
      memory.soon();
      const took = (performance.now() - begun).toFixed(0);
      log.info(
        `${service.ledgerProcess.serviceName} (pid ${target.pid}, ${target.exePath}): ${binaryText(process.binary)}; attached ${attachedText(process.plan)} in ${took} ms`,
      );
      for (const { name, unavailable, missing } of process.plan.report.presets) {
        if (unavailable !== undefined) log.info(`  not attached: ${name}: ${unavailable}`);
        for (const part of missing) log.debug(`  ${name}: ${part}`);
      }
      for (const problem of planProblems(process.plan.report)) log.warn(`  ${problem}`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error(`pid ${target.pid} (${target.exePath}) is not traced: ${message}`);
      untraced.push({ pid: target.pid, exePath: target.exePath, note: message });
      if (untraced.length > maxUntraced) untraced.shift();
    }
  };
  const letGo = (service: TracedService) => {
    const { process } = service;
    // Records still in the ring are handed out by `detach`: the service must be known until then.
    const { counters } = tracer.detach(process);
    countCalls(service, counters, true);
    metrics.close(service.metrics);
    services.delete(process);
  };
  const onVanish = (target: TargetProcess) => {
    for (const service of [...services.values()]) {
      if (service.process.target.pid !== target.pid) continue;
      letGo(service);
      log.info(`${service.ledgerProcess.serviceName} (pid ${target.pid}) ended`);
    }
  };

  const figures = agentFigures(tracer, started, version, config);
  const viewer = store && (await openViewer(config, store, () =>
    viewerStatus(figures(), snapshot(), services.values(), untraced)));
  const metricExport = await createMetricExport(
    config.metrics,
    { collect: () => metrics.collect(), onProblem: (message) => log.warn(message) },
    { version },
  );
  if (metricExport.prometheusUrl !== undefined) log.info(`metrics for Prometheus: ${metricExport.prometheusUrl}`);
  watch = await watchTargets({ selection, onAppear, onVanish, onError: (error) => log.error(String(error)) });

  return {
    viewerUrl: viewer?.url,
    get tracedProcesses() {
      return services.size;
    },
    snapshot,
    async stop(withinMs) {
      const deadline = performance.now() + withinMs;
      watch?.[Symbol.dispose]();
      memory[Symbol.dispose]();
      // First of all the service gets its speed back.
      for (const { process } of services.values()) process.detach();
      for (const service of [...services.values()]) letGo(service);
      sendBatch();
      const left = () => Math.max(0, deadline - performance.now());
      await Promise.all([traceExport.shutdown(left()), metricExport.shutdown(left())]);
      const final = ledger.snapshot();
      await viewer?.close();
      tracer[Symbol.dispose]();
      telemetry.clock[Symbol.dispose]();
      return final;
    },
  };
}

async function openViewer(config: Config, store: import('./web/span-store.ts').SpanStore, status: () => import('./web/status.ts').ViewerStatus) {
  const { startViewer } = await import('./web/server.ts');
  return await startViewer({ host: config.viewer.host, port: config.viewer.port, store, status });
}

/** The agent's own load, since the reading before. */
function agentFigures(tracer: Tracer, started: number, version: string, config: Config): () => AgentStatus {
  let cpu = process.cpuUsage();
  let at = performance.now();
  return () => {
    const used = process.cpuUsage(cpu);
    const elapsedMs = performance.now() - at;
    cpu = process.cpuUsage();
    at = performance.now();
    let hits = 0;
    for (const traced of tracer.processes) {
      for (const { seen, ended, restarts } of tracer.counters(traced)) hits += seen + restarts + (ended[0] ?? 0);
    }
    return {
      version,
      uptimeSeconds: (at - started) / 1000,
      cpuFraction: elapsedMs > 0 ? (used.user + used.system) / 1000 / elapsedMs : null,
      rssBytes: process.memoryUsage.rss(),
      hits,
      exportsTo: config.traces.exporters.includes('otlp') ? config.traces.otlp.url : undefined,
    };
  };
}
