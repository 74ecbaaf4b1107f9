import type { TraceSummary } from './api.ts';
import { NONE, newByteRing } from './byte-ring.ts';
import { NO_SLOT, newIdIndex } from './id-index.ts';
import { LABEL_BYTES } from './span-record.ts';

/**
 * A trace whose spans stand in a shelf's ring. The object belongs to its slot: when the trace leaves, the next one
 * there takes it over. So it must not be held across an `add`.
 */
export interface StoredTrace {
  readonly shelf: TraceShelf;
  readonly slot: number;
  isHere: boolean;
  order: number;
  /** Positions in the ring of its first and last record. */
  first: number;
  last: number;
  /** Spans in the ring, and all of them: the rest of a trace with too many is only counted. */
  recordCount: number;
  spanCount: number;
  errorCount: number;
  /** In ns from a moment that all traces share. */
  startNs: number;
  endNs: number;
  revision: number;
  /** Made when asked for; dropped when a span is added. */
  summary: TraceSummary | undefined;
}

export interface ShelfLimits {
  readonly maxTraces: number;
  readonly maxBytes: number;
}

/**
 * Whole traces: the oldest leave when there are too many, or when their bytes are needed. No getters: of a second object
 * literal with them V8 makes a dictionary.
 */
export interface TraceShelf {
  /** By the id of 16 bytes at this place. */
  get(bytes: Buffer, at: number): StoredTrace | undefined;
  /** A new trace, without spans. */
  begin(bytes: Buffer, at: number, order: number): StoredTrace;
  /** Adds a span's record, a label and the first `sizeBytes` of `memory`, to a trace of this shelf. */
  append(trace: StoredTrace, label: number, memory: Uint8Array, sizeBytes: number): void;
  idOf(trace: StoredTrace): string;
  /** In the order in which they came. */
  records(trace: StoredTrace): Buffer[];
  /** Takes the trace, with its records, to another shelf. */
  moveTo(other: TraceShelf, trace: StoredTrace): void;
  traces(): Iterable<StoredTrace>;
  traceCount(): number;
  sizeBytes(): number;
}

export function newTraceShelf({ maxTraces, maxBytes }: ShelfLimits): TraceShelf {
  const ring = newByteRing(maxBytes);
  const index = newIdIndex(maxTraces);
  /** In a circle, in the order of the traces' first records in the ring; some have been left for another shelf. */
  const slots: StoredTrace[] = [];
  let oldestSlot = 0;
  let slotsTaken = 0;
  let traceCount = 0;

  function leave(trace: StoredTrace): void {
    index.remove(trace.slot);
    trace.isHere = false;
    trace.summary = undefined;
    traceCount--;
  }

  function freeOldest(): void {
    const trace = slots[oldestSlot];
    if (trace?.isHere === true) leave(trace);
    oldestSlot = (oldestSlot + 1) % maxTraces;
    slotsTaken--;
  }

  const shelf: TraceShelf = {
    get(bytes, at) {
      const slot = index.slotOf(bytes, at);
      return slot === NO_SLOT ? undefined : slots[slot];
    },
    begin(bytes, at, order) {
      if (slotsTaken === maxTraces) freeOldest();
      const slot = (oldestSlot + slotsTaken) % maxTraces;
      slotsTaken++;
      traceCount++;
      index.put(slot, bytes, at);
      let trace = slots[slot];
      if (trace === undefined) {
        trace = newTrace(shelf, slot);
        slots[slot] = trace;
      }
      trace.isHere = true;
      trace.order = order;
      trace.first = NONE;
      trace.last = NONE;
      trace.recordCount = 0;
      trace.spanCount = 0;
      trace.errorCount = 0;
      trace.startNs = Number.POSITIVE_INFINITY;
      trace.endNs = Number.NEGATIVE_INFINITY;
      trace.revision = 0;
      return trace;
    },
    append(trace, label, memory, sizeBytes) {
      trace.last = ring.append(label, memory, sizeBytes, trace.last);
      if (trace.first === NONE) trace.first = trace.last;
      trace.recordCount++;
      const oldest = ring.oldest();
      while (slotsTaken > 0) {
        const first = slots[oldestSlot];
        if (first?.isHere === true && (first.first === NONE || first.first >= oldest)) return;
        freeOldest();
      }
    },
    idOf: (trace) => index.idAt(trace.slot),
    records: (trace) => ring.chain(trace.last),
    moveTo(other, trace) {
      const moved = other.begin(Buffer.from(index.idAt(trace.slot), 'hex'), 0, trace.order);
      moved.spanCount = trace.spanCount;
      moved.errorCount = trace.errorCount;
      moved.startNs = trace.startNs;
      moved.endNs = trace.endNs;
      moved.revision = trace.revision;
      for (const record of ring.chain(trace.last)) {
        const content = record.subarray(LABEL_BYTES);
        other.append(moved, record.readUInt32LE(0), content, content.length);
      }
      leave(trace);
    },
    traces: () => slots.filter((trace) => trace.isHere),
    traceCount: () => traceCount,
    sizeBytes: ring.sizeBytes,
  };
  return shelf;
}

function newTrace(shelf: TraceShelf, slot: number): StoredTrace {
  return {
    shelf,
    slot,
    isHere: false,
    order: 0,
    first: NONE,
    last: NONE,
    recordCount: 0,
    spanCount: 0,
    errorCount: 0,
    startNs: 0,
    endNs: 0,
    revision: 0,
    summary: undefined,
  };
}
