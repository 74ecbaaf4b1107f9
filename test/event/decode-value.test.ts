import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GoType } from '../../src/binary/go-type.ts';
import { ChunkReader } from '../../src/event/chunk-reader.ts';
import { type DecodeContext, decodeValues } from '../../src/event/decode-value.ts';
import { dynamicValueShape } from '../../src/event/dynamic-value.ts';
import type { Value } from '../../src/event/value.ts';
import { formatPlan, planLimits } from '../../src/probe/capture-op.ts';
import { stringTable, worstCaseSteps } from '../../src/probe/capture-plan.ts';
import { dynamicPlan } from '../../src/probe/dynamic-type.ts';
import { assignRegisters } from '../../src/probe/register-assignment.ts';
import { type CaptureLimits, defaultCaptureLimits } from '../../src/probe/shape-context.ts';
import { planValues } from '../../src/probe/value-plan.ts';
import { type DynamicTypeEntry, runPlan } from '../probe/capture-interpreter.ts';
import { FakeMemory, type GoValue } from '../probe/fake-memory.ts';
import { array, basic, chanOf, interfaceType, mapOf, pointer, recursive, slice, struct } from '../probe/go-types.ts';

const int = basic('int');
const text = basic('string');
const order = struct('main.Order', [
  ['ID', basic('uint64')],
  ['Name', text],
]);

const noNames: DecodeContext = {
  dynamicType: () => undefined,
  typeName: () => undefined,
  functionName: (pc) => (pc === 0x401000 ? 'main.handler' : undefined),
};

/** Plans, runs and decodes the call f(values…). */
function capture(
  parameters: readonly GoType[],
  values: readonly GoValue[],
  {
    limits = defaultCaptureLimits,
    context = noNames,
    dynamicTypes = new Map<number, DynamicTypeEntry>(),
    unmap = false,
  } = {},
): { values: Value[]; plan: string } {
  const strings = stringTable();
  const signature = { parameters: parameters.map((type, i) => ({ name: `p${i}`, type })), results: [] };
  const { parameters: assigned } = assignRegisters(signature, 'amd64');
  const { ops, shape } = planValues(assigned, limits, strings);
  assert.ok(worstCaseSteps(ops) <= planLimits.planSteps, `${worstCaseSteps(ops)} steps`);
  const memory = new FakeMemory();
  const call = memory.call(assigned, values);
  const target = unmap ? { ...call, read: () => undefined } : call;
  const run =
    ops.length === 0 ? { bytes: new Uint8Array() } : runPlan(ops, target, { strings: strings.strings, dynamicTypes });
  const reader = new ChunkReader(run.bytes).start(0, run.bytes.length);
  const decoded = decodeValues(shape, reader, context);
  assert.equal(reader.lost, undefined, formatPlan(ops));
  assert.equal(reader.remaining, 0, `chunks left over\n${formatPlan(ops)}`);
  return { values: decoded, plan: formatPlan(ops) };
}

function contents(values: readonly Value[]): unknown[] {
  return values.map((value) => (value.unavailable === undefined ? value.value : { unavailable: value.unavailable }));
}

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
  assert.deepEqual(contents(capture(types, values).values), [
    { length: 3 },
    { length: 1, capacity: 8 },
    'main.handler',
    '0x99',
  ]);
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
      { value: [0, 0, 0, 0, 0, 0, 0, 0], of: 20 },
    ],
  );
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

/** The dynamic types of a program, as plan and reader know them. */
function dynamicTable(types: readonly GoType[], isError: (type: GoType) => boolean) {
  const strings = stringTable();
  const shapes = types.map((type, i) => {
    const value = dynamicPlan(type, defaultCaptureLimits, strings);
    return { typeVaddr: 0x500000 + i * 64, plan: 0, isError: isError(type), value, ...value };
  });
  const dynamicTypes = new Map(shapes.map((shape, id) => [shape.typeVaddr, { id, ...shape }]));
  const readers = shapes.map(dynamicValueShape);
  const context: DecodeContext = {
    ...noNames,
    dynamicType: (id) => readers[id],
    typeName: (vaddr) => (vaddr === 0x700000 ? 'main.Unknown' : undefined),
  };
  const wrap = (type: GoType, value: GoValue): GoValue => {
    const i = types.indexOf(type);
    const typeAddress = BigInt(i < 0 ? 0x700000 : 0x500000 + i * 64);
    return { dynamic: type, typeAddress, direct: shapes[i]?.direct ?? false, value };
  };
  return { dynamicTypes, context, wrap };
}

