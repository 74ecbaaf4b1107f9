import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueText } from '../../src/commands/value-text.ts';

test('items of a list of interfaces are their values', () => {
  const items = [{ goType: 'string', value: 'tea' }, { goType: 'int', value: 3 }, null, { unavailable: 'fault' }];
  const list = { name: 'a', type: 'SLICE', goType: '[]interface {}', value: items, capacity: 4 } as const;
  assert.equal(valueText(list), '["tea" 3 nil <fault>]');
});

test('a map or list of which nothing was captured is not an empty one', () => {
  const map = { name: 'm', type: 'MAP', goType: 'map[string]int', value: [] } as const;
  assert.equal(valueText(map), 'map[]');
  assert.equal(valueText({ ...map, truncated: { of: 2 } }), 'map[…(2)]');
  const inner = { value: [], truncated: { of: 3 } };
  assert.equal(valueText({ ...map, value: [{ key: 'a', value: inner }] }), 'map["a":[…(3)]]');
});

test('behind an interface structs have their type', () => {
  const held = { name: 'v', type: 'INTERFACE' } as const;
  assert.equal(valueText({ ...held, goType: 'main.Labels', value: [{ key: 'a', value: 1 }] }), 'map["a":1]');
  const id = { name: 'ID', type: 'INT', goType: 'int', value: 7 };
  assert.equal(valueText({ ...held, goType: '*example.com/shop/cart.Order', value: [id] }), '&cart.Order{ID: 7}');
  assert.equal(valueText({ ...held, goType: 'cart.Pair[example.com/a/b.T]', value: [id] }), 'cart.Pair[b.T]{ID: 7}');
  const unknown = { goType: 'main.T', unavailable: 'not captured for this dynamic type' };
  const list = { name: 'a', type: '[]INTERFACE', goType: '[]interface {}', value: [unknown] };
  assert.equal(valueText(list), '[<main.T: not captured for this dynamic type>]');
});

test('an address is no text', () => {
  const pointer = { name: 'p', type: 'PTR', value: '0x2acbedb0' } as const;
  assert.equal(valueText({ ...pointer, goType: 'unsafe.Pointer' }), '0x2acbedb0');
});
