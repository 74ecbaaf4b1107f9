import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NONE, newByteRing } from '../../src/web/byte-ring.ts';
import fc from '../support/fast-check.ts';

test('chains whose first record is not overwritten read as written', () => {
  const record = fc.tuple(fc.nat(3), fc.uint8Array({ maxLength: 60 }), fc.nat(0xffff_ffff));
  fc.assert(
    fc.property(fc.array(record, { maxLength: 80 }), (records) => {
      const ring = newByteRing(300);
      const chains = new Map<number, { first: number; last: number; written: Uint8Array[] }>();
      let latest = NONE;
      for (const [number, bytes, label] of records) {
        const known = chains.get(number);
        const isWhole = known !== undefined && known.first >= ring.oldest();
        // Of the memory only the first bytes are the record's.
        const memory = Buffer.concat([bytes, Buffer.from('more')]);
        const position = ring.append(label, memory, bytes.length, isWhole ? known.last : NONE);
        const written = Buffer.concat([Buffer.alloc(4), bytes]);
        written.writeUInt32LE(label);
        assert.ok(position > latest && position >= ring.oldest());
        latest = position;
        if (isWhole) chains.set(number, { ...known, last: position, written: [...known.written, written] });
        else chains.set(number, { first: position, last: position, written: [written] });
        for (const { first, last, written } of chains.values()) {
          if (first < ring.oldest()) continue;
          assert.deepEqual(ring.chain(last), written);
        }
      }
      assert.ok(ring.sizeBytes() <= 300);
    }),
  );
});

test('a record longer than the ring is refused', () => {
  assert.throws(() => newByteRing(20).append(0, new Uint8Array(9), 9, NONE), /a record of 9 bytes in a ring of 20/);
});
