import type { Panic } from './panic.ts';
import type { Value } from './value.ts';

/** CLOCK_BOOTTIME as [seconds, nanoseconds]: nanoseconds alone pass 2^53 after 104 days of uptime. */
export type BootTime = readonly [seconds: number, nanoseconds: number];

/** `inlined`: where a call ends whose code is part of another function can't be told, only that it began. */
export type CallEnd = 'returned' | 'panic' | 'goexit' | 'goroutine end' | 'unpaired' | 'inlined';

export interface RemoteParent {
  /** Its decision; undefined: it left that to us (B3). */
  readonly sampled: boolean | undefined;
  /** A tracestate belongs to the first one only. */
  readonly format: 'traceparent' | 'b3';
}

/** A call that ended, decoded. `processSlot` and `probe` index the agent's tables. */
export interface Call extends CallContent {
  readonly processSlot: number;
  readonly probe: number;
  readonly goid: number;
  readonly start: BootTime;
  /** Meaningless if `end` is `inlined`. */
  readonly durationNs: number;
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Absent for a root. */
  readonly parentSpanId?: string | undefined;
  /** The parent came with the request. */
  readonly remoteParent?: RemoteParent | undefined;
  /**
   * How the parent was found that is no call on the same goroutine: the call's context.Context leads there, or the
   * goroutine was started in it.
   */
  readonly parentBy?: 'context' | 'goroutine start' | undefined;
  /** The trace began elsewhere and this is its sampled flag, also for calls nested in the one with `remoteParent`. */
  readonly traceSampled?: boolean | undefined;
  /** Its trace is not sampled: the call is there because it failed, or took long, alone. */
  readonly kept?: 'error' | 'slow' | undefined;
  /** Of 2^32 traces so many were not kept when this one was: decided here, at its first call. 0: none. */
  readonly samplingThreshold: number;
  /** That ended the call, or that it was on its way with; of a server's call otherwise those that it recovered from. Absent: none is known. */
  readonly panics?: readonly Panic[] | undefined;
  /** Enclosing traced calls on the goroutine. */
  readonly frameIndex: number;
  /** What its goroutine did meanwhile, in ns by goroutineActivity (src/probe/wire.ts); undefined: it was not followed. */
  readonly activityNs?: readonly number[] | undefined;
  /** Of an HTTP request: where its time went, in ns by requestPhase; undefined: it was not followed. */
  readonly phaseNs?: readonly number[] | undefined;
  /** The same object for all calls of a probe of which this is the same: what is made of it serves them all. */
  readonly sharedContent?: CallContent | undefined;
}

/** How a call ended, and what was captured of it. */
export interface CallContent {
  readonly end: CallEnd;
  /** Of a traced function, in order. */
  readonly arguments: readonly Value[];
  readonly results: readonly Value[];
  /** Of a preset: what its capture names (`method`, `path`, `status` …). A dozen, found faster in a list than in a Map. */
  readonly fields: readonly Value[];
}
