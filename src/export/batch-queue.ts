import type { SendResult } from './otlp-outcome.ts';

/** Takes batches. */
export interface BatchSink<T> {
  /** One attempt, of limited time. Never rejects. `too_large`: two halves are sent instead. */
  send(items: readonly T[]): Promise<SendResult>;
  close(): void;
}

export interface BatchQueueOptions {
  /** Most items held: waiting, under way or to be sent again. */
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
  /** Longest time that an item waits for others. */
  readonly delayMs: number;
  /** After this time a batch is not tried again. */
  readonly timeoutMs: number;
  readonly concurrency: number;
  /** Pauses between attempts double from `firstMs` to `maxMs`. */
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
}

export interface BatchQueueEvents<T> {
  /** The receiver has them. */
  exported(items: readonly T[]): void;
  /** `queue_full`: not taken in; `export_failed`: given up. */
  dropped(items: readonly T[], reason: 'queue_full' | 'export_failed'): void;
  /** The receiver fails, refuses, or takes items again: one line for people. */
  problem(message: string): void;
}

/** Every item that is added is exported or dropped, once. */
export interface BatchQueue<T> {
  add(items: readonly T[]): void;
  /** Items held. */
  readonly size: number;
  /** Sends what is held without waiting for more. False if something was still held when the time was over. */
  flush(withinMs: number): Promise<boolean>;
  /** Takes no more; flushes; what is left then is dropped as `export_failed`. */
  shutdown(withinMs: number): Promise<void>;
}

interface Batch<T> {
  readonly items: readonly T[];
  /** Of performance.now(); set by the first attempt. */
  giveUpMs?: number;
}

/** A lone item waits so long for company: the rest of its trace usually comes in the same moment. */
const GATHER_MS = 10;
/** Up to this share a pause is shorter or longer, so that agents of many nodes don't come all at once. */
const JITTER = 0.2;
/** Whoever flushes has seconds: longer pauses would come to nothing. */
const MAX_HURRIED_PAUSE_MS = 250;
/** A receiver that refuses every batch is reported so often. */
const REPEAT_REFUSED_MS = 30_000;

