import type { SendResult } from './otlp-outcome.ts';

/** What is sent together. */
export interface Batch<Item> {
  /** What the events tell of each thing in it, in the order in which they were added. */
  readonly items: readonly Item[];
}

/** How batches are made. */
export interface BatchForm<Source, Item, B extends Batch<Item>> {
  itemOf(source: Source): Item;
  open(): B;
  append(batch: B, source: Source): void;
  /** Of a batch of two or more. */
  halves(batch: B): readonly B[];
  /** The queue is done with it. */
  free(batch: B): void;
}

/** Takes batches. */
export interface BatchSink<B> {
  /** One attempt, of limited time. Never rejects. `too_large`: two halves are sent instead. */
  send(batch: B): Promise<SendResult>;
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

export interface BatchQueueEvents<Item> {
  /** The receiver has them. */
  exported(items: readonly Item[]): void;
  /** `queue_full`: not taken in; `export_failed`: given up. */
  dropped(items: readonly Item[], reason: 'queue_full' | 'export_failed'): void;
  /** The receiver fails, refuses, or takes items again: one line for people. */
  problem(message: string): void;
}

/** Everything that is added is exported or dropped, once. */
export interface BatchQueue<Source> {
  add(sources: readonly Source[]): void;
  /** Items held. */
  readonly size: number;
  /** Sends what is held without waiting for more. False if something was still held when the time was over. */
  flush(withinMs: number): Promise<boolean>;
  /** Takes no more; flushes; what is left then is dropped as `export_failed`. */
  shutdown(withinMs: number): Promise<void>;
}

interface Parcel<B> {
  readonly batch: B;
  /** Of performance.now(); set by the first attempt. */
  giveUpMs: number | undefined;
}

/** A lone item waits so long for company: the rest of its trace usually comes in the same moment. */
const GATHER_MS = 10;
/** Up to this share a pause is shorter or longer, so that agents of many nodes don't come all at once. */
const JITTER = 0.2;
/** Whoever flushes has seconds: longer pauses would come to nothing. */
const MAX_HURRIED_PAUSE_MS = 250;
/** A receiver that refuses every batch is reported so often. */
const REPEAT_REFUSED_MS = 30_000;

export function createBatchQueue<Source, Item, B extends Batch<Item>>(
  name: string,
  form: BatchForm<Source, Item, B>,
  sink: BatchSink<B>,
  options: BatchQueueOptions,
  events: BatchQueueEvents<Item>,
): BatchQueue<Source> {
  /** The last one is being filled. */
  const waiting: B[] = [];
  let waitingItems = 0;
  /** Failed before; they go first. */
  const again: Parcel<B>[] = [];
  const underWay = new Set<Parcel<B>>();
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

  function add(sources: readonly Source[]): void {
    const count = Math.min(sources.length, closed ? 0 : options.maxQueueSize - size);
    if (count < sources.length) drop(sources.slice(count).map(form.itemOf), closed ? 'export_failed' : 'queue_full');
    if (count === 0) return;
    for (let index = 0; index < count; index++) form.append(batchWithRoom(), sources[index] as Source);
    const wasFull = waitingItems >= options.maxBatchSize;
    waitingItems += count;
    size += count;
    // Asks for the time: only where the timer may change, not for every span.
    if (timer === undefined || (!wasFull && waitingItems >= options.maxBatchSize)) schedule();
  }

  function batchWithRoom(): B {
    const last = waiting.at(-1);
    if (last !== undefined && last.items.length < options.maxBatchSize) return last;
    const batch = form.open();
    waiting.push(batch);
    return batch;
  }

  function drop(items: readonly Item[], reason: 'queue_full' | 'export_failed'): void {
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
      const parcel = again.shift() ?? nextParcel();
      if (parcel === undefined) return;
      void attempt(parcel);
    } while (underWay.size < allowed() && (hurry || waitingItems >= options.maxBatchSize || again.length > 0));
    schedule();
  }

  function nextParcel(): Parcel<B> | undefined {
    const batch = waiting.shift();
    if (batch === undefined) return undefined;
    waitingItems -= batch.items.length;
    return { batch, giveUpMs: undefined };
  }

  async function attempt(parcel: Parcel<B>): Promise<void> {
    const now = performance.now();
    lastStartMs = now;
    parcel.giveUpMs ??= now + options.timeoutMs;
    underWay.add(parcel);
    const { batch, giveUpMs } = parcel;
    const result = await sink.send(batch);
    // After a shutdown its items are dropped already.
    if (!underWay.delete(parcel)) return;
    switch (result.outcome) {
      case 'accepted':
        accepted(batch, result.rejected, result.message);
        break;
      case 'retry':
        failed(parcel, result.reason);
        break;
      case 'refused':
        refused(batch, result.reason);
        break;
      case 'too_large':
        if (batch.items.length > 1) {
          again.push(...form.halves(batch).map((half) => ({ batch: half, giveUpMs })));
          form.free(batch);
        } else refused(batch, result.reason);
    }
    schedule();
  }

  function settle(batch: B): void {
    size -= batch.items.length;
    form.free(batch);
    if (size > 0) return;
    for (const resolve of emptied.splice(0)) resolve();
  }

  function accepted(batch: B, rejected: number, message: string): void {
    if (failures > 0) {
      const seconds = Math.round((performance.now() - failingSinceMs) / 1000);
      events.problem(`${name}: takes data again after ${seconds} s; ${droppedWhileFailing} were dropped`);
    }
    failures = 0;
    droppedWhileFailing = 0;
    const { items } = batch;
    // Which ones the receiver doesn't say.
    const lost = Math.min(Math.max(0, rejected), items.length);
    const kept = items.length - lost;
    if (kept > 0) events.exported(lost === 0 ? items : items.slice(0, kept));
    if (lost > 0) events.dropped(items.slice(kept), 'export_failed');
    if (lost > 0 || message !== '')
      reportRefusal(`${lost} of ${items.length} refused: ${message || 'no reason given'}`);
    settle(batch);
  }

  function refused(batch: B, reason: string): void {
    events.dropped(batch.items, 'export_failed');
    reportRefusal(`${batch.items.length} refused: ${reason}`);
    settle(batch);
  }

  function reportRefusal(what: string): void {
    if (performance.now() - lastRefusedMs < REPEAT_REFUSED_MS) return;
    lastRefusedMs = performance.now();
    events.problem(`${name}: ${what}`);
  }

  function failed(parcel: Parcel<B>, reason: string): void {
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
    if (pausedUntilMs < (parcel.giveUpMs ?? 0)) {
      again.push(parcel);
      return;
    }
    drop(parcel.batch.items, 'export_failed');
    settle(parcel.batch);
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
      const unsent = [...[...underWay, ...again].map(({ batch }) => batch), ...waiting];
      const left = unsent.flatMap(({ items }) => items);
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

/** Batches that are lists. */
export function listBatches<Item>(): BatchForm<Item, Item, { readonly items: Item[] }> {
  return {
    itemOf: (item) => item,
    open: () => ({ items: [] }),
    append: ({ items }, item) => void items.push(item),
    halves({ items }) {
      const middle = Math.ceil(items.length / 2);
      return [{ items: items.slice(0, middle) }, { items: items.slice(middle) }];
    },
    free() {},
  };
}
