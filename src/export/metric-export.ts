import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { LineOutput } from './console-spans.ts';
import { exponentialMetrics } from './exponential-metrics.ts';
import { createMetricDeltas, type Temporality } from './metric-deltas.ts';
import type { OtlpOptions } from './otlp-options.ts';
import { openOtlpSender } from './otlp-sender.ts';
import type { OtlpSender } from './otlp-signal.ts';

/** config.metrics has this shape. */
export interface MetricExportOptions {
  /** Empty: the viewer alone. */
  readonly exporters: readonly ('otlp' | 'prometheus' | 'console')[];
  readonly otlp: OtlpOptions & {
    readonly temporality: Temporality;
    /** Histograms go in their exponential form, which the metrics must have. */
    readonly exponential?: boolean;
  };
  readonly intervalMs: number;
  /** Longest time that one export is tried. */
  readonly timeoutMs: number;
  readonly prometheus: { readonly host: string; readonly port: number };
}

export interface MetricExportSource {
  /** Cumulative metrics of all resources. */
  collect(): ResourceMetrics[];
  /** One line for people about a receiver that fails, refuses or recovers. */
  onProblem(message: string): void;
}

export interface MetricExport {
  /** Where Prometheus finds them, if it does. */
  readonly prometheusUrl: string | undefined;
  /** Exports now. False if a receiver did not take it in time. */
  flush(withinMs: number): Promise<boolean>;
  /** Exports a last time and closes. Never takes longer; the second time it does nothing. */
  shutdown(withinMs: number): Promise<void>;
}

export interface MetricExportSurroundings {
  readonly version: string;
  readonly output?: LineOutput;
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
}

/** Sends everything. @returns what was the matter, if anything. */
type Push = (all: readonly ResourceMetrics[], withinMs: number) => Promise<string | undefined>;

const RETRY = { firstMs: 500, maxMs: 5000 };

/**
 * Opens the exporters and begins to export.
 * @throws ExportError for a port in use, a certificate that can't be read.
 */
export async function createMetricExport(
  options: MetricExportOptions,
  source: MetricExportSource,
  surroundings: MetricExportSurroundings,
): Promise<MetricExport> {
  const { exporters, otlp, intervalMs, timeoutMs } = options;
  const pushes: { readonly name: string; readonly push: Push; problem: string | undefined }[] = [];
  let sender: OtlpSender<ResourceMetrics> | undefined;

  if (exporters.includes('otlp')) {
    const attempt = { ...otlp, timeoutMs: Math.min(otlp.timeoutMs, timeoutMs) };
    sender = await openOtlpSender('metrics', attempt, surroundings.version);
    const push = pushOtlp(sender, otlp, surroundings.retry ?? RETRY);
    pushes.push({ name: 'otlp metrics', push, problem: undefined });
  }
  if (exporters.includes('console')) {
    const push = await pushConsole(surroundings.output ?? process.stdout);
    pushes.push({ name: 'console metrics', push, problem: undefined });
  }
  const prometheus = exporters.includes('prometheus') ? await openPrometheus(options, source) : undefined;

  let underWay: Promise<boolean> | undefined;
  function exportOnce(withinMs: number): Promise<boolean> {
    // A receiver that is slower than the interval gets the next figures later; they are cumulative.
    underWay ??= exportAll(withinMs).finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function exportAll(withinMs: number): Promise<boolean> {
    const all = source.collect();
    const problems = await Promise.all(pushes.map(({ push }) => push(all, withinMs)));
    problems.forEach((problem, index) => {
      const exporter = pushes[index];
      if (exporter === undefined) return;
      if (problem !== undefined && exporter.problem === undefined) source.onProblem(`${exporter.name}: ${problem}`);
      if (problem === undefined && exporter.problem !== undefined) source.onProblem(`${exporter.name}: accepted again`);
      exporter.problem = problem;
    });
    return problems.every((problem) => problem === undefined);
  }

  const timer = pushes.length === 0 ? undefined : setInterval(() => void exportOnce(timeoutMs), intervalMs);
  timer?.unref();
  let closed = false;

  async function flush(withinMs: number): Promise<boolean> {
    if (pushes.length === 0) return true;
    const deadline = performance.now() + withinMs;
    // What is under way has old figures.
    if (underWay !== undefined) await within(underWay, withinMs);
    return within(exportOnce(Math.max(1, deadline - performance.now())), deadline - performance.now());
  }

  return {
    prometheusUrl: prometheus?.url,
    flush,
    async shutdown(withinMs) {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      await flush(withinMs);
      sender?.close();
      await prometheus?.close();
    },
  };
}

/** False if the time is over first. */
async function within(promise: Promise<boolean>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, Math.max(0, ms), false);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function openPrometheus(options: MetricExportOptions, source: MetricExportSource) {
  const { prometheusText } = await import('./prometheus-text.ts');
  const { startPrometheusServer } = await import('./prometheus-server.ts');
  return startPrometheusServer(options.prometheus, () => prometheusText(source.collect()));
}

async function pushConsole(output: LineOutput): Promise<Push> {
  const { metricLines } = await import('./console-metrics.ts');
  return (all) =>
    new Promise((resolve) => {
      output.write(
        metricLines(all)
          .map((line) => `${line}\n`)
          .join(''),
        (error) => resolve(error?.message),
      );
    });
}

/** A request a resource, one after the other: the exporters take one at a time. */
function pushOtlp(
  sender: OtlpSender<ResourceMetrics>,
  { temporality, exponential }: Pick<MetricExportOptions['otlp'], 'temporality' | 'exponential'>,
  retry: { readonly firstMs: number; readonly maxMs: number },
): Push {
  const deltas = temporality === 'cumulative' ? undefined : createMetricDeltas(temporality);

  async function sendWithRetries(one: ResourceMetrics, untilMs: number): Promise<string | undefined> {
    for (let pause = retry.firstMs; ; pause = Math.min(retry.maxMs, 2 * pause)) {
      const result = await sender.send(one);
      if (result.outcome === 'accepted') {
        deltas?.accepted(one.resource);
        return result.rejected > 0 ? `${result.rejected} data points refused: ${result.message}` : undefined;
      }
      if (result.outcome !== 'retry' || performance.now() + pause >= untilMs) return result.reason;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  return async (all, withinMs) => {
    const untilMs = performance.now() + withinMs;
    let problem: string | undefined;
    const formed = exponential ? exponentialMetrics(all) : all;
    for (const one of deltas === undefined ? formed : deltas.since(formed)) {
      if (one.scopeMetrics.length === 0) continue;
      // With the time over each still gets one attempt, unless the receiver takes nothing.
      if (problem !== undefined && performance.now() >= untilMs) break;
      problem = (await sendWithRetries(one, untilMs)) ?? problem;
    }
    return problem;
  };
}
