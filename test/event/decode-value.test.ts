import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { decodeValues } from '../../src/event/decode-value.ts';
import type { Value } from '../../src/event/value.ts';
import { stringTable } from '../../src/probe/capture/capture-plan.ts';
import { type CaptureLimits, defaultCaptureLimits } from '../../src/probe/capture/shape-context.ts';
import { planValues } from '../../src/probe/capture/value-plan.ts';
import { assignRegisters } from '../../src/probe/code/register-assignment.ts';
import { runPlan } from '../probe/capture/capture-interpreter.ts';
import { FakeMemory, type GoValue } from '../probe/capture/fake-memory.ts';
import { array, basic, chanOf, interfaceType, mapOf, pointer, recursive, slice, struct } from '../probe/go-types.ts';
import fc from '../support/fast-check.ts';
import { capture, contents, noNames } from './capture.ts';

const int = basic('int');
const text = basic('string');
const error = interfaceType('error', true);
const order = struct('main.Order', [
  ['ID', basic('uint64')],
  ['Name', text],
]);

test('integers, strings and structs as the issue shows them', () => {
  const tags = slice(text);
  const { values } = capture([basic('int64'), tags, pointer(order)], [82, ['a', 'b'], [7, 'first']]);
  assert.deepEqual(values, [
    { name: 'p0', type: 'INT', goType: 'int64', value: 82 },
    { name: 'p1', type: '[]STRING', goType: '[]string', value: ['a', 'b'], capacity: 3 },
    {
      name: 'p2',
      type: 'PTR',
      goType: '*main.Order',
      value: [
        { name: 'ID', type: 'UINT', goType: 'uint64', value: 7 },
        { name: 'Name', type: 'STRING', goType: 'string', value: 'first' },
      ],
    },
  ]);
});

test('sizes and signs of integers, beyond 2^53 as digits', () => {
  const kinds = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const;
  const { values } = capture(
    kinds.map((kind) => basic(kind)),
    [-1, -300, -70000, -(2n ** 62n), 255, 65535, 4294967295, 2n ** 63n],
  );
  assert.deepEqual(contents(values), [
    -1,
    -300,
    -70000,
    '-4611686018427387904',
    255,
    65535,
    4294967295,
    '9223372036854775808',
  ]);
  assert.deepEqual(contents(capture([int, int], [2n ** 53n, -(2n ** 53n) + 1n]).values), [
    '9007199254740992',
    -9007199254740991,
  ]);
});

test('floats in memory have a value, in registers a reason', () => {
  const point = array(2, basic('float64'));
  const { values } = capture([basic('float64'), point, int, pointer(basic('float32'))], [1.5, [0.25, -4], 3, 0.1]);
  assert.deepEqual(contents(values), [{ unavailable: 'in float register' }, [0.25, -4], 3, 0.1]);
  const mixed = struct('main.Mixed', [
    ['n', int],
    ['x', basic('float64')],
    ['s', text],
  ]);
  const [value] = capture([mixed], [[1, 2.5, 'three']]).values;
  assert.deepEqual(contents(value?.value as Value[]), [1, { unavailable: 'in float register' }, 'three']);
});

test('nil is null, and empty is not nil', () => {
  const types = [
    text,
    slice(int),
    slice(int),
    slice(basic('uint8')),
    pointer(order),
    mapOf(text, int),
    interfaceType('error', true),
  ];
  assert.deepEqual(contents(capture(types, ['', null, [], null, null, null, null]).values), [
    '',
    null,
    [],
    null,
    null,
    null,
    null,
  ]);
});

test('maps, channels and functions say what their headers say', () => {
  const types = [mapOf(text, int), chanOf(int), basic('func'), basic('func')];
  const values = [{ length: 3 }, { qcount: 1, dataqsiz: 8 }, { pc: 0x401000n }, { pc: 0x99n }];
  assert.deepEqual(contents(capture(types, values).values), [[], { length: 1, capacity: 8 }, 'main.handler', '0x99']);
});

test('what is longer than the limits says how long it is', () => {
  const limits: CaptureLimits = { ...defaultCaptureLimits, stringBytes: 8, elements: 2 };
  const types = [text, slice(int), array(5, int), slice(text), slice(basic('uint8'))];
  const { values } = capture(
    types,
    ['0123456789', [1, 2, 3], [1, 2, 3, 4, 5], ['abcdefghijk', 'x'], new Uint8Array(20)],
    { limits },
  );
  assert.deepEqual(
    values.map(({ value, truncated }) => ({ value, of: truncated?.of })),
    [
      { value: '01234567', of: 10 },
      { value: [1, 2], of: 3 },
      { value: [1, 2], of: 5 },
      { value: [{ value: 'abcdefgh', truncated: { of: 11 } }, 'x'], of: undefined },
      { value: '0000000000000000', of: 20 },
    ],
  );
});

test('limits of nothing read nothing', () => {
  const limits: CaptureLimits = { ...defaultCaptureLimits, stringBytes: 0, elements: 0 };
  const types = [slice(int), array(3, int), pointer(slice(text)), text];
  const { values } = capture(types, [[1, 2], [1, 2, 3], ['ab'], 'cde'], { limits });
  assert.deepEqual(
    values.map(({ value, truncated }) => ({ value, of: truncated?.of })),
    [
      { value: [], of: 2 },
      { value: [], of: 3 },
      { value: [], of: 1 },
      { value: '', of: 3 },
    ],
  );
});

