import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxArgumentInfoBytes, readArgumentInfo } from '../../src/binary/argument-info.ts';
import { BinaryError } from '../../src/binary/binary-error.ts';
import { Cursor } from '../../src/binary/cursor.ts';
import fc from '../support/fast-check.ts';

function read(...bytes: number[]) {
  return readArgumentInfo(new Cursor(Uint8Array.from(bytes), { file: 'test', section: 'argument info' }));
}

const word = (offset: number, sizeBytes = 8) => ({ kind: 'word', offset, sizeBytes });

test('the lists that the compiler writes', () => {
  // func(int, float32, string)
  assert.deepEqual(read(0, 8, 8, 4, 0xfe, 16, 8, 24, 8, 0xfd, 0xff), {
    slots: [word(0), word(8, 4), { kind: 'group', parts: [word(16), word(24)] }],
    complete: true,
  });
  // A struct within a struct, one without fields.
  assert.deepEqual(read(0xfe, 0xfe, 0, 1, 0xfd, 0xfe, 0xfd, 0xfd, 0xff).slots, [
    {
      kind: 'group',
      parts: [
        { kind: 'group', parts: [word(0, 1)] },
        { kind: 'group', parts: [] },
      ],
    },
  ]);
  // More than ten parts; nested five deep; an offset of 240 or more.
  assert.equal(read(0, 8, 0xfc, 0xff).complete, false);
  assert.deepEqual(read(0xfe, 0, 8, 0xfc, 0xfd, 0xfc, 0xff).complete, false);
  const deep = read(0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfc, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xff);
  assert.ok(deep.complete && JSON.stringify(deep).includes('untold'), JSON.stringify(deep));
  assert.deepEqual(read(0xfb, 0xff).slots, [{ kind: 'untold' }]);
  assert.deepEqual(read(0xff).slots, []);
});

test('what can not be such a list', () => {
  const rows: readonly [bytes: number[], message: RegExp][] = [
    [[], /cut short|past|end/i],
    [[0, 8], /cut short|past|end/i],
    [[0xfd, 0xff], /not closed in order/],
    [[0xfe, 0xff], /not closed in order/],
    [[0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xff], /deeper than 5/],
    [[0xf5, 8, 0xff], /unknown mark 0xf5/],
    [[0, 3, 0xff], /part has 3 bytes/],
  ];
  for (const [bytes, message] of rows) {
    assert.throws(
      () => read(...bytes),
      (error) => error instanceof BinaryError && message.test(error.message),
      bytes.join(' '),
    );
  }
});

test('any bytes: a list or a BinaryError', () => {
  const byte = fc.oneof(fc.integer({ min: 0xf0, max: 0xff }), fc.integer({ min: 0, max: 255 }), fc.constant(8));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: maxArgumentInfoBytes }), (bytes) => {
      try {
        assert.ok(read(...bytes).slots.length <= bytes.length);
      } catch (error) {
        assert.ok(error instanceof BinaryError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
