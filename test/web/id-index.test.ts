import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_SLOT, newIdIndex } from '../../src/web/id-index.ts';
import fc from '../support/fast-check.ts';

test('finds what a Map finds, whatever comes and goes', () => {
  const SLOTS = 12;
  const step = fc.tuple(fc.nat(SLOTS - 1), fc.nat(40));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const index = newIdIndex(SLOTS);
      const slotById = new Map<string, number>();
      const idBySlot = new Map<number, string>();
      for (const [slot, number] of steps) {
        const id = number.toString(16).padStart(32, '0');
        const known = idBySlot.get(slot);
        if (known !== undefined) {
          index.remove(slot);
          idBySlot.delete(slot);
          slotById.delete(known);
        } else if (!slotById.has(id)) {
          index.put(slot, Buffer.from(`abcd${id}`, 'hex'), 2);
          idBySlot.set(slot, id);
          slotById.set(id, slot);
        }
        for (let each = 0; each <= 40; each++) {
          const wanted = each.toString(16).padStart(32, '0');
          assert.equal(index.slotOf(Buffer.from(wanted, 'hex'), 0), slotById.get(wanted) ?? NO_SLOT);
        }
        for (const [taken, expected] of idBySlot) assert.equal(index.idAt(taken), expected);
      }
    }),
  );
});
