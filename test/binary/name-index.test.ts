import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexNames } from '../../src/binary/name-index.ts';
import fc from '../support/fast-check.ts';

/** The names one after the other, as pclntab has them. */
function tableOf(names: readonly string[]): { names: Buffer; offsets: Uint32Array } {
  const offsets: number[] = [];
  let at = 0;
  for (const name of names) {
    offsets.push(at);
    at += Buffer.byteLength(name) + 1;
  }
  return { names: Buffer.from(`${names.join('\0')}\0`), offsets: Uint32Array.from(offsets) };
}

test('finds every number of a name, and no other', () => {
  const letters = fc.constantFrom('a', 'b', 'é', '.', 'x'.repeat(130));
  const name = fc.array(letters, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(name), name, (list, wanted) => {
      const { names, offsets } = tableOf(list);
      const index = indexNames(names, offsets);
      for (const each of [...list, wanted]) {
        const expected = list.flatMap((other, number) => (other === each ? number : [])).toReversed();
        assert.deepEqual(index.find(each), expected);
      }
    }),
  );
});

test('names outside of the table, or without an end, are not found', () => {
  const index = indexNames(Buffer.from('main.a\0main.b'), Uint32Array.of(0, 7, 13, 14, 0xffffffff));
  assert.deepEqual(index.find('main.a'), [0]);
  assert.deepEqual(index.find('main.b'), []);
  assert.deepEqual(index.find(''), []);
});