test('a struct of more fields than a capture has room for says how many are missing', () => {
  const fields = Array.from({ length: 1100 }, (_, i) => [`F${i}`, basic('bool')] as const);
  const [value] = capture([pointer(struct('main.Config', fields))], [fields.map(() => true)]).values;
  const shown = value?.value as Value[];
  assert.equal(shown[0]?.value, true);
  assert.equal(shown.at(-1)?.name, '…');
  assert.equal(
    shown.at(-1)?.unavailable,
    `${fields.length - (shown.length - 1)} more fields: no room left in the capture`,
  );
});

test('only bytes are shown as bytes, and an address with all its digits', () => {
  const named = basic('uint8', 'main.uint8');
  const types = [array(2, named), array(2, basic('uint8')), array(2, basic('uint8', 'go.shape.uint8_0'))];
  const values = contents(
    capture([...types, basic('unsafe.Pointer')], [[1, 2], [1, 2], [1, 2], 0xdeadbeefcafebabdn]).values,
  );
  assert.deepEqual(values, [[1, 2], '0102', '0102', '0xdeadbeefcafebabd']);
});

test('a text is not cut within a character', () => {
  const limits: CaptureLimits = { ...defaultCaptureLimits, stringBytes: 8 };
  const [value] = capture([text], ['aaaaaaa€b'], { limits }).values;
  assert.equal(value?.value, 'aaaaaaa');
  assert.deepEqual(value?.truncated, { of: 11 });
});

test('a recursive type is followed as deep as the limits allow', () => {
  const node = recursive('main.Node', (self) => [
    ['V', int],
    ['Next', pointer(self)],
  ]);
  const list: GoValue = [1, [2, [3, [4, [5, null]]]]];
  const [value] = capture([pointer(node)], [list]).values;
  const third = ((value?.value as Value[])[1]?.value as Value[])[1]?.value as Value[];
  assert.equal(third[0]?.value, 3);
  assert.equal(third[1]?.unavailable, 'deeper than the capture goes');
});

test('a large value does not take the depth of its neighbours', () => {
  const wide = struct(
    'main.Wide',
    Array.from({ length: 60 }, (_, i) => [`F${i}`, pointer(order)] as const),
  );
  const [first, second] = capture(
    [pointer(wide), pointer(order)],
    [Array.from({ length: 60 }, () => [1, 'x']), [2, 'y']],
  ).values;
  assert.equal(second?.unavailable, undefined);
  assert.equal((second?.value as Value[])[1]?.value, 'y');
  assert.equal((first?.value as Value[]).length, 60);
});

test('large values on the stack leave room for those in registers', () => {
  const large = array(60, array(8, int));
  const numbers = Array.from({ length: 60 }, () => [0, 1, 2, 3, 4, 5, 6, 7]);
  const many = array(60, int);
  const { values } = capture([many, large, large, int, text], [numbers.map((_, i) => i), numbers, numbers, 7, 'end']);
  assert.deepEqual(values[0]?.value, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual((values[1]?.value as unknown[])[0], [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(values[2]?.value, []);
  assert.deepEqual(values[2]?.truncated, { of: 60 });
  assert.deepEqual(contents(values).slice(3), [7, 'end']);
});

test('unmapped memory is a fault, not an empty value', () => {
  const types = [int, text, pointer(order), slice(int), ...Array.from({ length: 8 }, () => int)];
  const { values } = capture(types, [5, 'abc', [1, 'x'], [1], 1, 2, 3, 4, 5, 6, 7, 8], { unmap: true });
  assert.deepEqual(contents(values).slice(0, 5), [
    5,
    { unavailable: 'fault' },
    { unavailable: 'fault' },
    { unavailable: 'fault' },
    1,
  ]);
  assert.deepEqual(contents(values).at(-1), { unavailable: 'fault' });
});

test('time.Time is a time', () => {
  const time = struct('time.Time', [
    ['wall', basic('uint64')],
    ['ext', basic('int64')],
    ['loc', pointer(int)],
  ]);
  // Seconds since year 1 without, since 1885 with a monotonic reading.
  const year1 = 1_700_000_000n + 62_135_596_800n;
  const monotonic = (1n << 63n) | ((1_700_000_000n + 2_682_288_000n) << 30n) | 5n;
  const { values } = capture(
    [time, time, time],
    [
      [250_000_000n, year1, null],
      [monotonic, 99n, null],
      [0n, 0n, null],
    ],
  );
  assert.deepEqual(contents(values), [
    '2023-11-14T22:13:20.25Z',
    '2023-11-14T22:13:20.000000005Z',
    '0001-01-01T00:00:00Z',
  ]);
});

test('bytes that no plan wrote give reasons, never an exception', () => {
  const { parameters } = assignRegisters(
    {
      parameters: [text, slice(text), pointer(order), error, mapOf(text, int), array(2, text)].map((type) => ({
        name: 'x',
        type,
      })),
      results: [],
    },
    'amd64',
  );
  const { ops, shape } = planValues(parameters, defaultCaptureLimits, stringTable());
  const memory = new FakeMemory();
  const good = runPlan(ops, memory.call(parameters, ['abc', ['d'], [1, 'e'], null, { length: 1 }, ['f', 'g']])).bytes;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(good.length),
      (edits, cut) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of edits) bytes[at] = value;
        const values = decodeValues(shape, new ChunkReader(bytes).start(0, cut), noNames);
        assert.equal(values.length, 6);
        for (const value of values) assert.notEqual(value.value === undefined, value.unavailable === undefined);
      },
    ),
    { numRuns: 500 },
  );
});
