import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callValues } from '../../src/web/call-attributes.ts';
import fc from '../support/fast-check.ts';

test('arguments keep their order, types and reasons', () => {
  const values = callValues(
    Object.entries({
      'code.function.name': 'main.charge',
      'sidespan.argument.o': '{"ID":7,"Note":null}',
      'sidespan.argument.o.type': '*main.Order',
      'sidespan.argument.cents': 82,
      'sidespan.argument.cents.type': 'int64',
      'sidespan.argument.rate.unavailable': 'in float register',
      'sidespan.argument.rate.type': 'float64',
      'sidespan.argument.tags': ['a', 'b'],
      'sidespan.argument.tags.truncated': 900,
      'sidespan.result.err': 'null',
      'sidespan.result.err.type': 'error',
    }),
    'argument',
  );
  assert.deepEqual(values, [
    { name: 'o', type: '', goType: '*main.Order', value: { ID: 7, Note: null } },
    { name: 'cents', type: '', goType: 'int64', value: 82 },
    { name: 'rate', type: '', goType: 'float64', unavailable: 'in float register' },
    { name: 'tags', type: '', goType: '', value: ['a', 'b'], truncated: { of: 900 } },
  ]);
});

test('a Go string that looks like JSON stays the text it is', () => {
  for (const text of ['{"a":1}', '[1,2]', 'null', '{broken']) {
    const [value] = callValues(
      Object.entries({ 'sidespan.result.s': text, 'sidespan.result.s.type': 'string' }),
      'result',
    );
    assert.equal(value?.value, text);
  }
  assert.equal(callValues(Object.entries({ 'sidespan.result.s': 'null' }), 'result')[0]?.value, 'null');
});

test('cut JSON is shown as the text that is there', () => {
  const [value] = callValues(
    Object.entries({ 'sidespan.argument.o': '{"ID":7,"No', 'sidespan.argument.o.type': 'T' }),
    'argument',
  );
  assert.equal(value?.value, '{"ID":7,"No');
});

test('whatever the attributes, each value has either content or a reason', () => {
  const parts = fc.constantFrom('', '.type', '.unavailable', '.truncated', '.other', '.');
  const key = fc.tuple(fc.constantFrom('a', 'b', ''), parts).map(([name, part]) => `sidespan.argument.${name}${part}`);
  const attribute = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string()));
  fc.assert(
    fc.property(fc.dictionary(key, attribute), (attributes) => {
      for (const value of callValues(Object.entries(attributes), 'argument')) {
        assert.notEqual(value.value === undefined, value.unavailable === undefined);
      }
    }),
  );
});
