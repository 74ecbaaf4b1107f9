import type { CaptureOp } from './capture/capture-op.ts';
import type { ContextPlace } from './capture/context-place.ts';
import type { DynamicPlan } from './capture/dynamic-type.ts';
import type { CaptureShape, LabelShape } from './capture/shape.ts';
import type { GoroutineActivities } from './plan-activities.ts';
import type { ParentLookup } from './plan-parents.ts';
import type { ProbeDescription } from './probe.ts';
import type { ProcessOffsets } from './process-offsets.ts';
import type { Untraceable } from './select-functions.ts';
import type { TypeSource } from './signature/type-source.ts';
import type { SiteAction } from './wire.ts';

/**
 * Everything that BPF needs to trace one binary, and what the reader needs to understand what comes back. Plain data, which goes
 * through JSON (src/tracer/planner.ts): indices are into the arrays of the same plan; the loader moves them to where it has room.
 */
export interface ProbePlan {
  readonly process: ProcessOffsets;
  /** Undefined: no call can have a parent on another goroutine. */
  readonly parents?: ParentLookup | undefined;
  /** Undefined: what goroutines do is not followed. */
  readonly activities?: GoroutineActivities | undefined;
  /** Capture plans; sites, probes and dynamic types refer to them by index. Skips within are relative. */
  readonly plans: readonly PlannedOps[];
  /** Header names: `imm` of the header and traceparent ops (capture-op.ts, withStringIndices). */
  readonly strings: readonly string[];
  readonly functionNames: readonly string[];
  readonly probes: readonly PlannedProbe[];
  readonly sites: readonly PlannedSite[];
  /** What is captured where the program panics; absent: nothing is. */
  readonly panicValue?: CaptureShape | undefined;
  /** Ids in chunks are indices here (moved by the loader like all others). */
  readonly dynamicTypes: readonly PlannedDynamicType[];
  readonly report: PlanReport;
}

/** Of a capture plan; how to read what they write is with the probe or dynamic type. */
export interface PlannedOps {
  readonly ops: readonly CaptureOp[];
}

export interface PlannedProbe {
  readonly description: ProbeDescription;
  /** Whose probe it is: as in the report. Absent for functions. */
  readonly preset?: string | undefined;
  /** probe_flag bits. */
  readonly flags: number;
  /** Of a server: where it keeps the context that it made for the request. Of others: a context that may lead there. */
  readonly context?: ContextPlace | undefined;
  /** Plan for calls that end without their own exit site. */
  readonly abandonedPlan?: number | undefined;
  /** The same for a call that is not sampled. */
  readonly abandonedLabelPlan?: number | undefined;
  /** What tells series of calls apart that are not sampled; absent: only how they ended. */
  readonly labels?: readonly LabelShape[] | undefined;
  /** Which labels say that a call failed. */
  readonly failure?: FailureLabels | undefined;
  /** What is captured at entry. Absent for presets. */
  readonly arguments?: CaptureShape | undefined;
  /** What is captured at the exit of a call that returned, unless it was left by a tail jump (then nothing). Absent for presets. */
  readonly results?: CaptureShape | undefined;
  /** Of a preset: what is captured at entry and wanted at the end. */
  readonly entryFields?: CaptureShape | undefined;
  /** Of a preset: what may be captured at the end; told apart by the size of the first image (`captureOf`). */
  readonly fields?: readonly CaptureShape[] | undefined;
  /** Of a preset: what others say of its calls (`note`); told apart likewise. */
  readonly notes?: readonly CaptureShape[] | undefined;
  /** Of a function: why its parameters and results are unknown. */
  readonly signatureUnavailable?: string | undefined;
  /** Of a function: what told the type of each argument and result. */
  readonly typeSources?:
    | { readonly parameters: readonly TypeSource[]; readonly results: readonly TypeSource[] }
    | undefined;
}

/** Labels, by their places, which say that a call failed. Any of them will do. */
export interface FailureLabels {
  /** A code that is not below `from`, or is among the others (below 32). */
  readonly code?: { readonly place: number; readonly from?: number; readonly among?: readonly number[] };
  /** `present`, and it is set. */
  readonly set?: number;
  /** There is a text. */
  readonly text?: boolean;
}

