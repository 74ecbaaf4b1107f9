import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textShape } from '../../src/sql/text-shape.ts';
import fc from '../support/fast-check.ts';

const cases: Readonly<Record<string, string>> = {
  "INSERT INTO t1 (id, name) VALUES (7, 'x')": 'INSERT INTO t1 (id, name) VALUES (',
  "SELECT a FROM b WHERE c = 'x' OR d = 1": 'SELECT a FROM b WHERE c = ',
  'SELECT a -- why': 'SELECT a -',
  '/* 7 */ SELECT a': '/',
  'DELETE FROM a WHERE b = -5': 'DELETE FROM a WHERE b = -',
};

test('a text up to its first literal or comment', () => {
  for (const [sql, shape] of Object.entries(cases)) assert.deepEqual(textShape(sql), { text: shape, isCut: true }, sql);
});

test('a text without any is whole: digits in names and parameters are none', () => {
  for (const text of [
    'SELECT a FROM t2 WHERE b = $1 AND c = :2 AND d = @3 AND e = ?4 AND "5f" > `6g`',
    '',
    'SELECT täg1 FROM x',
  ]) {
    assert.deepEqual(textShape(text), { text, isCut: false });
  }
});

test('no literal stays, and the shape of a shape is itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const shape = textShape(`${before}'${after}`);
      assert.equal(shape.isCut, true);
      assert.ok(!shape.text.includes("'"));
      assert.ok(Buffer.byteLength(shape.text) <= 240);
      assert.equal(textShape(shape.text).text, shape.text);
    }),
  );
});