const error = interfaceType('error', true);
const any = interfaceType('interface {}', false);
const errorString = pointer(struct('errors.errorString', [['s', text]]));
const wrapError = pointer(
  struct('fmt.wrapError', [
    ['msg', text],
    ['err', error],
  ]),
);
const pathError = pointer(
  struct('io/fs.PathError', [
    ['Op', text],
    ['Path', text],
    ['Err', error],
  ]),
);
const errno = basic('uintptr', 'syscall.Errno');
const codedError = pointer(
  struct('main.CodedError', [
    ['Code', int],
    ['Reason', text],
  ]),
);
const joinError = pointer(struct('errors.joinError', [['errs', slice(error)]]));

test('errors are shown by their message', () => {
  const { dynamicTypes, context, wrap } = dynamicTable(
    [errorString, wrapError, pathError, errno, codedError, joinError],
    () => true,
  );
  const plain = wrap(errorString, ['boom']);
  const values = [
    plain,
    wrap(wrapError, ['outer: boom', plain]),
    wrap(pathError, ['open', '/x', wrap(errno, 2)]),
    wrap(codedError, [404, 'gone']),
    wrap(joinError, [[plain, wrap(errorString, ['bang'])]]),
    wrap(struct('main.Unknown', []), []),
  ];
  const decoded = capture(
    values.map(() => error),
    values,
    { dynamicTypes, context },
  ).values;
  assert.deepEqual(decoded.map(({ goType, value, unavailable }) => [goType, value ?? unavailable]).slice(0, 3), [
    ['*errors.errorString', 'boom'],
    ['*fmt.wrapError', 'outer: boom'],
    ['*io/fs.PathError', 'open /x: no such file or directory'],
  ]);
  assert.deepEqual(decoded[3]?.value, [
    { name: 'Code', type: 'INT', goType: 'int', value: 404 },
    { name: 'Reason', type: 'STRING', goType: 'string', value: 'gone' },
  ]);
  assert.equal(decoded[4]?.value, 'boom\nbang');
  assert.equal(decoded[5]?.goType, 'main.Unknown');
  assert.match(decoded[5]?.unavailable ?? '', /dynamic type/);
});

test('an interface holds values of any shape', () => {
  const orderPointer = pointer(order);
  const texts = slice(text);
  const { dynamicTypes, context, wrap } = dynamicTable([int, text, order, orderPointer, texts], () => false);
  const values = [
    wrap(int, 7),
    wrap(text, 'x'),
    wrap(order, [1, 'n']),
    wrap(orderPointer, [2, 'm']),
    wrap(texts, ['q']),
    null,
  ];
  const decoded = capture([...values.map(() => any), slice(any)], [...values, [wrap(int, 1), null]], {
    dynamicTypes,
    context,
  }).values;
  assert.deepEqual(
    decoded.map(({ goType }) => goType),
    ['int', 'string', 'main.Order', '*main.Order', '[]string', 'interface {}', '[]interface {}'],
  );
  assert.deepEqual(contents(decoded).slice(0, 2), [7, 'x']);
  assert.equal((decoded[3]?.value as Value[])[1]?.value, 'm');
  assert.equal(decoded[5]?.value, null);
  assert.deepEqual(decoded[6]?.value, [{ goType: 'int', value: 1 }, null]);
});

test('a value behind an interface that can not be read is a fault and the rest stays in step', () => {
  const { dynamicTypes, context, wrap } = dynamicTable([text], () => false);
  const broken = { ...(wrap(text, 'x') as object), direct: true } as GoValue;
  const { values } = capture([any, text], [broken, 'after'], { dynamicTypes, context });
  assert.equal(values[0]?.unavailable, 'fault');
  assert.equal(values[1]?.value, 'after');
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
function agrees(type: GoType, truth: GoValue, { value, truncated, unavailable }: Partial<Value>): void {
  if (unavailable !== undefined) {
    assert.match(
      unavailable,
      /^(in float register|deeper than the capture goes|beyond the first \d+ bytes|no room left in the capture|the capture ended before it)$/,
    );
    return;
  }
  const item = (entry: unknown): Partial<Value> => {
    const isObject = entry !== null && typeof entry === 'object' && !Array.isArray(entry);
    return isObject && ('unavailable' in entry || 'truncated' in entry)
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
        const shown = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as number[]);
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
      else agrees(type.elem as GoType, truth, { value: value as never, ...(truncated && { truncated }) });
      return;
    case 'map':
    case 'chan':
    case 'func':
      if (truth === null) assert.equal(value, null);
      else if (type.kind === 'func') assert.equal(value, 'main.handler');
      else if (type.kind === 'map') assert.deepEqual(value, truth);
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
