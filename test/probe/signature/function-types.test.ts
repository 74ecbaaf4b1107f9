import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoBinary } from '../../../src/binary/go-binary.ts';
import type { GoSignature } from '../../../src/binary/go-type.ts';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import { type AssignedValue, assignRegisters } from '../../../src/probe/code/register-assignment.ts';
import { SiteFinder } from '../../../src/probe/code/site-finder.ts';
import { functionPattern } from '../../../src/probe/pattern.ts';
import { type FunctionTypes, functionTypes } from '../../../src/probe/signature/function-types.ts';
import { spilledArguments } from '../../../src/probe/signature/spilled-arguments.ts';
import fc from '../../support/fast-check.ts';
import { goTarget } from '../../support/go-target.ts';

/** Registers and their sizes, in order. */
function registers(values: readonly AssignedValue[]): string {
  const pieces = values.flatMap((value) => value.pieces);
  const texts = pieces.flatMap((piece) => {
    if ('register' in piece) return [`r${piece.register}:${piece.sizeBytes}`];
    return 'floatRegister' in piece ? [`x${piece.floatRegister}:${piece.sizeBytes}`] : [];
  });
  return texts.join(' ');
}

function typeNames({ parameters, results }: GoSignature): string {
  return [parameters, results].map((list) => list.map(({ type }) => type.name).join()).join(' | ');
}

/** Bytes of the stack that the values cover. */
function stackEnd(values: readonly AssignedValue[]): number {
  const ends = values.flatMap(({ pieces }) => {
    return pieces.flatMap((piece) => ('stackOffset' in piece ? [piece.stackOffset + piece.sizeBytes] : []));
  });
  return Math.max(0, ...ends);
}

