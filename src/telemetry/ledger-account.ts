import type { ProbeDescription } from '../probe/probe.ts';

/**
 * Why a call that was seen has no span at a receiver. The first five are counted in the kernel per probe,
 * `recursion_misses` for a whole program, the rest here.
 */
export const DROP_REASONS = [
  'ring_full',
  'goroutine_table_full',
  'frame_stack_full',
  'scratch_busy',
  'no_goroutine',
  'recursion_misses',
  'unpaired',
  'decode_failed',
  'queue_full',
  'export_failed',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** struct probe_counters of bpf/event.h, summed over the CPUs. */
export interface KernelCounts {
  readonly seen: number;
  /** By how they ended, in the order of enum call_end. */
  readonly ended: readonly [returned: number, panic: number, goexit: number, goroutineEnd: number, unpaired: number];
  readonly enteredBefore: number;
  readonly ringFull: number;
  readonly goroutineTableFull: number;
  readonly frameStackFull: number;
  readonly scratchBusy: number;
  readonly noGoroutine: number;
  readonly argumentsRingFull: number;
  readonly notCaptured: number;
  readonly sampledOut: number;
  readonly unpairedUnsampled: number;
  /** Of `sampledOut`: by overload or a limit. */
  readonly shed: number;
  readonly uncounted: number;
  readonly unlabelled: number;
  readonly timesRingFull: number;
  readonly timesNoRoom: number;
  readonly phasesRingFull: number;
  readonly phasesNoRoom: number;
  readonly panicsRingFull: number;
  readonly contextsNoRoom: number;
  readonly messagesNoRoom: number;
  readonly timeNs: number;
}

/**
 * What is missing of calls that are not lost themselves: values that were not read (SIDESPAN_CAPTURE_CALLS_PER_SECOND); what found
 * no room in the ring; contexts and counts of messages that made room for others; in metrics the attributes, or the duration.
 */
export const INCOMPLETE_REASONS = [
  'capture_limit',
  'arguments_ring_full',
  'goroutine_times_ring_full',
  'goroutine_times_no_room',
  'request_phases_ring_full',
  'request_phases_no_room',
  'panic_ring_full',
  'context_no_room',
  'grpc_messages_no_room',
  'metric_series_full',
  'metric_not_counted',
] as const;
export type IncompleteReason = (typeof INCOMPLETE_REASONS)[number];

/** What became of a client's requests that were to get headers of the trace context (SIDESPAN_PROPAGATION=write). */
export const HEADER_OUTCOMES = [
  'written',
  'written_without_tracestate',
  'present',
  'no_room',
  'no_call',
  'unsearched',
  'refused',
  'fault',
] as const;
export type HeaderOutcome = (typeof HEADER_OUTCOMES)[number];

/** The process as the ledger names it. */
export interface LedgerProcess {
  readonly pid: number;
  readonly serviceName: string;
}

/** The counts of one probe in one process. Spans carry it, so that their fate is counted without a look-up. */
export interface ProbeAccount {
  readonly process: LedgerProcess;
  readonly probe: ProbeDescription;
  kernel: KernelCounts;
  /** Absent: nothing is written. */
  headers?: Readonly<Record<HeaderOutcome, number>>;
  /** Records of ended calls that came out of the ring. */
  received: number;
  /** Of these, calls that did nothing: they are counted as sampled out. */
  withoutMeaning: number;
  exported: number;
  unpaired: number;
  decodeFailed: number;
  queueFull: number;
  exportFailed: number;
  /** How often it was taken out for what it cost (SIDESPAN_CPU_BUDGET): its calls are not seen then. */
  pauses: number;
  /** Since when, and until when it is out: milliseconds since 1970. Undefined: it is not. */
  paused: { readonly sinceMs: number; readonly untilMs: number } | undefined;
  /** The probe is detached, the ring drained and the counters read for the last time. */
  closed: boolean;
}

export const NO_COUNTS: KernelCounts = {
  seen: 0,
  ended: [0, 0, 0, 0, 0],
  enteredBefore: 0,
  ringFull: 0,
  goroutineTableFull: 0,
  frameStackFull: 0,
  scratchBusy: 0,
  noGoroutine: 0,
  argumentsRingFull: 0,
  notCaptured: 0,
  sampledOut: 0,
  unpairedUnsampled: 0,
  shed: 0,
  uncounted: 0,
  unlabelled: 0,
  timesRingFull: 0,
  timesNoRoom: 0,
  phasesRingFull: 0,
  phasesNoRoom: 0,
  panicsRingFull: 0,
  contextsNoRoom: 0,
  messagesNoRoom: 0,
  timeNs: 0,
};
