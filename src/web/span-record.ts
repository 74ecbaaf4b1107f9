import type { AttributeValue } from './api.ts';

/**
 * A span as bytes, little-endian, for the ring in memory; span-writer.ts and span-reader.ts mirror each other.
 *
 *   u16 origin   u8 kind   u8 flags   f64 start seconds   u32 start ns   f64 duration ns
 *   16 characters span id   [16 characters parent's span id]
 *   text name   text scope   [text status message]   attributes   [events]
 *
 *   text        u16 number in the string table; if 0, u16 length and UTF-8 bytes
 *   attributes  u16 count, each: text key, value
 *   value       u8 tag: text, f64, true, false, null, or list: u16 count and values
 *   events      u8 count, each: text name, f64 seconds, u32 ns, attributes
 *
 * Objects kept for each span would cost ten times as much: they outlive the young generation, and collecting them
 * takes longer than all else that the agent does with a span.
 */
export const FLAG = { error: 1, parent: 2, remote: 4, message: 8, events: 16, cut: 32 } as const;
export const TAG = { text: 0, number: 1, true: 2, false: 3, null: 4, list: 5 } as const;
export const FLAGS_AT = 3;
export const HEAD_BYTES = 24;
export const ID_LENGTH = 16;

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
  readonly scope: string;
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
