import { type InlinedPlace, type ProbeDescription, probeText } from '../probe/probe.ts';
import {
  DROP_REASONS,
  type DropReason,
  type HeaderOutcome,
  INCOMPLETE_REASONS,
  type IncompleteReason,
  type KernelCounts,
  type LedgerProcess,
  type ProbeAccount,
} from './ledger-account.ts';

export interface LedgerRow {
  /** `gateway (4711)` */
  readonly process: string;
  /** As given to `open`; absent for what belongs to no process, or to several that ended long ago. */
  readonly owner?: LedgerProcess | undefined;
  /** The function, and of inlined calls the place: `main.add, inlined into main.work at main.go:12`. */
  readonly probe: string;
  /** Several rows may be of one: where it was inlined. */
  readonly functionName: string;
  readonly inlined?: InlinedPlace | undefined;
  readonly kind: ProbeDescription['kind'];
  readonly scopeName: string;
  readonly seen: number;
  readonly exported: number;
  readonly sampledOut: number;
  /** Of these, those that the sampler would have kept: by overload or SIDESPAN_TRACES_PER_SECOND. */
  readonly shed: number;
  /** Only reasons that occurred. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Seen and not decided: `seen - exported - sampledOut - dropped`, the sum of the next three. */
  readonly inFlight: number;
  readonly running: number;
  /** Ended; their records were not read yet. */
  readonly unread: number;
  /** Their spans wait for the exporter. */
  readonly queued: number;
  /** Of a detached probe: `running`, which nobody will see end. */
  readonly stillRunningAtDetach: number;
  /** Calls that had begun when the probe came: neither seen nor lost. */
  readonly enteredBeforeAttach: number;
  /** What is missing of calls that are counted above: only reasons that occurred. */
  readonly incomplete: Readonly<Partial<Record<IncompleteReason, number>>>;
  /** Requests that were to get a header, by what became of it: only what occurred. */
  readonly headers?: Readonly<Partial<Record<HeaderOutcome, number>>> | undefined;
  /** How often the probe was taken out (SIDESPAN_CPU_BUDGET). Calls meanwhile are not in `seen`. */
  readonly pauses: number;
  /** ISO 8601, since when it is out; undefined: it is not. */
  readonly pausedSince?: string | undefined;
  /** When it is tried again. */
  readonly pausedUntil?: string | undefined;
  readonly closed: boolean;
}

export type LedgerSums = Omit<
  LedgerRow,
  | 'process'
  | 'owner'
  | 'probe'
  | 'functionName'
  | 'inlined'
  | 'kind'
  | 'scopeName'
  | 'headers'
  | 'closed'
  | 'pausedSince'
  | 'pausedUntil'
>;

export interface LedgerSnapshot {
  readonly rows: readonly LedgerRow[];
  readonly total: LedgerSums;
}

/** Calls that were entered and can't be followed any further. */
function refused(kernel: KernelCounts): number {
  return kernel.noGoroutine + kernel.scratchBusy + kernel.goroutineTableFull + kernel.frameStackFull;
}

function endedCalls(kernel: KernelCounts): number {
  let sum = 0;
  for (const count of kernel.ended) sum += count;
  return sum;
}

function settled(account: ProbeAccount): number {
  const { exported, withoutMeaning, unpaired, decodeFailed, queueFull, exportFailed } = account;
  return exported + withoutMeaning + unpaired + decodeFailed + queueFull + exportFailed;
}

export function isSettled(account: ProbeAccount): boolean {
  return settled(account) === account.received;
}

