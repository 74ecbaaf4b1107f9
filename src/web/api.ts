import type { Value } from '../event/value.ts';
import type { BucketRun } from './duration-histogram.ts';
import type { AgentStatus, LedgerRow, ProcessAttachments } from './status.ts';

/** The JSON of the viewer's API: written by the server, read by the page. Offsets and durations are in ns. */

/** Attributes as the span has them; a 64-bit integer that passed 2^53 is a string already. */
export type AttributeValue = string | number | boolean | readonly (string | number | boolean | null)[];

/** A row of the trace list. */
export interface TraceSummary {
  /** 32 hex digits. */
  readonly id: string;
  /** Grows with every trace that the store takes in: newest first is descending order. */
  readonly order: number;
  readonly startUnixMs: number;
  /** From the first start to the last end of the spans that are here. */
  readonly durationNs: number;
  /** Of the root; until it has ended, of the span that began first. */
  readonly name: string;
  readonly service: string;
  /** All services in the trace, the root's first. */
  readonly services: readonly string[];
  readonly spanCount: number;
  readonly errorCount: number;
  /** Of an HTTP or RPC root: `200`, `NOT_FOUND`. */
  readonly outcome?: string | undefined;
  /** The root has not ended yet, or was not kept: its parent is missing. */
  readonly rootMissing: boolean;
}

/** `GET /api/traces` */
export interface TraceList {
  readonly traces: readonly TraceSummary[];
  /** Traces that match the filter but are beyond the limit. */
  readonly more: number;
  /** Traces in the store, and all that were ever added. */
  readonly kept: number;
  readonly total: number;
  /** For `after` of `/api/live`: to go on from this list without a gap. */
  readonly revision: number;
}

/** `GET /api/traces/:id` */
export interface TraceDetail {
  readonly summary: TraceSummary;
  /** In order of start; parents before children of the same start. */
  readonly spans: readonly SpanDetail[];
  /** Spans of this trace beyond the store's limit for one trace. */
  readonly spansNotKept: number;
}

export interface SpanDetail {
  /** 16 hex digits. */
  readonly id: string;
  readonly parentId?: string | undefined;
  /** The parent came from outside with the request and is not among these spans, or was not kept. */
  readonly parentMissing?: 'remote' | 'not here' | undefined;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly service: string;
  readonly pid: number | null;
  readonly scope: string;
  readonly startOffsetNs: number;
  readonly durationNs: number;
  readonly error: boolean;
  readonly statusMessage?: string | undefined;
  /** Of a traced function, as far as captured. */
  readonly arguments: readonly Value[];
  readonly results: readonly Value[];
  /** All other attributes. */
  readonly attributes: readonly (readonly [key: string, value: AttributeValue])[];
  readonly events: readonly SpanEvent[];
  /** Some attributes had no room in the viewer's memory. */
  readonly attributesCut: boolean;
}

export interface SpanEvent {
  readonly name: string;
  readonly offsetNs: number;
  readonly attributes: readonly (readonly [key: string, value: AttributeValue])[];
}

/** `GET /api/histograms` */
export interface HistogramList {
  /** Bucket i begins at boundsBaseNs · 2^(i / bucketsPerOctave). */
  readonly scale: { readonly baseNs: number; readonly bucketsPerOctave: number };
  readonly histograms: readonly HistogramSummary[];
  /** Spans whose name came after the limit of names: counted, but in no histogram. */
  readonly spansWithoutHistogram: number;
}

export interface HistogramSummary {
  readonly service: string;
  readonly name: string;
  readonly kind: SpanDetail['kind'];
  readonly count: number;
  readonly errors: number;
  readonly minNs: number;
  readonly maxNs: number;
  readonly meanNs: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly run: BucketRun;
}

/** `GET /api/services` */
export interface ServiceList {
  readonly services: readonly ServiceSummary[];
}

export interface ServiceSummary {
  readonly name: string;
  readonly pids: readonly number[];
  readonly spans: number;
}

/** `GET /api/ledger` */
export interface LedgerReport {
  readonly ledger: readonly LedgerRow[];
}

/** `GET /api/attachments` */
export interface AttachmentsReport {
  readonly attachments: readonly ProcessAttachments[];
}

/** Event `traces` of `GET /api/live`: traces that are new or have changed, newest first. */
export interface LiveTraces {
  readonly traces: readonly TraceSummary[];
  /** More matched than fit in one message, or the browser was too slow for them: not sent. */
  readonly skipped: number;
}

/** Event `status` of `GET /api/live`, once a second. */
export interface LiveStatus {
  readonly agent: AgentStatus;
  readonly store: StoreFigures;
}

export interface StoreFigures {
  readonly spansTotal: number;
  readonly tracesTotal: number;
  readonly tracesKept: number;
  readonly bytesKept: number;
}

/** What every refused request gets. */
export interface ApiError {
  readonly error: string;
}
