import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { type BatchQueue, type BatchQueueEvents, type BatchSink, createBatchQueue } from './batch-queue.ts';
import { consoleSpans, type LineOutput } from './console-spans.ts';
import type { OtlpOptions } from './otlp-options.ts';
import { openOtlpSender } from './otlp-sender.ts';

/** config.traces has this shape. */
export interface TraceExportOptions {
  /** Empty: the viewer alone. */
  readonly exporters: readonly ('otlp' | 'console')[];
  readonly otlp: OtlpOptions;
  readonly batch: {
    /** Longest time that a span waits for others. */
    readonly delayMs: number;
    /** After this time a batch is not tried again. */
    readonly timeoutMs: number;
    readonly maxQueueSize: number;
    readonly maxBatchSize: number;
  };
}

export interface TraceExportCallbacks<Span extends ReadableSpan> {
  /** The receiver has accepted them. */
  onExported(spans: readonly Span[]): void;
  /** `queue_full`: there was no room; `export_failed`: refused, or given up. */
  onDropped(spans: readonly Span[], reason: 'queue_full' | 'export_failed'): void;
  /** One line for people about a receiver that fails, refuses or recovers. */
  onProblem(message: string): void;
}

/** Spans on their way out. Of every span that is added, one of the callbacks is told, once. */
export interface TraceExport<Span extends ReadableSpan> {
  add(spans: readonly Span[]): void;
  /** Spans whose fate is open. */
  readonly queued: number;
  /** By exporter, for the agent's metrics. */
  queues(): { readonly exporter: string; readonly size: number; readonly capacity: number }[];
  /** Sends what waits. False if not everything was sent in time. */
  flush(withinMs: number): Promise<boolean>;
  /** Takes no more spans, flushes, drops what is left then. Never takes longer. */
  shutdown(withinMs: number): Promise<void>;
}

/** What a test may replace. */
export interface TraceExportSurroundings {
  readonly version: string;
  readonly output?: LineOutput;
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
}

const RETRY = { firstMs: 500, maxMs: 5000 };
/** Requests under way to a receiver that keeps up: at 512 spans each it may take 100 ms to answer at 20,000 spans/s. */
const CONCURRENCY = 4;

/**
 * Opens the exporters. With several, the ledger follows the first of otlp and console: a span is exported when that one
 * has it. With none it is exported at once, as the viewer has it.
 * @throws ExportError for settings that can't work: a certificate that can't be read.
 */
export async function createTraceExport<Span extends ReadableSpan>(
  options: TraceExportOptions,
  callbacks: TraceExportCallbacks<Span>,
  surroundings: TraceExportSurroundings,
): Promise<TraceExport<Span>> {
  const { exporters, otlp, batch } = options;
  const queues: { readonly exporter: string; readonly queue: BatchQueue<Span> }[] = [];

  function open(exporter: string, sink: BatchSink<Span>, concurrency: number): void {
    const decides = queues.length === 0;
    const events: BatchQueueEvents<Span> = {
      exported: decides ? callbacks.onExported : () => {},
      dropped: decides ? callbacks.onDropped : () => {},
      problem: callbacks.onProblem,
    };
    const retry = surroundings.retry ?? RETRY;
    const settings = { ...batch, concurrency, retry };
    queues.push({ exporter, queue: createBatchQueue(exporter, sink, settings, events) });
  }

  if (exporters.includes('otlp')) {
    const attempt = { ...otlp, timeoutMs: Math.min(otlp.timeoutMs, batch.timeoutMs) };
    open('otlp', await openOtlpSender('traces', attempt, surroundings.version), CONCURRENCY);
  }
  if (exporters.includes('console')) open('console', consoleSpans(surroundings.output ?? process.stdout), 1);

  let closed = false;
  return {
    add(spans) {
      if (spans.length === 0) return;
      for (const { queue } of queues) queue.add(spans);
      if (queues.length > 0) return;
      if (closed) callbacks.onDropped(spans, 'export_failed');
      else callbacks.onExported(spans);
    },
    get queued() {
      return queues[0]?.queue.size ?? 0;
    },
    queues: () =>
      queues.map(({ exporter, queue }) => ({ exporter, size: queue.size, capacity: options.batch.maxQueueSize })),
    async flush(withinMs) {
      const flushed = await Promise.all(queues.map(({ queue }) => queue.flush(withinMs)));
      return flushed.every((complete) => complete);
    },
    async shutdown(withinMs) {
      closed = true;
      await Promise.all(queues.map(({ queue }) => queue.shutdown(withinMs)));
    },
  };
}
