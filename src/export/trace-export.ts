import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type BatchQueue, type BatchQueueEvents, type BatchSink, createBatchQueue } from './batch-queue.ts';
import { consoleSpans, type LineOutput } from './console-spans.ts';
import { encodeTraceRequest } from './otlp-trace-request.ts';
import { createWriter, type ProtobufWriter } from './protobuf-writer.ts';
import { createTransport, type OtlpOptions, type Transport } from './transport.ts';

/** config.traces has this shape. */
export interface TraceExportOptions {
  /** Empty: the viewer alone. */
  readonly exporters: readonly ('otlp' | 'console')[];
  readonly otlp: OtlpOptions;
  readonly batch: {
    /** Longest time that a span waits for others. */
    readonly delayMs: number;
    /** Longest time that a batch is tried. */
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
/** gRPC servers take 4 MiB at most unless told otherwise; the collector's HTTP receiver 20 MiB. */
const MAX_REQUEST_BYTES = 4_000_000;

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
    const attemptMs = exporter === 'otlp' ? otlp.timeoutMs : batch.timeoutMs;
    const settings = { ...batch, attemptMs, concurrency, retry };
    queues.push({ exporter, queue: createBatchQueue(exporter, sink, settings, events) });
  }

  if (exporters.includes('otlp')) {
    open('otlp', otlpSpans(await createTransport(otlp, 'traces', surroundings.version)), CONCURRENCY);
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

/** A writer that one large batch has blown up is not kept. */
const MAX_KEPT_BYTES = 2 << 20;

function otlpSpans(transport: Transport): BatchSink<ReadableSpan> {
  // Requests are some 300 kB each, ten a second: new buffers for them are 20 MB before the collector looks at them.
  const free: ProtobufWriter[] = [];
  return {
    async send(spans, timeoutMs) {
      const writer = free.pop() ?? createWriter();
      const request = encodeTraceRequest(spans, transport.room, writer);
      if (request.length > MAX_REQUEST_BYTES) {
        return { outcome: 'too_large', reason: `a request of ${request.length} bytes` };
      }
      const result = await transport.send(request, timeoutMs);
      // After a failure something may still read from it.
      if (result.outcome === 'accepted' && writer.bytes.length <= MAX_KEPT_BYTES) free.push(writer);
      return result;
    },
    close: () => transport.close(),
  };
}