/** Where the address of the object is by which a call goes on (`keep`, `release`). */
export interface ObjectPlace {
  readonly register: number;
  /** Not 0: the register points to what has the address there. */
  readonly at: number;
}

/** What a site changes, and how: requestPhase, phaseChange (wire.ts). */
export interface PlannedPhase {
  readonly phase: number;
  readonly change: number;
}

/** struct outgoing_site of bpf/event.h. */
export interface PlannedOutgoing {
  /** Left out: the goroutine. */
  readonly key?: ContextPlace | undefined;
  readonly headers?: ContextPlace | undefined;
  /** enum outgoing_headers; 0: they are not looked at. */
  readonly headersKind: number;
  /** Offsets in bufio.Writer. */
  readonly writer?: { readonly buffer: number; readonly written: number; readonly error: number } | undefined;
  /** Above SP. */
  readonly parameterAt?: number | undefined;
}

export interface PlannedSite {
  /** Of a module: what its running address is, less the executable's load bias. */
  readonly vaddr: number;
  readonly fileOffset: number;
  /** The loaded module whose file has it (add-module.ts); left out: the executable. */
  readonly module?: number | undefined;
  readonly action: SiteAction;
  /** site_flag bits. */
  readonly flags: number;
  /** Absent for sites of the process as a whole: runtime.gopanic, runtime.goexit1 … */
  readonly probe?: number | undefined;
  /** Index in functionNames. */
  readonly function: number;
  /** Absent: nothing to capture. */
  readonly plan?: number | undefined;
  /** In its place for a call that is not sampled. */
  readonly labelPlan?: number | undefined;
  /** By which SP is lower than at the function's entry; left out: by nothing. */
  readonly frameBytes?: number | undefined;
  /** Number of the preset's group of calls; left out: none. */
  readonly group?: number | undefined;
  readonly object?: ObjectPlace | undefined;
  /** Of `phase`. */
  readonly phase?: PlannedPhase | undefined;
  /** Of the program that writes headers; left out: of the one for all others. */
  readonly outgoing?: PlannedOutgoing | undefined;
  /** One trap a hit instead of two. */
  readonly emulated: boolean;
  /** For people: `stack check`, `first instruction`, `RET`, `tail jump`. */
  readonly why: string;
}

export interface PlannedDynamicType {
  readonly typeVaddr: number;
  readonly plan: number;
  readonly sizeBytes: number;
  readonly direct: boolean;
  /** It implements `error`: shown by its message. */
  readonly isError: boolean;
  readonly value: DynamicPlan;
}

export interface PlanReport {
  /** Functions that patterns matched and that can't be traced. */
  readonly untraceable: readonly Untraceable[];
  /** Traced functions without RET or tail jump: their calls end by a panic or with their goroutine, or run on. */
  readonly neverReturning: readonly string[];
  readonly unmatched: readonly { readonly pattern: string; readonly nearest: readonly string[] }[];
  readonly inlined: readonly InlinedReport[];
  /** Functions matched in all, and how many of them the limit let through. */
  readonly matched: number;
  readonly taken: number;
  readonly presets: readonly PresetReport[];
  /** In whole sentences: runtime sites that are missing, with what that means; written signatures that don't fit. */
  readonly notes: readonly string[];
}

/** The inlined calls of a function that patterns matched. */
export interface InlinedReport {
  readonly functionName: string;
  /** Other calls of it are traced. */
  readonly hasCode: boolean;
  /** Places where they are counted. */
  readonly counted: number;
  readonly notCounted: readonly { readonly reason: string; readonly places: number }[];
}

export interface PresetReport {
  readonly name: string;
  /** Why it is not active; absent: it is. */
  readonly unavailable?: string | undefined;
  /** It is not, as the program does not have the library: nothing to complain of. */
  readonly isAbsent?: boolean | undefined;
  /** Optional parts that are missing. */
  readonly missing: readonly string[];
}