const arm64 = { GOARCH: 'arm64' };
for (const build of [{ go: '1.22' }, { go: '1.24', buildmode: 'pie' }, { go: '1.26' }, { go: '1.26', env: arm64 }]) {
  test(`every function of a stripped program against its twin's debug information, ${JSON.stringify(build)}`, async () => {
    using stripped = openGoBinary(await goTarget('values', { ...build, ldflags: '-s -w' }));
    using twin = openGoBinary(await goTarget('values', build));
    using sites = new SiteFinder(stripped);
    const known = new Map([...twin.functions()].map((fn) => [fn.entryVaddr, twin.signature(fn).value]));
    const counts = { runtime: 0, arginfo: 0, registers: 0, total: 0 };
    const wrong: string[] = [];
    for (const fn of stripped.functions()) {
      const signature = known.get(fn.entryVaddr);
      if (signature === undefined || fn.isAssembly || fn.isWrapper) continue;
      const types = functionTypes(stripped, fn, sites.findEntry(fn).value, undefined);
      counts.total++;
      counts[types.source as keyof typeof counts]++;
      const expected = assignRegisters(signature, stripped.arch).parameters.filter(({ name }) => name !== '.dict');
      if (types.source === 'runtime') {
        const own = typeNames(types.signature.value ?? assert.fail());
        if (own !== typeNames(signature)) wrong.push(`${fn.name}: ${own}, not ${typeNames(signature)}`);
      }
      // Of closures in generic code debug information has no dictionary.
      if (types.source !== 'registers' && !/\[.*\]\.func\d/.test(fn.name)) {
        const [own, real] = [registers(types.parameters), registers(expected)];
        if (own !== real) wrong.push(`${fn.name} by ${types.source}: ${own}, not ${real}`);
        const isCut = types.parameters.some(({ unavailable }) => unavailable !== undefined);
        if (!isCut && stackEnd(types.parameters) > stackEnd(expected)) wrong.push(`${fn.name}: on the stack`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(counts.registers < counts.total * 0.2, JSON.stringify(counts));
    assert.ok(counts.runtime > counts.total * 0.08, JSON.stringify(counts));
  });
}

for (const go of ['1.18', '1.19', '1.20', '1.21', '1.27']) {
  test(`generic code of a stripped program: no dictionary, and what its twin's debug information has, Go ${go}`, async () => {
    using stripped = openGoBinary(await goTarget('generics', { go, ldflags: '-s -w' }));
    using twin = openGoBinary(await goTarget('generics', { go }));
    using sites = new SiteFinder(stripped);
    let compared = 0;
    for (const fn of twin.functions()) {
      const signature = twin.signature(fn).value;
      if (!/^main\..*\[/.test(fn.name) || fn.isWrapper || signature === undefined) continue;
      const place = sites.findEntry(fn).value;
      const { parameters, source } = functionTypes(stripped, fn, place, undefined);
      const expected = assignRegisters(signature, twin.arch).parameters.filter(({ name }) => name !== '.dict');
      // Of a receiver of unknown size, and without a stack check, nobody knows where the dictionary behind it is.
      const isUnknown = go > '1.19' && source === 'registers' && fn.name.startsWith('main.Pair');
      if (!isUnknown) assert.equal(registers(parameters), registers(expected), fn.name);
      else for (const part of registers(expected).split(' ')) assert.ok(registers(parameters).includes(part), part);
      const real = expected[0]?.type.name ?? '';
      if (real.startsWith('*main.List')) assert.match(parameters[0]?.type.name ?? '', /^\*main\.List\[/);
      compared++;
    }
    assert.ok(compared >= 10, `${compared}`);
  });
}

async function typesOf(pattern: string, use: (types: FunctionTypes, binary: GoBinary) => void): Promise<void> {
  using binary = openGoBinary(await goTarget('httpserver', { go: '1.26', ldflags: '-s -w' }));
  using sites = new SiteFinder(binary);
  const { name, signature } = functionPattern(pattern);
  const fn = binary.functionsNamed(name)[0] ?? assert.fail(name);
  use(functionTypes(binary, fn, sites.findEntry(fn).value, signature), binary);
}

test('types are found by the name of their package, by a part of its path, and as they are written', async () => {
  const rows: readonly [type: string, name: string][] = [
    ['*http.Request', '*net/http.Request'],
    ['*net/http.Request', '*net/http.Request'],
    ['*url.URL', '*net/url.URL'],
    ['map[string][]string', 'map[string][]string'],
    ['http.HandlerFunc', 'net/http.HandlerFunc'],
    ['[4]byte', '[4]uint8'],
    ['struct{A byte; B int16; C []rune}', 'struct { A uint8; B int16; C []int32 }'],
    ['func(a, b int) error', 'func(int, int) error'],
    ['<-chan struct{}', '<-chan struct {}'],
    ['atomic.Pointer[string]', 'sync/atomic.Pointer[string]'],
    ['unsafe.Pointer', 'unsafe.Pointer'],
    ['interface{ Foo() }', 'interface {…}'],
  ];
  for (const [written, name] of rows) {
    await typesOf(`main.hello(x ${written})`, ({ problem, signature }) => {
      // What fits the function or not is another matter: the problem then names the type's parts.
      assert.doesNotMatch(problem ?? '', /no type|can be/, written);
      assert.equal(signature.value?.parameters[0]?.type.name ?? name, name);
    });
  }
});

test('types that are not found: the nearest, or the candidates', async () => {
  const rows: readonly [type: string, problem: RegExp][] = [
    ['http.Requst', /no type http\.Requst\. Nearest: net\/http\.Request/],
    ['Nothing', /no type Nothing\./],
    ['zzz.QQQQQ', /no type zzz\.QQQQQ\. A type that it never stores in an interface can be written out/],
    [
      'cpu.option',
      /cpu\.option can be (vendor\/golang\.org\/x\/sys|internal)\/cpu\.option, .*: write the package's whole path/,
    ],
    ['[1000000000][1000000000]int', /\[1000000000\]int would have more than 2000000000 bytes/],
    ['[64][64][64][64][64]byte', /parts of 1, 1, .* bytes, but the compiler recorded|such arguments would be in/],
    [`${'struct{a, b '.repeat(40)}int${'}'.repeat(40)}`, /a struct that is written out has too many fields/],
  ];
  for (const [written, expected] of rows) {
    await typesOf(`main.hello(x ${written})`, ({ problem, source }) => {
      assert.match(problem ?? '', expected);
      assert.notEqual(source, 'signature');
    });
  }
});

test('any code instead of the way to morestack: registers or undefined', () => {
  const start = [0x76, 0x00];
  const store = fc.constantFrom(
    [0x48, 0x89, 0x44, 0x24, 0x08],
    [0x40, 0x88, 0x74, 0x24, 0x10],
    [0x66, 0x89, 0x5c, 0x24, 0x12],
    [0xf2, 0x44, 0x0f, 0x11, 0x44, 0x24, 0x18],
    [0x90],
    [0x0f, 0x1f, 0x44, 0x00, 0x00],
    [0xe8, 0, 0, 0, 0],
  );
  const bytes = fc.oneof(
    fc.array(store).map((parts) => parts.flat()),
    fc.array(fc.integer({ min: 0, max: 255 })),
  );
  fc.assert(
    fc.property(bytes, (rest) => {
      const amd64 = spilledArguments(Uint8Array.from([...start, ...rest]), 0, 'amd64') ?? [];
      // B.LS to the next word.
      const arm64 = spilledArguments(Uint8Array.from([0x29, 0, 0, 0x54, ...rest]), 0, 'arm64') ?? [];
      for (const { offset, sizeBytes } of [...amd64, ...arm64]) {
        assert.ok(offset >= 0 && [1, 2, 4, 8].includes(sizeBytes));
      }
    }),
    { numRuns: 2000 },
  );
  const code = [
    ...start,
    0x48,
    0x89,
    0x44,
    0x24,
    0x08,
    0xf3,
    0x0f,
    0x11,
    0x44,
    0x24,
    0x10,
    0x44,
    0x88,
    0x4c,
    0x24,
    0x14,
  ];
  assert.deepEqual(spilledArguments(Uint8Array.from([...code, 0x66, 0x90, 0xe8, 0, 0, 0, 0]), 0, 'amd64'), [
    { offset: 0, sizeBytes: 8, register: 0 },
    { offset: 8, sizeBytes: 4, floatRegister: 0 },
    { offset: 12, sizeBytes: 1, register: 9 },
  ]);
  // Cut short, no call, another instruction.
  assert.equal(spilledArguments(Uint8Array.from(code), 0, 'amd64'), undefined);
  assert.equal(spilledArguments(Uint8Array.from([...start, 0xc3]), 0, 'amd64'), undefined);
  assert.equal(spilledArguments(Uint8Array.from([0x0f, 0x86, 0xff, 0xff, 0xff, 0x7f]), 0, 'amd64'), undefined);
  // b.ls +4; strb w3, [sp, 24]; stp x0, x1, [sp, 8]; fstr d0, [sp, 32]; mov x3, x30; bl
  const words = [0x54000029, 0x390063e3, 0xa90087e0, 0xfd0013e0, 0xaa1e03e3, 0x94000000];
  const bytes64 = new Uint8Array(Uint32Array.from(words).buffer);
  assert.deepEqual(spilledArguments(bytes64, 0, 'arm64'), [
    { offset: 16, sizeBytes: 1, register: 3 },
    { offset: 0, sizeBytes: 8, register: 0 },
    { offset: 8, sizeBytes: 8, register: 1 },
    { offset: 24, sizeBytes: 8, floatRegister: 0 },
  ]);
  assert.equal(spilledArguments(bytes64.subarray(0, 20), 0, 'arm64'), undefined);
});
