import type { AttachMode } from '../bpf/attach.ts';
import type { KeepOptions } from '../bpf/kernel-side.ts';
import type { SamplingOptions } from '../bpf/sampling-table.ts';
import type { ExponentialBounds } from '../bpf/series-table.ts';
import type { Call } from '../event/call.ts';
import type { WrittenHeaders } from '../probe/outgoing/written-headers.ts';
import type { PlanOptions } from '../probe/plan-probes.ts';
import type { Planner } from './planner.ts';
import type { TracedProcess } from './traced-process.ts';

export interface TracerOptions {
  readonly planner: Planner;
  readonly plan: PlanOptions;
  readonly ringBytes: number;
  readonly maxGoroutines: number;
  /** For tests: few slots that goroutines have to share; another way of attaching. */
  readonly goroutineSlots?: number | undefined;
  readonly attachMode?: AttachMode | undefined;
  /** Bytes that one call may capture at entry, and again at exit. */
  readonly captureBytes: number;
  /** Calls of each function whose values are read in a second; undefined: all. */
  readonly capturesPerSecond?: number | undefined;
  /** Undefined: every trace is kept. */
  readonly sampling?: SamplingOptions | undefined;
  /** By the kind of a probe: what the kernel sorts the durations of calls into that are not sampled. */
  readonly durationBoundsNs?: Readonly<Record<string, readonly number[]>> | undefined;
  /** One of so many hits is timed; undefined: none. */
  readonly timedHits?: number | undefined;
  /** Calls of traces that are not sampled that are handed out all the same. */
  readonly keep?: KeepOptions | undefined;
  /** The same for sizes of bodies; undefined: they are not counted. */
  readonly sizeBounds?: readonly number[] | undefined;
  /** Both are sorted into these buckets too; undefined: they are not. */
  readonly exponential?: ExponentialBounds | undefined;
  readonly libbpfPath?: string | undefined;
  /** What is written into the requests that the plan has for it. */
  readonly writeHeaders?: WrittenHeaders | undefined;
  /** A tracestate that came is kept for them. */
  readonly passTraceState?: boolean | undefined;
  readonly onCall: (call: Call, process: TracedProcess) => void;
  /** This process of the agent's PID namespace called exec or ended. */
  readonly onProcessChange?: ((pid: number) => void) | undefined;
  /** Its probes are out, the ring is read: the last look at its series. */
  readonly onDetach?: ((process: TracedProcess) => void) | undefined;
  /** A record that made no sense; `process` undefined: of no process that is known. */
  readonly onUndecodable: (process: TracedProcess | undefined, probe: number, reason: string) => void;
}
