import { controlCpu } from './agent/cpu-budget.ts';
import { agentFigures } from './agent/figures.ts';
import type { Log } from './agent/log.ts';
import { timedHits } from './agent/probe-share.ts';
import { returnMemory } from './agent/return-memory.ts';
import { controlSampling } from './agent/sampling-control.ts';
import { createServices, type Services } from './agent/services.ts';
import { agentFacts, type Telemetry } from './agent/traced-service.ts';
import { viewerStatus } from './agent/viewer-status.ts';
import { clockNs } from './bpf/libc.ts';
import type { Config, TargetSelection } from './config/config.ts';
import { listGoProcesses } from './discovery/processes.ts';
import { type TargetWatch, watchTargets } from './discovery/watch.ts';
import { createMetricExport } from './export/metric-export.ts';
import { createTraceExport } from './export/trace-export.ts';
import { createRedaction } from './redaction/redaction.ts';
import { createBaggageAttributes } from './telemetry/baggage.ts';
import { createBootClock } from './telemetry/boot-clock.ts';
import type { SpanOrigin } from './telemetry/call-span.ts';
import { durationBuckets, sizeBuckets } from './telemetry/exponential-buckets.ts';
import { createLedger } from './telemetry/ledger.ts';
import type { LedgerSnapshot } from './telemetry/ledger-snapshot.ts';
import { createMetricCollection } from './telemetry/metric-collection.ts';
import { durationBoundsNs } from './telemetry/process-metrics.ts';
import { createQueryTexts } from './telemetry/query-texts.ts';
import { agentResource } from './telemetry/resource.ts';
import { samplingPolicy } from './telemetry/sampler.ts';
import { SIZE_BOUNDS_BYTES } from './telemetry/semconv.ts';
import { createPlanner } from './tracer/planner.ts';
import { createTracer } from './tracer/tracer.ts';
import { hiddenHeaders, tracerSettings } from './tracer/tracer-settings.ts';
import type { Viewer } from './web/server.ts';
import type { SpanStore } from './web/span-store.ts';
import type { ViewerStatus } from './web/status.ts';

