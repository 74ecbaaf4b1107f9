import { captureOp } from '../probe/capture/capture-op.ts';
import type { CaptureShape } from '../probe/capture/shape.ts';
import type { CallContent, CallEnd } from './call.ts';
import { isImageRead } from './capture-image.ts';
import { type CapturePart, readerOf } from './decode-content.ts';

/**
 * Contents of calls that come again and again: the same route on the same connection, the same query. Comparing what was
 * captured takes a tenth of decoding it, and what is made of a content (attributes, their encoding) can be kept with it.
 */
export interface ContentCache {
  /** Begins with a call of a probe, which `of` stands for. @param flags what else the content depends on */
  start(of: object, end: CallEnd, flags: number): void;
  /** Adds what was captured in this shape. */
  add(part: CapturePart, capture: CaptureShape | undefined): void;
  /** The content that the same bytes had before. */
  find(): CallContent | undefined;
  /** What they have, if `find` has just not found it. True if it is kept, as it is when it comes twice. */
  offer(content: CallContent): boolean;
  /** Forgets all: what it knows holds on to probes that are gone. */
  clear(): void;
}

/** A few routes on some hundred connections. */
const SLOTS = 1024;
/** Bytes that come with more are of captures that differ, mostly. */
const SLOT_WORDS = 192;
const TOO_LARGE = SLOT_WORDS + 1;

interface Entry {
  readonly of: object;
  readonly hash: number;
  readonly size: number;
  readonly content: CallContent;
}

export function createContentCache(): ContentCache {
  const entries = new Array<Entry | undefined>(SLOTS).fill(undefined);
  /** What was captured of the entries. */
  const kept = new Int32Array(SLOTS * SLOT_WORDS);
  /** Of what last was not found, by slot: what never comes again would fill the cache and be garbage late. */
  const missed = new Int32Array(SLOTS);
  const unread = new WeakMap<CaptureShape, number>();

  /** Of the call that is looked for. */
  const words = new Int32Array(SLOT_WORDS);
  let of: object = words;
  let ended: CallEnd = 'returned';
  let size = 0;
  let hash = 0;

  function addWord(word: number): void {
    words[size++] = word;
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }

  function addWords(from: Int32Array, start: number, end: number): void {
    for (let index = start; index < end; index++) addWord(from[index] as number);
  }

  /** Bytes of the first image that nobody reads: its addresses differ where all else is the same. */
  function unreadBytes(capture: CaptureShape): number {
    const known = unread.get(capture);
    if (known !== undefined) return known;
    const bytes = isImageRead(capture) ? 0 : (capture.imageBytes + 7) & ~7;
    unread.set(capture, bytes);
    return bytes;
  }

  function isSame(slot: number): boolean {
    const entry = entries[slot];
    if (entry === undefined || entry.hash !== hash || entry.of !== of || entry.size !== size) return false;
    if (entry.content.end !== ended) return false;
    const start = slot * SLOT_WORDS;
    for (let index = 0; index < size; index++) if (kept[start + index] !== words[index]) return false;
    return true;
  }

  /** Of the two slots that a hash may have, so that two of the same hash don't drive each other out. The second is `^ 1`. */
  const firstSlot = () => (hash ^ (hash >>> 16)) & (SLOTS - 1);

  return {
    start(probe, end, flags) {
      of = probe;
      ended = end;
      size = 0;
      hash = 0;
      addWord(flags);
    },
    add(part, capture) {
      const { reader, start, end } = part;
      if (reader.words === undefined || ((start | end) & 3) !== 0 || size + ((end - start) >>> 2) >= SLOT_WORDS) {
        size = TOO_LARGE;
        return;
      }
      // So that words can't pass from one part to the next.
      addWord(end - start);
      const skipped = capture === undefined ? 0 : unreadBytes(capture);
      const image = skipped === 0 ? undefined : readerOf(part).peek(captureOp.image, capture?.imageBytes ?? 0);
      if (image === undefined) return addWords(reader.words, start >>> 2, end >>> 2);
      addWords(reader.words, start >>> 2, image >>> 2);
      addWords(reader.words, (image + skipped) >>> 2, end >>> 2);
    },
    find() {
      if (size > SLOT_WORDS) return undefined;
      const slot = firstSlot();
      if (isSame(slot)) return entries[slot]?.content;
      return isSame(slot ^ 1) ? entries[slot ^ 1]?.content : undefined;
    },
    offer(content) {
      if (size > SLOT_WORDS) return false;
      const first = firstSlot();
      if (missed[first] !== hash) {
        missed[first] = hash;
        return false;
      }
      const second = first ^ 1;
      kept.copyWithin(second * SLOT_WORDS, first * SLOT_WORDS, (first + 1) * SLOT_WORDS);
      entries[second] = entries[first];
      kept.set(words.subarray(0, size), first * SLOT_WORDS);
      entries[first] = { of, hash, size, content };
      return true;
    },
    clear: () => void entries.fill(undefined),
  };
}
