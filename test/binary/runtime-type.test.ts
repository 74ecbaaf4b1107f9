import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoBinary } from '../../src/binary/go-binary.ts';
import type { GoField, GoType } from '../../src/binary/go-type.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { measuredOffset } from '../../src/binary/runtime-offsets.ts';
import { build, everyBuild, everyVersion, type StructFacts, structs } from './go-tools.ts';

for (const [go, variant] of everyBuild) {
  test(`Go ${go} ${variant}: structs are those of the twin's DWARF`, async () => {
    const { path, twin } = await build(go, variant);
    using binary = openGoBinary(path);
    const facts = await structs(twin);
    let compared = 0;
    const wrong: string[] = [];
    for (const fact of facts) {
      const type = binary.runtimeType(fact.name);
      if (type === undefined) continue;
      compared++;
      const text = describe(type);
      if (text !== describeFacts(fact)) wrong.push(`${text}\n  in DWARF: ${describeFacts(fact)}`);
    }
    assert.deepEqual(wrong, []);
    assert.ok(compared > 200, `${compared} of ${facts.length} structs of DWARF have descriptors`);
  });
}

const measured = [
  ['runtime.g', 'goid'],
  ['runtime.g', 'stack'],
  ['runtime.stack', 'hi'],
  ['runtime.g', 'sigcode0'],
  ['runtime._panic', 'fp'],
] as const;

/** What the agent itself can't do without, in every program. */
const needed = ['runtime.g', 'runtime.m', 'runtime._panic', 'runtime._defer', 'runtime.hchan', 'runtime.moduledata'];

for (const go of everyVersion) {
  test(`Go ${go} stripped pie: the runtime's own structs are there`, async () => {
    const { path } = await build(go, 'stripped pie');
    using binary = openGoBinary(path);
    assert.deepEqual(
      needed.filter((name) => binary.runtimeType(name)?.kind !== 'struct'),
      [],
    );
    // runtime/runtime2.go: 1.23 and 1.24 have a field more in front of it.
    assert.equal(fieldOf(binary, 'runtime.g', 'goid').offsetBytes, go === '1.23' || go === '1.24' ? 160 : 152);
    // What scripts/measure-go-layouts found in DWARF, for each release.
    for (const [type, field] of measured) {
      const described = binary.runtimeType(type)?.fields?.find(({ name }) => name === field)?.offsetBytes;
      assert.equal(described, measuredOffset(Number(go.slice(2)), `${type}.${field}`), `${type}.${field}`);
    }
    const moduledata = binary.runtimeType('runtime.moduledata');
    assert.equal(moduledata?.fields?.find(({ name }) => name === 'text')?.offsetBytes, go === '1.15' ? 96 : 176);
  });

  test(`Go ${go}: each kind of type`, async () => {
    const { path } = await build(go, 'default');
    using binary = openGoBinary(path);
    for (const [name, expected] of Object.entries(kinds)) {
      const type = binary.runtimeType(name);
      assert.ok(type !== undefined, name);
      assert.equal(type.name, name);
      const { kind, sizeBytes, elem, key, length, hasMethods } = type;
      const found = { kind, sizeBytes, elem: elem?.name, key: key?.name, length, hasMethods };
      assert.deepEqual(JSON.parse(JSON.stringify(found)), expected, name);
      const vaddr = binary.runtimeTypeAddress(name) ?? 0;
      assert.equal(binary.runtimeTypeAt(vaddr).value, type, `${name}: one object for one descriptor`);
    }
  });
}

const kinds = {
  int: { kind: 'int', sizeBytes: 8 },
  string: { kind: 'string', sizeBytes: 16 },
  error: { kind: 'interface', sizeBytes: 16, hasMethods: true },
  'interface {}': { kind: 'interface', sizeBytes: 16, hasMethods: false },
  'time.Duration': { kind: 'int64', sizeBytes: 8 },
  '[]string': { kind: 'slice', sizeBytes: 24, elem: 'string' },
  'map[string]int': { kind: 'map', sizeBytes: 8, key: 'string', elem: 'int' },
  '*os.File': { kind: 'pointer', sizeBytes: 8, elem: 'os.File' },
  'chan int': { kind: 'chan', sizeBytes: 8, elem: 'int' },
} as const;

