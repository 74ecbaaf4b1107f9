import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryError } from '../../src/binary/binary-error.ts';
import { Cursor } from '../../src/binary/cursor.ts';
import fc from '../support/fast-check.ts';

function over(bytes: readonly number[] | Uint8Array, baseOffset = 0): Cursor {
  return new Cursor(Uint8Array.from(bytes), { file: 'api', section: '.debug_info', baseOffset });
}

function uleb(value: bigint): number[] {
  const bytes: number[] = [];
  for (;;) {
    const group = Number(value & 0x7fn);
    value >>= 7n;
    if (value === 0n) return [...bytes, group];
    bytes.push(group | 0x80);
  }
}

function sleb(value: bigint): number[] {
  const bytes: number[] = [];
  for (;;) {
    const group = Number(value & 0x7fn);
    value >>= 7n;
    const last = (value === 0n && (group & 0x40) === 0) || (value === -1n && (group & 0x40) !== 0);
    if (last) return [...bytes, group];
    bytes.push(group | 0x80);
  }
}

test('fixed-width values are little-endian, signed where they say so', () => {
  const cursor = over([0xff, 0xfe, 1, 2, 3, 4, 5, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0x10, 0, 1, 2]);
  assert.equal(cursor.i8(), -1);
  assert.equal(cursor.u8(), 0xfe);
  assert.equal(cursor.u16(), 0x0201);
  assert.equal(cursor.u24(), 0x050403);
  assert.equal(cursor.i32(), -1);
  assert.equal(cursor.u64(), 0x10_0000_0000_0001);
  assert.equal(cursor.u16BigEndian(), 0x0102);
  assert.ok(cursor.atEnd);
});

test('offsets are those of the section when the cursor holds a range of it', () => {
  const cursor = over([1, 2, 3, 0x61, 0x62, 0, 9], 0x1f40);
  assert.equal(cursor.seek(0x1f43).cString(), 'ab');
  assert.equal(cursor.offset, 0x1f46);
  assert.equal(over([1, 2, 3, 4, 5], 0x1f3f).skip(2).align(4).offset, 0x1f44);
});

test('reading past the end names file, section, offset, and what to do', () => {
  const cursor = over([1, 2, 3], 0x1f40);
  cursor.u16();
  assert.throws(
    () => cursor.u32(),
    (error: unknown) => {
      assert.ok(error instanceof BinaryError);
      assert.equal(
        error.message,
        'api: .debug_info+0x1f42: 4 bytes wanted, but 1 are left before the end 0x1f43. Is the file cut short or damaged? Copy or build it again.',
      );
      assert.deepEqual(error.where, { file: 'api', section: '.debug_info', offset: 0x1f42 });
      return true;
    },
  );
  assert.equal(cursor.u8(), 3, 'a failed read does not move');
});

test('hostile counts, offsets and numbers are errors', () => {
  for (const count of [-1, Number.NaN, 2 ** 63, 4, Number.POSITIVE_INFINITY]) {
    assert.throws(() => over([1, 2, 3]).bytes(count), BinaryError, `bytes(${count})`);
    assert.throws(() => over([1, 2, 3]).seek(count), BinaryError, `seek(${count})`);
  }
  assert.throws(() => over([0, 0, 0, 0, 0, 0, 0, 0x80]).u64(), /0x8000000000000000 is beyond 2\^53/);
  assert.throws(() => over(new Uint8Array(20).fill(0xff)).uleb(), BinaryError);
  assert.throws(() => over(new Uint8Array(20).fill(0xff)).sleb(), BinaryError);
  assert.throws(() => over(new Uint8Array(20).fill(0xff)).skipLeb(), BinaryError);
  assert.throws(() => over([0x61, 0x62]).cString(), /no end before 0x2/);
  assert.throws(() => over([0x61, 0x62, 0]).cString(1), /longer than 1 bytes/);
});

test('LEB128 numbers round-trip below 2^53 and are errors above', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (value) => {
      const cursor = over(uleb(value));
      if (value <= BigInt(Number.MAX_SAFE_INTEGER)) assert.equal(BigInt(cursor.uleb()), value);
      else assert.throws(() => cursor.uleb(), BinaryError);
      assert.ok(cursor.seek(0).skipLeb().atEnd);
    }),
  );
  fc.assert(
    fc.property(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n), (value) => {
      const cursor = over(sleb(value));
      const magnitude = value < 0n ? -value : value;
      if (magnitude <= BigInt(Number.MAX_SAFE_INTEGER)) assert.equal(BigInt(cursor.sleb()), value);
      else assert.throws(() => cursor.sleb(), BinaryError);
    }),
  );
});

test('padded LEB128 numbers keep their value', () => {
  assert.equal(over([...new Array(9).fill(0xff), 0x7f]).sleb(), -1);
  assert.equal(over([0x85, ...new Array(8).fill(0x80), 0]).sleb(), 5);
  assert.equal(over([0x85, ...new Array(8).fill(0x80), 0]).uleb(), 5);
});

test('a part has its own end and the same offsets', () => {
  const cursor = over([1, 2, 3, 4], 8);
  cursor.u8();
  const part = cursor.part(2);
  assert.deepEqual([part.offset, part.endOffset, cursor.offset], [9, 11, 11]);
  part.skip(2);
  assert.throws(() => part.u8(), BinaryError);
});
