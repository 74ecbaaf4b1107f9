import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallContent } from '../../src/event/call.ts';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { type ContentCache, createContentCache } from '../../src/event/content-cache.ts';
import type { CapturePart } from '../../src/event/decode-content.ts';
import { captureOp } from '../../src/probe/capture/capture-op.ts';
import type { CaptureShape, Shape } from '../../src/probe/capture/shape.ts';
import fc from '../support/fast-check.ts';

const ofShape = (shape: Shape): CaptureShape => ({
  imageBytes: 16,
  values: [{ name: 'x', shape, onStack: false }],
});
/** A value of the image itself, and a text that its first word leads to. */
const ofWord = ofShape({ kind: 'integer', type: 'INT', goType: 'int', at: 0, sizeBytes: 8, signed: true });
const ofText = ofShape({ kind: 'text', type: 'STRING', goType: 'string', at: 0, maxBytes: 64, isBytes: false });

/** An image of two words, then a text; at some place of larger memory. */
function part(text: string, word: number, before: number, imageBytes = 16): CapturePart {
  const textBytes = (text.length + 7) & ~7;
  const end = before * 8 + 8 + imageBytes + (text === '' ? 0 : 8 + textBytes);
  const bytes = Buffer.alloc(end + 8, before);
  bytes.fill(0, before * 8, end);
  bytes.writeUInt32LE(((imageBytes << 16) | (captureOp.image << 8)) >>> 0, before * 8);
  if (imageBytes >= 8) bytes.writeUInt32LE(word, before * 8 + 8);
  if (text !== '') {
    const at = before * 8 + 8 + imageBytes;
    bytes.writeUInt32LE(((text.length << 16) | (captureOp.string << 8)) >>> 0, at);
    bytes.writeUInt32LE(text.length, at + 4);
    bytes.write(text, at + 8, 'latin1');
  }
  return { reader: new ChunkReader(new Uint8Array(bytes).slice()), start: before * 8, end };
}

const probes = [{}, {}] as const;
const contentOf = (end: CallContent['end'] = 'returned'): CallContent => ({
  end,
  arguments: [],
  results: [],
  fields: [],
});

/** Asks as the decoder does; a new content where none is known. */
function ask(
  cache: ContentCache,
  parts: readonly (readonly [CapturePart, CaptureShape])[],
  { probe = 0, end = 'returned' as CallContent['end'], flags = 0 } = {},
): { content: CallContent; isShared: boolean } {
  cache.start(probes[probe] as object, end, flags);
  for (const [captured, shape] of parts) cache.add(captured, shape);
  const known = cache.find();
  if (known !== undefined) return { content: known, isShared: true };
  const content = contentOf(end);
  return { content, isShared: cache.offer(content) };
}

test('what is found was offered for the same bytes, probe, end and flags', () => {
  // Few of each, so that they come again and share their beginnings.
  const text = fc.constantFrom('', 'a', 'a\u0000', 'ab');
  const end = fc.constantFrom('returned' as const, 'panic' as const);
  const step = fc.tuple(text, text, fc.nat(1), fc.nat(2), fc.nat(1), end, fc.nat(1));
  let found = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 200, maxLength: 400 }), (steps) => {
      const cache = createContentCache();
      const byWords = new Map<CallContent, string>();
      for (const [first, second, word, before, probe, how, flags] of steps) {
        const parts = [
          [part(first, word, before), ofWord],
          [part(second, 77 * before, before), ofText],
        ] as const;
        const { content, isShared } = ask(cache, parts, { probe, end: how, flags });
        const same = JSON.stringify([first, second, word, probe, how, flags]);
        if (byWords.has(content)) found++;
        assert.equal(byWords.get(content) ?? same, same);
        assert.equal(content.end, how);
        if (isShared) byWords.set(content, same);
      }
    }),
    { numRuns: 50 },
  );
  // Of 15,000 some hundreds come a third time before another took their place.
  assert.ok(found > 100, String(found));
});

test('addresses in an image that nobody reads do not tell contents apart', () => {
  for (const [shape, isRead] of [
    [ofWord, true],
    [ofText, false],
  ] as const) {
    const cache = createContentCache();
    const contents = [1, 2, 3, 4].map((word) => ask(cache, [[part('GET', word, 0), shape]]).content);
    assert.equal(new Set(contents).size, isRead ? 4 : 2);
  }
});

test('an image that was not sent is not skipped: what follows in its place counts', () => {
  const cache = createContentCache();
  const contents = ['one', 'two', 'three', 'four'].map((text) => ask(cache, [[part(text, 0, 0, 0), ofText]]).content);
  assert.equal(new Set(contents).size, 4);
});

test('bytes at the end of a part are not taken for the beginning of the next', () => {
  const cache = createContentCache();
  const whole = part('', 1, 0);
  const cut = (at: number) =>
    [
      [{ ...whole, end: at }, ofWord],
      [{ ...whole, start: at }, ofWord],
    ] as const;
  const contents = [cut(8), cut(16), cut(8), cut(16), cut(8), cut(16)].map((parts) => ask(cache, parts).content);
  assert.notEqual(contents[4], contents[5]);
});

test('captures that are too long, or not at a word, are never shared', () => {
  const cache = createContentCache();
  const long = part('x'.repeat(900), 1, 0);
  const odd = part('GET', 1, 0);
  for (const captured of [long, { ...odd, start: 1 }, { ...odd, end: odd.end - 3 }]) {
    const contents = [1, 2, 3, 4].map(() => ask(cache, [[captured, ofWord]]));
    assert.equal(new Set(contents.map(({ content }) => content)).size, 4);
    assert.ok(contents.every(({ isShared }) => !isShared));
  }
});