test('recursive types end', async () => {
  const { path } = await build('1.26', 'stripped');
  using binary = openGoBinary(path);
  const g = binary.runtimeType('runtime.g');
  const m = g?.fields?.find(({ name }) => name === 'm')?.type;
  assert.equal(m?.name, '*runtime.m');
  assert.equal(m?.elem?.fields?.find(({ name }) => name === 'curg')?.type.elem, g);
});

test('names that no type has are not found, however they are written', async () => {
  const { path } = await build('1.26', 'default');
  using binary = openGoBinary(path);
  for (const name of [
    '',
    '*',
    '**',
    'main',
    'main.',
    '.Order',
    'Order',
    'main.Orde',
    'x/main.Order',
    '[]',
    'map[',
    '\0',
  ]) {
    assert.equal(binary.runtimeType(name), undefined, JSON.stringify(name));
    assert.equal(binary.runtimeTypeAddress(name), undefined, JSON.stringify(name));
  }
});

test('two packages of one name are told apart by their paths', async () => {
  const { path } = await build('1.26', 'default');
  using binary = openGoBinary(path);
  assert.equal(binary.runtimeType('sync/atomic.Uint32')?.name, 'sync/atomic.Uint32');
  assert.equal(binary.runtimeType('internal/runtime/atomic.Uint32')?.name, 'internal/runtime/atomic.Uint32');
});

test('implementations of an interface are those that the linker made itabs for', async () => {
  const { path } = await build('1.26', 'stripped pie');
  using binary = openGoBinary(path);
  const errors = binary.implementations('error');
  const names = errors.map(({ type }) => type.name);
  assert.ok(names.includes('*main.CodedError'), names.join());
  assert.ok(names.includes('*errors.errorString'), names.join());
  for (const { type, typeVaddr } of errors) assert.equal(binary.runtimeTypeAt(typeVaddr).value, type);
  assert.deepEqual(binary.implementations('main.Order'), []);
  assert.deepEqual(binary.implementations('no.such'), []);
});

for (const go of ['1.26', '1.27'] as const) {
  test(`types of a package, and what is made of them, Go ${go}`, async () => {
    const { path } = await build(go, 'default');
    using binary = openGoBinary(path);
    const found = [...binary.runtimeTypesOf((packagePath) => packagePath === 'main')];
    const names = found.map(({ type }) => type.name);
    for (const name of ['main.Order', '*main.Order', '*main.CodedError']) assert.ok(names.includes(name), names.join());
    assert.equal(new Set(names).size, names.length);
    for (const { type, typeVaddr, packagePath } of found) {
      assert.equal(binary.runtimeTypeAt(typeVaddr).value, type);
      assert.equal(packagePath, 'main');
      assert.match(type.name, /\bmain\./);
    }
    assert.deepEqual([...binary.runtimeTypesOf((packagePath) => packagePath === 'no/such')], []);
  });
}

test('an address that is none of a descriptor gives a reason', async () => {
  const { path } = await build('1.26', 'default');
  using binary = openGoBinary(path);
  const vaddr = binary.runtimeTypeAddress('main.Order') ?? 0;
  for (const address of [
    0,
    -8,
    vaddr + 1,
    2 ** 53,
    Number.NaN,
    binary.functionsNamed('main.main')[0]?.entryVaddr ?? 0,
  ]) {
    assert.match(binary.runtimeTypeAt(address).unavailable ?? '', /not one of the executable/, String(address));
  }
});

function fieldOf(binary: GoBinary, typeName: string, fieldName: string): GoField {
  const field = binary.runtimeType(typeName)?.fields?.find(({ name }) => name === fieldName);
  assert.ok(field !== undefined, `${typeName}.${fieldName}`);
  return field;
}

function describe({ name, sizeBytes, fields = [] }: GoType): string {
  const list = fields.map((field) => `${field.offsetBytes} ${field.name} ${plain(field.type.name)} ${field.embedded}`);
  return `${name} ${sizeBytes} { ${list.join('; ')} }`;
}

function describeFacts({ name, sizeBytes, fields }: StructFacts): string {
  const list = fields.map(([field, offset, type, embedded]) => `${offset} ${field} ${plain(type)} ${embedded}`);
  return `${name} ${sizeBytes} { ${list.join('; ')} }`;
}

/** DWARF qualifies unexported fields of unnamed structs by their package, which source code can't. */
function plain(typeName: string): string {
  return typeName.replace(/struct \{ .* \}/, 'struct {…}');
}
