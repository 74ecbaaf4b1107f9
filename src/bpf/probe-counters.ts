import { probeCountersLayout as layout } from './map-layout.ts';

/** What the kernel counted for one probe, summed over the CPUs. Names as in bpf/event.h, struct probe_counters. */
export interface ProbeCounters {
  readonly seen: number;
  /** By enum call_end. */
  readonly ended: readonly [returned: number, panic: number, goexit: number, goroutineEnd: number, unpaired: number];
  readonly restarts: number;
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
  /** Of one in settings.timed_hits of its sites' hits. */
  readonly timeNs: number;
}

/** Sums the per-CPU values: `cpus` structs in a row. */
export function sumCounters(values: Uint8Array, cpus: number): ProbeCounters {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const sum = (offset: number) => {
    let total = 0;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const at = cpu * layout.sizeBytes + offset;
      total += view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    }
    return total;
  };
  return {
    seen: sum(layout.seen),
    ended: [
      sum(layout.ended),
      sum(layout.ended + 8),
      sum(layout.ended + 16),
      sum(layout.ended + 24),
      sum(layout.ended + 32),
    ],
    restarts: sum(layout.restarts),
    enteredBefore: sum(layout.entered_before),
    ringFull: sum(layout.ring_full),
    goroutineTableFull: sum(layout.goroutine_table_full),
    frameStackFull: sum(layout.frame_stack_full),
    scratchBusy: sum(layout.scratch_busy),
    noGoroutine: sum(layout.no_goroutine),
    argumentsRingFull: sum(layout.arguments_ring_full),
    notCaptured: sum(layout.not_captured),
    sampledOut: sum(layout.sampled_out),
    unpairedUnsampled: sum(layout.unpaired_unsampled),
    shed: sum(layout.shed),
    uncounted: sum(layout.uncounted),
    unlabelled: sum(layout.unlabelled),
    timesRingFull: sum(layout.times_ring_full),
    timesNoRoom: sum(layout.times_no_room),
    phasesRingFull: sum(layout.phases_ring_full),
    phasesNoRoom: sum(layout.phases_no_room),
    panicsRingFull: sum(layout.panics_ring_full),
    contextsNoRoom: sum(layout.contexts_no_room),
    messagesNoRoom: sum(layout.messages_no_room),
    timeNs: sum(layout.time_ns),
  };
}

/**
 * Calls that had begun before the probe came: exits that found no open call. A call that found no room at its entry exits
 * the same way, so those are taken off; while some of them still run the result is too small, never too large.
 */
export function enteredBeforeAttach(counters: ProbeCounters): number {
  return Math.max(0, counters.enteredBefore - counters.goroutineTableFull - counters.scratchBusy);
}
