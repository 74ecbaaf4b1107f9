import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { GoBinary } from '../../src/binary/go-binary.ts';
import type { GenericType } from '../../src/binary/go-type.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { SiteFinder } from '../../src/probe/code/site-finder.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { functionTypes } from '../../src/probe/signature/function-types.ts';
import fc from '../support/fast-check.ts';
import { type GoTargetOptions, goTarget, goToolchain } from '../support/go-target.ts';
import { DamagedFile } from './damaged-file.ts';

/** The functions of test/targets/dictionaries, and how many of their types are told for each dictionary. */
const signatures: readonly (readonly [signature: string, told: number])[] = [
  ['main.Map[K comparable, V any](m map[K]V, f func(V) bool) []V', 3],
  ['main.Blank[K, V ~string](_ K, v V) int', 2],
  ['main.Unnamed[K, V ~string](K, V) int', 2],
  ['main.(*List[T any]).NoReceiver(item T) int', 2],
  ['main.(*List[T any]).BlankReceiver(item T) int', 2],
  ['main.(*List[T any]).Push(item T) *List[T]', 3],
  ['main.Variadic[T any](n int, rest ...T) (first T, err error)', 2],
  ['main.Method[T fmt.Stringer](x T, ys []T) string', 2],
  ['main.Outer[T any](item T) int', 1],
  ['main.Result[T any](n int) T', 1],
  // The second `[]T` may be a word of its own or not: what comes behind it is not told.
  ['main.Twice[T, U any](a []T, b []T, c U)', 2],
  ['main.Shared[T, U any](a, b []T, c U)', 2],
  ['main.Closure[T any](t T) func() T', 2],
];

const builds: readonly GoTargetOptions[] = [
  { go: '1.22' },
  { go: '1.24' },
  { go: '1.26', buildmode: 'pie' },
  { go: '1.27' },
];

/** Linked addresses of the dictionaries, by what the linker calls them. */
async function dictionaries(path: string): Promise<[name: string, vaddr: number][]> {
  const { go } = await goToolchain();
  const symbols = execFileSync(go, ['tool', 'nm', path], { encoding: 'utf8', maxBuffer: 64 << 20 });
  return [...symbols.matchAll(/^ *([0-9a-f]+) . main\.\.dict\.(.*)$/gm)].map(([, address = '', name = '']) => {
    return [name, Number.parseInt(address, 16)];
  });
}

/** The function's name with the shapes of the types. */
function shaped(types: string): string {
  const shapes = types.split(',').map((type) => {
    if (type.startsWith('*')) return 'go.shape.*uint8';
    return type === 'main.ID' || type === 'main.Name' ? 'go.shape.string' : 'go.shape.int64';
  });
  return `[${shapes.join()}]`;
}

function genericTypesOf(binary: GoBinary, sites: SiteFinder, signature: string): [name: string, GenericType[]][] {
  const pattern = functionPattern(signature);
  const functions = [...binary.functions()].filter((fn) => !fn.isWrapper && pattern.matches(fn.name));
  return functions.map((fn) => {
    const types = functionTypes(binary, fn, sites.findEntry(fn).value, pattern.signature);
    assert.equal(types.source, 'signature', `${signature}: ${types.problem}`);
    assert.ok(types.dictionary !== undefined, signature);
    return [fn.name, [...types.parameters, ...types.results].flatMap(({ genericType }) => genericType ?? [])];
  });
}

for (const options of builds) {
  test(`a stripped program's dictionaries tell the types that the linker names them by, ${JSON.stringify(options)}`, async () => {
    const known = await dictionaries(await goTarget('dictionaries', options));
    using binary = openGoBinary(await goTarget('dictionaries', { ...options, ldflags: '-s -w' }));
    using sites = new SiteFinder(binary);
    let compared = 0;
    for (const [signature, expected] of signatures) {
      const [, owner = ''] = /^main\.(?:\(\*)?(\w+)\[/.exec(signature) ?? [];
      for (const [functionName, types] of genericTypesOf(binary, sites, signature)) {
        for (const [name, vaddr] of known) {
          const [, base, list = ''] = /^(\w+)\[(.*)\]$/.exec(name) ?? [];
          if (base !== owner || !functionName.includes(shaped(list))) continue;
          const typeArguments = list.split(',');
          const names = types.flatMap((type) => {
            const found = binary.genericType(vaddr, type).value?.name;
            const real = type.template.replaceAll(/\$(\d)/g, (_, n) => typeArguments[Number(n)] ?? '');
            if (found !== undefined) assert.equal(found, real, `${functionName} ${name}`);
            return found ?? [];
          });
          assert.equal(names.length, expected, `${functionName} ${name}: ${names.join(', ')}`);
          compared++;
        }
      }
    }
    assert.ok(compared >= 20, `${compared}`);
  });
}

test('what is no dictionary, or one of other types, gives a reason; damaged ones never a wrong form', async () => {
  const path = await goTarget('dictionaries', { go: '1.26' });
  const known = new Map(await dictionaries(path));
  const vaddrOf = (name: string) => known.get(name) ?? assert.fail(name);
  const map: GenericType = {
    template: 'map[$0]$1',
    signature: {
      typeParameters: [
        { kind: 'string', sizeBytes: 16 },
        { kind: 'int64', sizeBytes: 8 },
      ],
      templates: ['map[$0]$1', 'func($1) bool', '[]$1'],
    },
  };
  using binary = openGoBinary(path);
  const dictionary = vaddrOf('Map[main.ID,main.Cents]');
  assert.equal(binary.genericType(dictionary, map).value?.name, 'map[main.ID]main.Cents');
  for (const address of [0, 1, -8, 2 ** 47, vaddrOf('Outer[main.ID]'), vaddrOf('Result[main.ID]')]) {
    assert.ok(binary.genericType(address, map).unavailable, `${address}`);
  }
  const signature = { ...map.signature, typeParameters: map.signature.typeParameters.toReversed() };
  assert.match(binary.genericType(dictionary, { ...map, signature }).unavailable ?? '', /not of the shape/);
  using damaged = new DamagedFile(path);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 24 }), fc.boolean(), (bytes, isNear) => {
      // Near: an address in the file's own data.
      if (isNear) bytes.fill(0, 3, 8);
      damaged.with([{ fileOffset: binary.fileOffset(dictionary), bytes }], () => {
        using other = openGoBinary(damaged.path);
        const { value, unavailable } = other.genericType(dictionary, map);
        assert.ok(value === undefined ? unavailable : /^map\[/.test(value.name));
      });
    }),
    // The one is a type whose name lies outside of all names.
    { numRuns: 60, examples: [[Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 232, 59), false]] },
  );
});
