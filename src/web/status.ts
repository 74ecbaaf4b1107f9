import type { SourceLine } from '../binary/go-binary.ts';
import type { ProbeKind } from '../probe/probe.ts';

/**
 * What the viewer shows about the agent itself: plain JSON, made anew by the agent whenever the viewer asks
 * (at most twice a second).
 */
export interface ViewerStatus {
  readonly agent: AgentStatus;
  readonly ledger: readonly LedgerRow[];
  readonly attachments: readonly ProcessAttachments[];
}

/** A figure that could not be read is null: the page says "unknown", never 0. */
export interface AgentStatus {
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Share of one CPU since the last reading: 0.012 is 1.2 %. */
  readonly cpuFraction: number | null;
  readonly rssBytes: number | null;
  /** Entries, restarts and returns seen by the probes of the processes that are traced now. */
  readonly hits: number | null;
  /** Where spans go besides this page: `http://collector:4317`; absent when the viewer stands alone. */
  readonly exportsTo?: string | undefined;
}

/**
 * One probe of one process. `seen = exported + sampledOut + the sum of dropped + inFlight`, always: the page computes
 * the difference and shows it.
 */
export interface LedgerRow {
  /** As people name it: `gateway (4711)`. */
  readonly process: string;
  /** The Go function. */
  readonly probe: string;
  readonly kind: ProbeKind;
  readonly seen: number;
  readonly exported: number;
  readonly sampledOut: number;
  /** By the ledger's reasons: `ring full`, `queue full` … Only reasons that occurred. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Seen, and still running or on the way to the exporter. */
  readonly inFlight: number;
  /** Calls that had begun when the probe came: not part of `seen`, not a loss. */
  readonly enteredBeforeAttach: number;
}

/** What was found in one traced process and what became of it. */
export interface ProcessAttachments {
  readonly pid: number;
  readonly service: string;
  readonly exePath: string;
  /** `go1.26.8`; null when the binary does not say. */
  readonly goVersion: string | null;
  /** `exe`, `pie` …; null when the binary does not say. */
  readonly buildMode: string | null;
  readonly symbols: boolean;
  readonly dwarf: boolean;
  /** Functions in the binary, traced or not. */
  readonly functionCount?: number | undefined;
  /** Why the whole process could not be traced, or `ended`. */
  readonly note?: string | undefined;
  readonly attached: readonly AttachedFunction[];
  readonly notAttached: readonly NotAttachedFunction[];
}

export interface AttachedFunction extends Partial<SourceLine> {
  readonly functionName: string;
  readonly kind: ProbeKind;
  /** How its entry is probed, in words: `stack check jbe`, `first instruction`. */
  readonly entrySite: string;
  /** Number of exit sites. */
  readonly exits: number;
}

export interface NotAttachedFunction {
  readonly functionName: string;
  readonly reason: string;
}
