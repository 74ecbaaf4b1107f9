import type { Shape } from '../probe/capture/shape.ts';
import type { ChunkReader } from './chunk-reader.ts';
import type { Value } from './value.ts';

/**
 * Values of texts that come again and again: methods, routes, hosts, addresses. Comparing bytes takes a fraction of
 * decoding them and looking for secrets, and equal texts become the same string, which is cheap to compare from then on.
 */
export interface TextCache {
  /** The value that the reader's chunk had as this shape and under this name before. */
  find(reader: ChunkReader, shape: Shape, name: string): Value | undefined;
  /** What it has, if `find` has just not found it: kept when it comes twice. */
  offer(value: Value): void;
}

const SLOTS = 512;
/** Longer texts come once, mostly. */
const MAX_BYTES = 128;
const SLOT_WORDS = MAX_BYTES / 4;

interface Entry {
  readonly shape: Shape;
  readonly name: string;
  readonly hash: number;
  readonly sizeBytes: number;
  /** Of the chunk: a constant's text is its address. */
  readonly status: number;
  readonly total: number;
  readonly value: Value;
}

/** Of values decoded in the same way: with one set of rules for secrets. */
export function createTextCache(): TextCache {
  const entries = new Array<Entry | undefined>(SLOTS).fill(undefined);
  /** The texts of the entries. */
  const texts = new Int32Array(SLOTS * SLOT_WORDS);
  /** Of the text that last was not found, by slot: texts that never come again would fill the cache and be garbage late. */
  const missed = new Int32Array(SLOTS);
  /** What was looked for last. */
  let wanted: (Omit<Entry, 'hash' | 'sizeBytes' | 'value'> & { words: Int32Array; first: number }) | undefined;
  let hash = 0;
  let sizeBytes = 0;

  /** Word `index` of a text; bytes behind its end are anything. */
  function wordAt(words: Int32Array, first: number, index: number, size: number): number {
    const word = words[first + index] as number;
    const over = (index + 1) * 4 - size;
    return over > 0 ? word & (-1 >>> (over * 8)) : word;
  }

  function hasText(slot: number, words: Int32Array, first: number, size: number): boolean {
    const start = slot * SLOT_WORDS;
    for (let index = 0; index * 4 < size; index++) {
      if (texts[start + index] !== wordAt(words, first, index, size)) return false;
    }
    return true;
  }

  return {
    find(reader, shape, name) {
      const { words, captured, status, total } = reader;
      wanted = undefined;
      if (words === undefined || captured === 0 || captured > MAX_BYTES) return undefined;
      if ((reader.payload & 3) !== 0) return undefined;
      const first = reader.payload >>> 2;
      hash = (captured << 16) ^ (total << 20) ^ (status << 12) ^ (name.length << 8) ^ name.charCodeAt(0);
      for (let index = 0; index * 4 < captured; index++) {
        hash = Math.imul(hash ^ wordAt(words, first, index, captured), 0x9e3779b1);
        hash ^= hash >>> 15;
      }
      const slot = hash & (SLOTS - 1);
      const entry = entries[slot];
      if (
        entry !== undefined &&
        entry.hash === hash &&
        entry.shape === shape &&
        entry.name === name &&
        entry.sizeBytes === captured &&
        entry.status === status &&
        entry.total === total &&
        hasText(slot, words, first, captured)
      ) {
        return entry.value;
      }
      if (missed[slot] === hash) wanted = { shape, name, status, total, words, first };
      missed[slot] = hash;
      sizeBytes = captured;
      return undefined;
    },
    offer(value) {
      if (wanted === undefined) return;
      const { words, first, ...same } = wanted;
      const slot = hash & (SLOTS - 1);
      for (let index = 0; index * 4 < sizeBytes; index++) {
        texts[slot * SLOT_WORDS + index] = wordAt(words, first, index, sizeBytes);
      }
      entries[slot] = { ...same, hash, sizeBytes, value };
      wanted = undefined;
    },
  };
}
