import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoType } from '../../src/binary/go-type.ts';
import type { Value } from '../../src/event/value.ts';
import type { GoValue } from '../probe/capture/fake-memory.ts';
import { array, basic, chanOf, mapOf, pointer, slice, struct } from '../probe/go-types.ts';
import fc from '../support/fast-check.ts';
import { capture } from './capture.ts';

const int = basic('int');
const text = basic('string');

/** Random types up to a depth, and values of them from a seed. */
const { type: anyType } = fc.letrec<{ type: GoType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(
      ...(
        ['bool', 'int8', 'int', 'uint16', 'uint32', 'uint64', 'float64', 'float32', 'string', 'uintptr'] as const
      ).map((k) => basic(k)),
    ),
    fc.constantFrom(slice(basic('uint8')), mapOf(text, int), chanOf(int), basic('func'), basic('complex128')),
    tie('type').map(pointer),
    tie('type').map(slice),
    fc.tuple(fc.nat(3), tie('type')).map(([n, elem]) => array(n, elem)),
    fc.array(tie('type'), { maxLength: 5 }).map((types) =>
      struct(
        'main.T',
        types.map((t, i) => [`F${i}`, t] as const),
      ),
    ),
  ),
}));

function randomValue(type: GoType, next: () => number): GoValue {
  const pick = (n: number) => next() % n;
  switch (type.kind) {
    case 'bool':
      return pick(2) === 1;
    case 'float32':
    case 'float64':
      return pick(1000) / 8;
    case 'complex128':
      return { real: pick(10), imaginary: pick(10) };
    case 'string':
      return 'aé€😀x'.repeat(pick(15));
    case 'slice':
      if (pick(4) === 0 || type.elem === undefined) return null;
      if (type.elem.kind === 'uint8') return Uint8Array.from({ length: pick(300) }, () => pick(256));
      return Array.from({ length: pick(12) }, () => randomValue(type.elem as GoType, next));
    case 'array':
      return Array.from({ length: type.length ?? 0 }, () => randomValue(type.elem as GoType, next));
    case 'struct':
      return (type.fields ?? []).map((field) => randomValue(field.type, next));
    case 'pointer':
      return pick(4) === 0 || type.elem === undefined ? null : randomValue(type.elem, next);
    case 'map':
      return pick(4) === 0 ? null : { length: pick(100) };
    case 'chan':
      return pick(4) === 0 ? null : { qcount: pick(3), dataqsiz: 4 };
    case 'func':
      return pick(4) === 0 ? null : { pc: 0x401000n };
    default: {
      const value = (BigInt(next()) << 40n) ^ (BigInt(next()) << 20n) ^ BigInt(next());
      const bits = type.sizeBytes * 8;
      return type.kind.startsWith('int') ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
    }
  }
}

/** What is decoded must be true, as far as it goes. */
function agrees(type: GoType, truth: GoValue, { value, truncated, unavailable, encoding }: Partial<Value>): void {
  if (unavailable !== undefined) {
    assert.match(
      unavailable,
      /^(in float register|deeper than the capture goes|beyond the first \d+ bytes|no room left in the capture|the capture ended before it)$/,
    );
    return;
  }
  const item = (entry: unknown): Partial<Value> => {
    const isObject = entry !== null && typeof entry === 'object' && !Array.isArray(entry);
    return isObject && ('unavailable' in entry || 'truncated' in entry || 'encoding' in entry)
      ? (entry as Partial<Value>)
      : { value: entry as never };
  };
  switch (type.kind) {
    case 'string': {
      const whole = truth as string;
      if (truncated) {
        assert.equal(truncated.of, Buffer.byteLength(whole));
        assert.ok(whole.startsWith(value as string));
      } else assert.equal(value, whole);
      return;
    }
    case 'slice':
    case 'array': {
      if (truth === null || value === null) {
        assert.equal(value, truth);
        return;
      }
      if (truth instanceof Uint8Array) {
        const shown = Buffer.from(value as string, encoding ?? 'utf8');
        assert.deepEqual([...shown], [...truth.subarray(0, truncated ? shown.length : truth.length)]);
        return;
      }
      const items = truth as readonly GoValue[];
      const shown = value as unknown[];
      assert.equal(truncated?.of ?? shown.length, items.length);
      for (const [i, entry] of shown.entries()) agrees(type.elem as GoType, items[i] ?? null, item(entry));
      return;
    }
    case 'struct': {
      const fields = value as Value[];
      assert.equal(fields.length, type.fields?.length);
      for (const [i, field] of fields.entries())
        agrees(type.fields?.[i]?.type as GoType, (truth as GoValue[])[i] ?? null, field);
      return;
    }
    case 'pointer':
      if (truth === null) assert.equal(value, null);
      else if (typeof value === 'string' && value.startsWith('0x') && type.elem?.kind !== 'string')
        assert.ok(value !== '0x0');
      else
        agrees(type.elem as GoType, truth, {
          value: value as never,
          ...(truncated && { truncated }),
          ...(encoding && { encoding }),
        });
      return;
    case 'map':
    case 'chan':
    case 'func':
      if (truth === null) assert.equal(value, null);
      else if (type.kind === 'func') assert.equal(value, 'main.handler');
      else if (type.kind === 'map')
        assert.deepEqual([value, truncated?.of ?? 0], [[], (truth as { length: number }).length]);
      else assert.deepEqual(value, { length: (truth as { qcount: number }).qcount, capacity: 4 });
      return;
    case 'bool':
    case 'float32':
    case 'float64':
    case 'complex128':
      assert.deepEqual(value, truth);
      return;
    default:
      assert.equal(String(value), String(truth));
  }
}

test('every plan captures what is there, or says why not', () => {
  const limits = fc.record({
    stringBytes: fc.integer({ min: 1, max: 128 }),
    elements: fc.integer({ min: 1, max: 12 }),
    depth: fc.integer({ min: 0, max: 5 }),
    structBytes: fc.integer({ min: 8, max: 512 }),
    captureBytes: fc.integer({ min: 256, max: 4096 }),
  });
  fc.assert(
    fc.property(
      fc.array(anyType, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 2 ** 30 }),
      limits,
      (types, seed, limit) => {
        let state = seed;
        const next = () => {
          state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
          return state >>> 8;
        };
        const truths = types.map((type) => randomValue(type, next));
        const { values, plan } = capture(types, truths, { limits: limit });
        for (const [i, value] of values.entries()) {
          try {
            agrees(types[i] as GoType, truths[i] ?? null, value);
          } catch (error) {
            throw new Error(`${types[i]?.name}: ${JSON.stringify(value)}\n${plan}`, { cause: error });
          }
        }
      },
    ),
    { numRuns: 1000 },
  );
});
