import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { createTextCache } from '../../src/event/text-cache.ts';
import { captureOp } from '../../src/probe/capture/capture-op.ts';
import type { Shape } from '../../src/probe/capture/shape.ts';
import fc from '../support/fast-check.ts';

const shapes: Shape[] = ['a', 'b'].map(
  (goType) => ({ kind: 'missing', type: 'STRING', goType, at: 0, reason: '' }) as Shape,
);

/** A reader that stands at a text's chunk; behind the text is anything, up to a whole word. */
function readerAt(text: Buffer, rest: number, total = text.length): ChunkReader {
  const bytes = Buffer.alloc(16 + ((text.length + 7) & ~7), rest);
  bytes.writeUInt32LE(((text.length << 16) | (captureOp.string << 8)) >>> 0, 8);
  bytes.writeUInt32LE(total, 12);
  text.copy(bytes, 16);
  const reader = new ChunkReader(new Uint8Array(bytes).slice()).start(8, bytes.length);
  reader.next(captureOp.string);
  return reader;
}

test('what is found is what was offered for the same text, shape and name', () => {
  // Few letters, so that texts come again and share their beginnings; many, so that slots are shared.
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000'), maxLength: 9 });
  let found = 0;
  const step = fc.tuple(text, fc.nat(255), fc.nat(1), fc.constantFrom('x', 'y', ''));
  fc.assert(
    fc.property(fc.array(step, { minLength: 200, maxLength: 400 }), (steps) => {
      const cache = createTextCache();
      for (const [content, rest, which, name] of steps) {
        const shape = shapes[which] as Shape;
        const known = cache.find(readerAt(Buffer.from(content), rest), shape, name);
        const value = { name, type: shape.type, goType: shape.goType, value: content };
        if (known === undefined) cache.offer(value);
        else found++;
        assert.deepEqual(known ?? value, value);
      }
    }),
    { numRuns: 50 },
  );
  // Of 15,000 texts some hundreds come a third time before another took their place.
  assert.ok(found > 100, String(found));
});

test('a text is kept when it comes the second time, and again when its place was taken', () => {
  const cache = createTextCache();
  const [shape] = shapes as [Shape];
  const value = { name: 'x', type: 'STRING', goType: 'a', value: 'GET' };
  const ask = () => cache.find(readerAt(Buffer.from('GET'), 0), shape, 'x');
  assert.equal(ask(), undefined);
  cache.offer(value);
  assert.equal(ask(), undefined);
  cache.offer(value);
  assert.equal(ask(), value);
  for (let other = 0; other < 5000; other++) {
    for (let time = 0; time < 2; time++) {
      const text = Buffer.from(`other ${other}`);
      if (cache.find(readerAt(text, 0), shape, 'x') === undefined) cache.offer({ ...value, value: `other ${other}` });
    }
  }
  assert.notEqual(ask(), value);
});

test('long texts and those of bytes that are not aligned are not kept', () => {
  const cache = createTextCache();
  const [shape] = shapes as [Shape];
  const aligned = readerAt(Buffer.from('text'), 0);
  const shifted = Buffer.alloc(aligned.bytes.length + 1);
  aligned.bytes.copy(shifted, 1);
  const unaligned = new ChunkReader(new Uint8Array(shifted).slice().subarray(1)).start(8, aligned.bytes.length);
  unaligned.next(captureOp.string);
  for (const reader of [readerAt(Buffer.alloc(129, 'x'), 0), unaligned]) {
    for (let time = 0; time < 3; time++) {
      assert.equal(cache.find(reader, shape, 'x'), undefined);
      cache.offer({ name: 'x', type: 'STRING', goType: 'a', value: 'anything' });
    }
  }
});

test('a text that was cut is another one than the whole, and than one cut elsewhere', () => {
  const cache = createTextCache();
  const [shape] = shapes as [Shape];
  const find = (total: number) => cache.find(readerAt(Buffer.from('text'), 0, total), shape, 'x');
  const value = { name: 'x', type: 'STRING', goType: 'a', value: 'text', truncated: { of: 9 } };
  for (let time = 0; time < 2; time++) {
    find(9);
    cache.offer(value);
  }
  assert.equal(find(9), value);
  assert.equal(find(4), undefined);
  assert.equal(find(10), undefined);
});