export interface AgentOptions {
  readonly config: Config;
  readonly selection: TargetSelection;
  readonly version: string;
  readonly hostName: string;
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

/**
 * Starts everything. What can't work at all throws, with everything taken back: BpfError, ExportError, ViewerError. A
 * process that can't be traced is said and left alone.
 */
export async function startAgent({ config, selection, version, hostName, log }: AgentOptions): Promise<Agent> {
  await using undo = new AsyncDisposableStack();
  // The first of all: it gets ready while everything else is loaded.
  const planner = undo.use(createPlanner());
  const ledger = createLedger();
  const asked = selection.pid !== undefined || selection.port !== undefined || selection.exe !== '*';
  const agent = agentFacts(config, version, asked || (await listGoProcesses()).length <= 1);
  const problem = (message: string) => log.warn(message);

  const traceExport = await createTraceExport<SpanOrigin>(
    config.traces,
    {
      onExported: (origins) => ledger.exported(origins),
      onDropped: (origins, reason) => ledger.dropped(origins, reason),
      onProblem: problem,
    },
    { version },
  );
  undo.defer(() => traceExport.shutdown(0));
  const clock = undo.use(createBootClock(clockNs));
  const exponential =
    config.metrics.exporters.includes('otlp') && config.metrics.otlp.exponential
      ? { durations: durationBuckets(), sizes: sizeBuckets() }
      : undefined;
  const metrics = createMetricCollection({
    exponential,
    clock: config.metrics.exemplars ? clock : undefined,
    ledger: { snapshot: () => snapshot() },
    agent: agentResource(agent, process.pid, hostName),
    version,
    queues: () => traceExport.queues(),
  });
  for (const name of hiddenHeaders(config)) {
    log.warn(`the header ${name} is not captured: SIDESPAN_REDACT hides what has that name`);
  }
  const baggage = createBaggageAttributes(config.baggageAttributes);
  const telemetry: Telemetry = {
    ledger,
    metrics,
    agent,
    clock,
    baggage,
    knownMethods: new Set(config.http.knownMethods),
    guessRoutes: config.http.route === 'guess',
    queries: createQueryTexts({ isShown: config.queryText, redaction: createRedaction(config.redaction) }),
  };
  const store = config.viewer.enabled ? (await import('./web/span-store.ts')).createSpanStore() : undefined;

  const policy = samplingPolicy(config.traces.sampler);
  const countSizes = config.metrics.exporters.length > 0;
  // Presets have none: without functions nothing of it is in the program.
  const cpuBudget = config.functions.length > 0 ? config.cpuBudget : undefined;
  let watch: TargetWatch | undefined;
  let spanCount = 0;
  const tracer = undo.use(
    createTracer({
      ...tracerSettings(config, { countSizes }),
      sampling: { ...policy, tracesPerSecond: config.traces.tracesPerSecond },
      durationBoundsNs: durationBoundsNs(),
      timedHits: cpuBudget === undefined ? undefined : timedHits,
      sizeBounds: countSizes ? SIZE_BOUNDS_BYTES : undefined,
      exponential: exponential && { durations: exponential.durations.bounds, sizes: exponential.sizes.bounds },
      planner,
      onCall(call, process) {
        const span = services.serviceOf(process)?.telemetry[call.probe - process.firstProbe]?.(call);
        if (span === undefined) return;
        spanCount++;
        // At once: what either keeps of it are bytes, and objects that live no longer than this cost the collector nothing.
        const spans = [span];
        store?.add(spans);
        traceExport.add(spans);
      },
      onProcessChange: (pid) => watch?.changed(pid),
      onDetach: (process) => services.readSeries(process),
      onUndecodable(process, probe, reason) {
        const account = process && services.serviceOf(process)?.accounts[probe];
        if (account !== undefined) ledger.decodeFailed(account);
        log.debug(`a record could not be decoded: ${reason}`);
      },
    }),
  );
  const { tracesPerSecond } = config.traces;
  undo.use(controlSampling(tracer, { policy, tracesPerSecond, ringBytes: config.ringBytes }, log));
  const services: Services = createServices(tracer, telemetry, log);
  if (cpuBudget !== undefined) undo.use(controlCpu(tracer, services, { budget: cpuBudget }, log));
  const snapshot = (): LedgerSnapshot => {
    services.readCounters();
    ledger.setRecursionMisses(tracer.kernel.recursionMisses());
    return ledger.snapshot();
  };
  const collectMetrics = () => {
    services.readSeries();
    services.countOpen();
    return metrics.collect();
  };
  if (tracer.unwatched !== undefined) log.warn(`new processes are found once a second: ${tracer.unwatched.message}`);
  log.info(`attaching by ${tracer.kernel.attachMode}, libbpf ${tracer.kernel.libbpfVersion}`);

  const figures = agentFigures(tracer, version, config);
  const viewer = await openViewer(config, store, () =>
    viewerStatus(figures(), snapshot(), services.all, services.untraced),
  );
  if (viewer !== undefined) undo.defer(() => viewer.close());
  const metricExport = await createMetricExport(
    config.metrics,
    { collect: collectMetrics, onProblem: problem },
    { version },
  );
  undo.defer(() => metricExport.shutdown(0));
  if (metricExport.prometheusUrl !== undefined) log.info(`metrics for Prometheus: ${metricExport.prometheusUrl}`);
  const memory = undo.use(returnMemory(() => spanCount));
  watch = undo.use(
    await watchTargets({
      selection,
      changesAreTold: tracer.unwatched === undefined,
      async onAppear(target) {
        await services.attach(target);
        memory.soon();
      },
      onVanish: (target) => services.ended(target),
      onError: (error) => log.error(String(error)),
    }),
  );

  const running = undo.move();
  return {
    viewerUrl: viewer?.url,
    get tracedProcesses() {
      return services.count;
    },
    snapshot,
    async stop(withinMs) {
      const deadline = performance.now() + withinMs;
      watch?.[Symbol.dispose]();
      services.letAllGo();
      ledger.setRecursionMisses(tracer.kernel.recursionMisses());
      const leftMs = Math.max(0, deadline - performance.now());
      await Promise.all([traceExport.shutdown(leftMs), metricExport.shutdown(leftMs)]);
      const final = ledger.snapshot();
      await running.disposeAsync();
      return final;
    },
  };
}

async function openViewer(
  config: Config,
  store: SpanStore | undefined,
  status: () => ViewerStatus,
): Promise<Viewer | undefined> {
  if (store === undefined) return undefined;
  const { startViewer } = await import('./web/server.ts');
  return await startViewer({ host: config.viewer.host, port: config.viewer.port, store, status });
}
