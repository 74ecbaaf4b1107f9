/** Floats from registers: the capture at entry, what a site within the function adds, and results at a RET. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addFloats } from '../../src/event/add-floats.ts';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { decodeValues } from '../../src/event/decode-value.ts';
import type { Value } from '../../src/event/value.ts';
import { stringTable } from '../../src/probe/capture/capture-plan.ts';
import { bodyOps, floatParts, withFloats } from '../../src/probe/capture/float-plan.ts';
import { defaultCaptureLimits } from '../../src/probe/capture/shape-context.ts';
import { planValues } from '../../src/probe/capture/value-plan.ts';
import type { FloatPlace, FloatSite } from '../../src/probe/code/float-sites.ts';
import { assignRegisters } from '../../src/probe/code/register-assignment.ts';
import { runPlan } from '../probe/capture/capture-interpreter.ts';
import type { Target } from '../probe/capture/capture-target.ts';
import { array, basic, struct } from '../probe/go-types.ts';
import fc from '../support/fast-check.ts';
import { contents, noNames } from './capture.ts';

const types = [
  basic('float64'),
  basic('int'),
  struct('main.Pair', [
    ['x', basic('float32')],
    ['y', basic('float32')],
  ]),
  basic('complex128'),
  array(1, basic('float64')),
  array(2, basic('int')),
];
const { parameters } = assignRegisters(
  { parameters: types.map((type, n) => ({ name: `p${n}`, type })), results: [] },
  'amd64',
);
const parts = floatParts(parameters);
const every = new Set(parts.keys());
const { ops, shape } = planValues(parameters, defaultCaptureLimits, stringTable(), {}, every);
const floats = shape.floats ?? { knownAt: 0, parts: [] };

const doubleBits = (value: number): bigint => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
};
const floatBits = (value: number): bigint => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return BigInt(bytes.readUInt32LE());
};

/** RAX is the int, RBX points at 2.5, RCX holds -8; [SP+8] is the array of two ints at entry; 16 lower there is 3.5 at [SP+4]. */
function target(sp: bigint): Target {
  const memory = new Map<bigint, Buffer>();
  const put = (address: bigint, words: readonly bigint[]) => {
    words.forEach((word, n) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(word);
      memory.set(address + BigInt(8 * n), bytes);
    });
  };
  put(0x1008n, [11n, 12n]);
  put(0x0ff8n, [doubleBits(3.5)]);
  put(0x2010n, [doubleBits(2.5)]);
  put(0x40_1000n, [doubleBits(4.5)]);
  return {
    registers: [7n, doubleBits(-8), 0n, 0x2000n],
    sp,
    loadBias: 0x40_0000n,
    read(address, sizeBytes) {
      const words = Array.from({ length: Math.ceil(sizeBytes / 8) }, (_, n) => memory.get(address + BigInt(8 * n)));
      return words.some((word) => word === undefined)
        ? undefined
        : Buffer.concat(words as Buffer[]).subarray(0, sizeBytes);
    },
  };
}

const places = new Map<number, FloatPlace>([
  [0, { fromSp: 8 }],
  [1, { constant: floatBits(0.5) }],
  [2, { constant: floatBits(-0.25) }],
  [3, { base: 3, displacement: 16 }],
  [4, { register: 1 }],
  [5, { vaddr: 0x1000 }],
]);
const site = (which: readonly number[]): FloatSite => ({
  offset: 0,
  frameBytes: 16,
  emulated: false,
  places: new Map([...places].filter(([part]) => which.includes(part))),
});
const pair = (x: Value['value'] | { unavailable: string }, y: Value['value'] | { unavailable: string }) => [x, y];
const none = { unavailable: 'in float register' };

function decoded(bytes: Uint8Array): unknown[] {
  const values = decodeValues(shape, new ChunkReader(bytes).start(0, bytes.length), noNames);
  const [x, n, p, ...others] = values;
  return [...contents([x as Value, n as Value]), contents(p?.value as Value[]), ...contents(others)];
}

function entry(): Uint8Array {
  return runPlan(ops, target(0x1000n)).bytes.slice();
}

function body(which: readonly number[]): Uint8Array {
  return runPlan(bodyOps(floats, site(which)), target(0x1000n - 16n)).bytes.slice();
}

test('arguments are known as far as a site has added them', () => {
  const bytes = entry();
  assert.deepEqual(decoded(bytes), [none, 7, pair(none, none), none, [none], [11, 12]]);
  addFloats(bytes, floats, body([0, 2, 3]));
  assert.deepEqual(decoded(bytes), [3.5, 7, pair(none, -0.25), none, [none], [11, 12]]);
  addFloats(bytes, floats, body([1, 3, 4, 5]));
  assert.deepEqual(decoded(bytes), [3.5, 7, pair(0.5, -0.25), { real: 2.5, imaginary: -8 }, [4.5], [11, 12]]);
});

test('of results, those whose place the RET has', () => {
  const { bytes } = runPlan(withFloats(ops, floats, site([0, 1, 2])), target(0x1000n - 16n));
  assert.deepEqual(decoded(bytes), [3.5, 7, pair(0.5, -0.25), none, [none], [11, 12]]);
});

test('memory that can not be read is no 0', () => {
  const unmapped = { ...target(0x1000n - 16n), read: () => undefined };
  const bytes = entry();
  addFloats(bytes, floats, runPlan(bodyOps(floats, site([0])), unmapped).bytes);
  assert.deepEqual(decoded(bytes)[0], none);
  const results = runPlan(withFloats(ops, floats, site([0])), unmapped).bytes;
  const [first] = decodeValues(shape, new ChunkReader(results).start(0, results.length), noNames);
  assert.equal(first?.unavailable, 'fault');
});

test('cut or damaged captures add nothing that is not there', () => {
  const whole = [entry(), body([0, 1, 2, 3, 4, 5])] as const;
  fc.assert(
    fc.property(fc.nat(120), fc.nat(120), fc.uint8Array({ maxLength: 8 }), (entryBytes, bodyBytes, noise) => {
      const bytes = whole[0].slice(0, entryBytes);
      const added = whole[1].slice(0, bodyBytes);
      added.set(noise.subarray(0, added.length), 0);
      addFloats(bytes, floats, added);
      assert.equal(bytes.length, Math.min(entryBytes, whole[0].length));
    }),
  );
});