export function createBatchQueue<T>(
  name: string,
  sink: BatchSink<T>,
  options: BatchQueueOptions,
  events: BatchQueueEvents<T>,
): BatchQueue<T> {
  const waiting: T[][] = [];
  let waitingItems = 0;
  /** Failed before; they go first. */
  const again: Batch<T>[] = [];
  const underWay = new Set<Batch<T>>();
  let size = 0;
  let failures = 0;
  let failingSinceMs = 0;
  let droppedWhileFailing = 0;
  let pausedUntilMs = 0;
  let lastStartMs = Number.NEGATIVE_INFINITY;
  let lastRefusedMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = 0;
  let hurry = false;
  let closed = false;
  let emptied: (() => void)[] = [];

  function add(items: readonly T[]): void {
    const room = closed ? 0 : options.maxQueueSize - size;
    const taken = items.length <= room ? items : items.slice(0, room);
    if (taken.length < items.length) drop(items.slice(taken.length), closed ? 'export_failed' : 'queue_full');
    if (taken.length === 0) return;
    waiting.push([...taken]);
    waitingItems += taken.length;
    size += taken.length;
    schedule();
  }

  function drop(items: readonly T[], reason: 'queue_full' | 'export_failed'): void {
    if (failures > 0) droppedWhileFailing += items.length;
    events.dropped(items, reason);
  }

  /** Sets the timer for the next moment at which something can be sent. */
  function schedule(): void {
    if (waitingItems === 0 && again.length === 0) return;
    if (underWay.size >= allowed()) return;
    const now = performance.now();
    const full = waitingItems >= options.maxBatchSize;
    const due = hurry || full || again.length > 0 ? now : Math.max(now + GATHER_MS, lastStartMs + options.delayMs);
    const atMs = Math.max(due, pausedUntilMs);
    if (timer !== undefined && timerAtMs <= atMs) return;
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = setTimeout(sendDue, Math.max(0, atMs - now));
  }

  /** A receiver that fails is tried with one batch at a time. */
  function allowed(): number {
    return failures > 0 ? 1 : options.concurrency;
  }

  function sendDue(): void {
    timer = undefined;
    if (performance.now() < pausedUntilMs) return schedule();
    do {
      const batch = again.shift() ?? nextBatch();
      if (batch === undefined) return;
      void attempt(batch);
    } while (underWay.size < allowed() && (hurry || waitingItems >= options.maxBatchSize || again.length > 0));
    schedule();
  }

  function nextBatch(): Batch<T> | undefined {
    if (waitingItems === 0) return undefined;
    const items: T[] = [];
    while (items.length < options.maxBatchSize) {
      const chunk = waiting[0];
      if (chunk === undefined) break;
      const room = options.maxBatchSize - items.length;
      if (chunk.length <= room) {
        for (const item of chunk) items.push(item);
        waiting.shift();
      } else {
        for (const item of chunk.splice(0, room)) items.push(item);
      }
    }
    waitingItems -= items.length;
    return { items };
  }

  async function attempt(batch: Batch<T>): Promise<void> {
    const now = performance.now();
    lastStartMs = now;
    batch.giveUpMs ??= now + options.timeoutMs;
    underWay.add(batch);
    const result = await sink.send(batch.items);
    // After a shutdown its items are dropped already.
    if (!underWay.delete(batch)) return;
    switch (result.outcome) {
      case 'accepted':
        accepted(batch, result.rejected, result.message);
        break;
      case 'retry':
        failed(batch, result.reason);
        break;
      case 'refused':
        refused(batch.items, result.reason);
        break;
      case 'too_large':
        if (batch.items.length > 1) again.push(...halves(batch));
        else refused(batch.items, result.reason);
    }
    schedule();
  }

  function settle(count: number): void {
    size -= count;
    if (size > 0) return;
    for (const resolve of emptied.splice(0)) resolve();
  }

  function accepted(batch: Batch<T>, rejected: number, message: string): void {
    if (failures > 0) {
      const seconds = Math.round((performance.now() - failingSinceMs) / 1000);
      events.problem(`${name}: takes data again after ${seconds} s; ${droppedWhileFailing} were dropped`);
    }
    failures = 0;
    droppedWhileFailing = 0;
    // Which ones the receiver doesn't say.
    const lost = Math.min(Math.max(0, rejected), batch.items.length);
    const kept = batch.items.length - lost;
    if (kept > 0) events.exported(kept === batch.items.length ? batch.items : batch.items.slice(0, kept));
    if (lost > 0) events.dropped(batch.items.slice(kept), 'export_failed');
    if (lost > 0 || message !== '')
      reportRefusal(`${lost} of ${batch.items.length} refused: ${message || 'no reason given'}`);
    settle(batch.items.length);
  }

  function refused(items: readonly T[], reason: string): void {
    events.dropped(items, 'export_failed');
    reportRefusal(`${items.length} refused: ${reason}`);
    settle(items.length);
  }

  function reportRefusal(what: string): void {
    if (performance.now() - lastRefusedMs < REPEAT_REFUSED_MS) return;
    lastRefusedMs = performance.now();
    events.problem(`${name}: ${what}`);
  }

  function failed(batch: Batch<T>, reason: string): void {
    const now = performance.now();
    if (failures === 0) {
      failingSinceMs = now;
      events.problem(`${name}: ${reason}; trying again, up to ${options.maxQueueSize} wait`);
    }
    const backoff = Math.min(options.retry.maxMs, options.retry.firstMs * 2 ** Math.min(failures, 30));
    failures++;
    const wanted = backoff * (1 - JITTER + 2 * JITTER * Math.random());
    const pause = hurry ? Math.min(wanted, MAX_HURRIED_PAUSE_MS) : wanted;
    pausedUntilMs = Math.max(pausedUntilMs, now + pause);
    if (pausedUntilMs < (batch.giveUpMs ?? 0)) {
      again.push(batch);
      return;
    }
    drop(batch.items, 'export_failed');
    settle(batch.items.length);
  }

  async function flush(withinMs: number): Promise<boolean> {
    if (size === 0) return true;
    hurry = true;
    pausedUntilMs = Math.min(pausedUntilMs, performance.now() + MAX_HURRIED_PAUSE_MS);
    schedule();
    const { promise, resolve } = Promise.withResolvers<void>();
    emptied.push(resolve);
    const limit = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(limit);
    emptied = emptied.filter((other) => other !== resolve);
    hurry = emptied.length > 0;
    return size === 0;
  }

  return {
    add,
    get size() {
      return size;
    },
    flush,
    async shutdown(withinMs) {
      closed = true;
      await flush(withinMs);
      clearTimeout(timer);
      const left = [...underWay, ...again].flatMap(({ items }) => items).concat(...waiting);
      underWay.clear();
      again.length = 0;
      waiting.length = 0;
      waitingItems = 0;
      size = 0;
      if (left.length > 0) events.dropped(left, 'export_failed');
      sink.close();
    },
  };
}

function halves<T>({ items, giveUpMs }: Batch<T>): Batch<T>[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)].map((half) => ({
    items: half,
    ...(giveUpMs !== undefined && { giveUpMs }),
  }));
}
