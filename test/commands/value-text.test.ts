import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueText } from '../../src/commands/value-text.ts';

test('items of a list of interfaces are their values', () => {
  const items = [{ goType: 'string', value: 'tea' }, { goType: 'int', value: 3 }, null, { unavailable: 'fault' }];
  const list = { name: 'a', type: 'SLICE', goType: '[]interface {}', value: items, capacity: 4 } as const;
  assert.equal(valueText(list), '["tea" 3 nil <fault>]');
});
