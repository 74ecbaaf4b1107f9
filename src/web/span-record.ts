import type { AttributeValue } from './api.ts';

/**
 * A span as the store keeps it:
 *
 *   u32 label (little-endian): the number of its origin, and whether not everything had room
 *   field `spans` of OTLP's ScopeSpans (src/export/span-encoder.ts)
 *
 * Bytes, because objects kept for each span would cost ten times as much: they outlive the young generation, and
 * collecting them takes longer than all else that the agent does with a span. And OTLP's, because they are there anyway.
 */
export const LABEL_BYTES = 4;
const CUT = 0x8000_0000;

export function recordLabel(origin: number, cut: boolean): number {
  return (cut ? CUT | origin : origin) >>> 0;
}

export function labelParts(label: number): { readonly origin: number; readonly cut: boolean } {
  return { origin: label & ~CUT, cut: (label & CUT) !== 0 };
}

/** Longer texts are shown in part. */
const MAX_TEXT_LENGTH = 4096;
export const MAX_LIST_LENGTH = 256;
export const MAX_EVENTS = 32;

/** What is shown of a long text says so. */
export function shownText(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}… (cut: ${text.length} characters)` : text;
}

/** What lists and trees need of a span, without the work for its attributes. */
export interface SpanHead {
  readonly origin: number;
  readonly kind: number;
  readonly error: boolean;
  readonly startSeconds: number;
  readonly startNs: number;
  readonly durationNs: number;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly parentIsRemote: boolean;
  readonly name: string;
}

export interface SpanBody extends SpanHead {
  readonly statusMessage: string | undefined;
  readonly attributes: readonly (readonly [key: string, value: AttributeValue])[];
  readonly events: readonly StoredEvent[];
  /** Not everything had room. */
  readonly cut: boolean;
}

export interface StoredEvent {
  readonly name: string;
  readonly seconds: number;
  readonly ns: number;
  readonly attributes: SpanBody['attributes'];
}
