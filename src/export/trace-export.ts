import {
  type Batch,
  type BatchForm,
  type BatchQueue,
  type BatchQueueEvents,
  type BatchSink,
  createBatchQueue,
} from './batch-queue.ts';
import { consoleSpans, type LineOutput, lineBatches } from './console-spans.ts';
import type { OtlpOptions } from './otlp-options.ts';
import { openOtlpSender } from './otlp-sender.ts';
import { type SpanBatch, type SpanOf, type SpanOrigin, spanBatches } from './span-batches.ts';

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

export interface TraceExportCallbacks<Origin> {
  /** The receiver has accepted so many spans: the origin of each. */
  onExported(origins: readonly Origin[]): void;
  /** `queue_full`: there was no room; `export_failed`: refused, or given up. */
  onDropped(origins: readonly Origin[], reason: 'queue_full' | 'export_failed'): void;
  /** One line for people about a receiver that fails, refuses or recovers. */
  onProblem(message: string): void;
}

/** Spans on their way out. Of every span that is added, one of the callbacks is told, once. */
export interface TraceExport<Origin extends SpanOrigin> {
  /** What waits of them is their encoding: handed over as soon as they are made, spans are cheap garbage. */
  add(spans: readonly SpanOf<Origin>[]): void;
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
export async function createTraceExport<Origin extends SpanOrigin>(
  options: TraceExportOptions,
  callbacks: TraceExportCallbacks<Origin>,
  surroundings: TraceExportSurroundings,
): Promise<TraceExport<Origin>> {
  type Span = SpanOf<Origin>;
  const { exporters, otlp, batch } = options;
  const queues: { readonly exporter: string; readonly queue: BatchQueue<Span> }[] = [];

  function open<B extends Batch<Origin>>(
    exporter: string,
    form: BatchForm<Span, Origin, B>,
    sink: BatchSink<B>,
    concurrency: number,
  ): void {
    const decides = queues.length === 0;
    const events: BatchQueueEvents<Origin> = {
      exported: decides ? callbacks.onExported : () => {},
      dropped: decides ? callbacks.onDropped : () => {},
      problem: callbacks.onProblem,
    };
    const retry = surroundings.retry ?? RETRY;
    const settings = { ...batch, concurrency, retry };
    queues.push({ exporter, queue: createBatchQueue(exporter, form, sink, settings, events) });
  }

  if (exporters.includes('otlp')) {
    const attempt = { ...otlp, timeoutMs: Math.min(otlp.timeoutMs, batch.timeoutMs) };
    const sender = await openOtlpSender('traces', attempt, surroundings.version);
    open<SpanBatch<Origin>>('otlp', spanBatches(), sender, CONCURRENCY);
  }
  if (exporters.includes('console')) {
    open('console', lineBatches<Origin>(), consoleSpans(surroundings.output ?? process.stdout), 1);
  }

  let closed = false;
  return {
    add(spans) {
      if (spans.length === 0) return;
      for (const { queue } of queues) queue.add(spans);
      if (queues.length > 0) return;
      if (closed)
        callbacks.onDropped(
          spans.map(({ origin }) => origin),
          'export_failed',
        );
      else callbacks.onExported(spans.map(({ origin }) => origin));
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