export function rowOf(account: ProbeAccount): LedgerRow {
  const { kernel, process, probe, closed } = account;
  const ended = endedCalls(kernel);
  // The counters of a busy probe are not read at one instant: whatever ended was seen.
  const seen = closed ? kernel.seen : Math.max(kernel.seen, ended + refused(kernel));
  const running = seen - refused(kernel) - ended;
  const unread = ended - kernel.ringFull - kernel.sampledOut - kernel.unpairedUnsampled - account.received;
  const queued = account.received - settled(account);
  return {
    process: `${process.serviceName} (${process.pid})`,
    owner: process,
    probe: probeText(probe),
    functionName: probe.functionName,
    inlined: probe.inlined,
    kind: probe.kind,
    scopeName: probe.scopeName,
    seen,
    exported: account.exported,
    sampledOut: kernel.sampledOut + account.withoutMeaning,
    shed: kernel.shed,
    dropped: occurred({
      ring_full: kernel.ringFull,
      goroutine_table_full: kernel.goroutineTableFull,
      frame_stack_full: kernel.frameStackFull,
      scratch_busy: kernel.scratchBusy,
      no_goroutine: kernel.noGoroutine,
      unpaired: account.unpaired + kernel.unpairedUnsampled,
      decode_failed: account.decodeFailed,
      queue_full: account.queueFull,
      export_failed: account.exportFailed,
    }),
    inFlight: running + unread + queued,
    running,
    unread,
    queued,
    stillRunningAtDetach: closed ? running : 0,
    enteredBeforeAttach: kernel.enteredBefore,
    incomplete: occurred({
      capture_limit: kernel.notCaptured,
      arguments_ring_full: kernel.argumentsRingFull,
      goroutine_times_ring_full: kernel.timesRingFull,
      goroutine_times_no_room: kernel.timesNoRoom,
      request_phases_ring_full: kernel.phasesRingFull,
      request_phases_no_room: kernel.phasesNoRoom,
      panic_ring_full: kernel.panicsRingFull,
      context_no_room: kernel.contextsNoRoom,
      grpc_messages_no_room: kernel.messagesNoRoom,
      metric_series_full: kernel.unlabelled,
      metric_not_counted: kernel.uncounted,
    }),
    headers: account.headers && occurred(account.headers),
    pauses: account.pauses,
    pausedSince: account.paused && new Date(account.paused.sinceMs).toISOString(),
    pausedUntil: account.paused && new Date(account.paused.untilMs).toISOString(),
    closed,
  };
}

/** What the kernel skipped belongs to no probe: nothing ran that could have counted it. */
export function recursionRow(misses: number): LedgerRow {
  return {
    ...NO_CALLS,
    process: '(kernel)',
    probe: '(hits that the kernel skipped)',
    functionName: '(hits that the kernel skipped)',
    kind: 'function',
    scopeName: '',
    seen: misses,
    dropped: { recursion_misses: misses },
    closed: true,
  };
}

export const NO_CALLS: LedgerSums = {
  seen: 0,
  exported: 0,
  sampledOut: 0,
  shed: 0,
  dropped: {},
  inFlight: 0,
  running: 0,
  unread: 0,
  queued: 0,
  stillRunningAtDetach: 0,
  enteredBeforeAttach: 0,
  incomplete: {},
  pauses: 0,
};

export function addedSums(a: LedgerSums, b: LedgerSums): LedgerSums {
  return {
    seen: a.seen + b.seen,
    exported: a.exported + b.exported,
    sampledOut: a.sampledOut + b.sampledOut,
    shed: a.shed + b.shed,
    dropped: addedCounts(DROP_REASONS, a.dropped, b.dropped),
    inFlight: a.inFlight + b.inFlight,
    running: a.running + b.running,
    unread: a.unread + b.unread,
    queued: a.queued + b.queued,
    stillRunningAtDetach: a.stillRunningAtDetach + b.stillRunningAtDetach,
    enteredBeforeAttach: a.enteredBeforeAttach + b.enteredBeforeAttach,
    incomplete: addedCounts(INCOMPLETE_REASONS, a.incomplete, b.incomplete),
    pauses: a.pauses + b.pauses,
  };
}

function addedCounts<Reason extends string>(
  reasons: readonly Reason[],
  a: Readonly<Partial<Record<Reason, number>>>,
  b: Readonly<Partial<Record<Reason, number>>>,
): Partial<Record<Reason, number>> {
  const sums = reasons.map((reason): [Reason, number] => [reason, (a[reason] ?? 0) + (b[reason] ?? 0)]);
  return occurred(Object.fromEntries(sums) as Partial<Record<Reason, number>>);
}

function occurred<Reason extends string>(counts: Partial<Record<Reason, number>>): Partial<Record<Reason, number>> {
  const found = Object.entries<number | undefined>(counts).filter(([, count]) => (count ?? 0) > 0);
  return Object.fromEntries(found) as Partial<Record<Reason, number>>;
}

/** Of what was dropped, in all. */
export function droppedCalls(row: Pick<LedgerRow, 'dropped'>): number {
  return Object.values(row.dropped).reduce((sum, count) => sum + count, 0);
}

/**
 * Whether every call that was seen is accounted for: no negative rest anywhere, and nothing undecided but running calls
 * once a probe is closed.
 */
export function balanced(snapshot: LedgerSnapshot): boolean {
  return snapshot.rows.every(
    (row) =>
      row.seen === row.exported + row.sampledOut + droppedCalls(row) + row.inFlight &&
      row.running >= 0 &&
      row.unread >= 0 &&
      row.queued >= 0 &&
      (!row.closed || (row.unread === 0 && row.queued === 0)),
  );
}
