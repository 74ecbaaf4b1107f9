/** Signatures of test/targets/types/signatures.go and loops.go, as these files have them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openDwarf } from '../../../src/binary/dwarf/dwarf.ts';
import { ElfFile } from '../../../src/binary/elf-file.ts';
import type { Found } from '../../../src/binary/go-binary.ts';
import type { GoParameter, GoSignature } from '../../../src/binary/go-type.ts';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import { allGoVersions, type GoTargetOptions, goTarget } from '../../support/go-target.ts';

/** Unnamed parameters and results, and `_`, have the type alone. */
const expected: Readonly<Record<string, string>> = {
  'main.blanks': '(string, x int, float64, y float64, []uint8, z int) (int)',
  'main.unnamed': '(string, int, float64) (int, error)',
  'main.unused':
    '(a string, b int, c float64, d []uint8, e main.Inner, f interface {}, g error, h map[string]int) (bool)',
  'main.allUnused': '(ctx context.Context, a [2]int, b main.Everything) (n int, err error)',
  'main.blankResults': '(ctx context.Context, io.Reader, n int) (int, err error)',
  'main.many':
    '(a int, b int, c int, d int, e int, f int, g int, h int, i int, j int, k int, l int, s string, m [3]int, ' +
    'n [1]string, o struct {}, p float64) (r1 string, r2 string, r3 string, r4 [2]int, r5 main.Inner)',
  'main.floats':
    '(a float32, b float64, c complex64, d complex128, e [1]float32, f struct { X float64; Y float64 }) (complex128)',
  'main.escaping': '(x int, s string, int, z main.Inner) (*int, *string, *main.Inner)',
  'main.deferred': '(x int, next func() error) (total int, err error)',
  'main.deferredUnnamed': '(x int, next func() error) (int, error)',
  'main.variadic': '(format string, values []interface {}) (int)',
  'main.empties': '(a struct {}, b [0]int, c [1]struct {}, d int, e [1][1]main.Inner) (int)',
  'main.channels': '(in <-chan int, out chan<- main.Text, both chan main.Node) (ok bool)',
  'main.functions': '(f main.Handler, g func(int) (string, error), h func()) (func(int, int) bool)',
  'main.inlined': '(string, x int, q float64, unused string) (int, string)',
  'main.inlinedNamed': '(x int, main.Text, y int) (product int)',
  'main.Node.byValue': '(n main.Node, int, s string) (bool)',
  'main.Inner.withoutName': '(main.Inner, s string) (bool)',
  'main.(*Node).pointerWithoutName': '(*main.Node, depth int) (found *main.Node)',
  'main.(*Node).Walk': '(n *main.Node, visit func(*main.Node) bool) (count int)',
  'main.useSignatures.func4': '(*main.Node) (bool)',
  'main.deferred.func1': '() ()',
  'main.main': '() ()',
  'sidespan.test/types/dotted.v3.Make': '(count int32, string) (item sidespan.test/types/dotted.v3.Item, err error)',
  'sidespan.test/types/dotted.v3.(*Item).Advance':
    '(i *sidespan.test/types/dotted.v3.Item, by int32) (*sidespan.test/types/dotted.v3.Item)',
};

const item = 'go.shape.struct { Count int32; Next *sidespan.test/types/dotted.v3.Item }';
const inner = 'go.shape.struct { A uint8; B uint32 }';
const numbers = 'main.Pair[go.shape.int,go.shape.*uint8]';
const items = `main.Pair[go.shape.string,${item}]`;
const box = 'sidespan.test/types/dotted.v3.Box[go.shape.string]';

/** Code for type parameters: the dictionary is the first parameter, in methods the second. */
const expectedGeneric: Readonly<Record<string, string>> = {
  [`main.generic[go.shape.string,${inner}]`]: `(.dict uintptr, key go.shape.string, value ${inner}, m map[go.shape.string]${inner}, int, s string) (${inner}, bool)`,
  [`main.generic[go.shape.string,${inner}].func1`]: `(v ${inner}) (${inner})`,
  'main.pointers[go.shape.int]': '(.dict uintptr, first *go.shape.int, rest []*go.shape.int) (*go.shape.int)',
  'main.(*Pair[go.shape.int,go.shape.*uint8]).Link': `(p *${numbers}, .dict uintptr, other *${numbers}, v go.shape.*uint8, n int) (*${numbers})`,
  [`${items}.Values`]: `(p ${items}, .dict uintptr, n int) (go.shape.string, ${item})`,
  [`${box}.Get`]: `(b ${box}, .dict uintptr, fallback go.shape.string) (go.shape.string, bool)`,
  'sidespan.test/types/dotted.v3.(*Box[go.shape.string]).Put': `(b *${box}, .dict uintptr, content go.shape.string, times int) (previous go.shape.string)`,
};

const hidden = '() but: it loops over an iterator function';
const bodyReason = 'the body of a loop over an iterator function';

/** From Go 1.23 on. */
const expectedLoops: Readonly<Record<string, string>> = {
  'main.loopReturns': `(n int, wanted string) ${hidden}`,
  'main.loopReturnsInlined': `(values []int) ${hidden}`,
  'main.loopReturnsNamed': '(n int) (found bool, err error)',
  'main.loopWithout': '(n int) (string, error)',
  'main.loopReturns-range1': bodyReason,
};

const builds: readonly GoTargetOptions[] = [
  ...allGoVersions.map((go) => ({ go })),
  { go: '1.22', buildmode: 'pie' },
  { buildmode: 'pie' },
];

for (const options of builds) {
  test(`signatures are those of the source: ${JSON.stringify(options)}`, async () => {
    const executable = await goTarget('types', options);
    using elf = new ElfFile(executable);
    using binary = openGoBinary(executable);
    const dwarf = openDwarf(elf);
    const found = new Map<string, string>();
    for (const fn of binary.functions()) {
      if (fn.isWrapper || !/^(main|sidespan\.test)[./]/.test(fn.name)) continue;
      found.set(fn.name.replaceAll('%2e', '.'), text(dwarf.signature(fn)));
    }
    const loops = options.go === '1.22' ? {} : expectedLoops;
    for (const [name, signature] of Object.entries({ ...expected, ...expectedGeneric, ...loops })) {
      const got = found.get(name);
      assert.equal(got?.replace(/^(.*iterator function).*$/, '$1'), signature, name);
    }
  });
}

describe('functions without a signature', () => {
  test('assembly, and addresses where no function begins', async () => {
    const executable = await goTarget('types');
    using binary = openGoBinary(executable);
    using elf = new ElfFile(executable);
    const dwarf = openDwarf(elf);
    const [assembly] = binary.functionsNamed('runtime.memmove').filter((fn) => fn.isAssembly);
    assert.ok(assembly !== undefined);
    assert.match(dwarf.signature(assembly).unavailable ?? '', /assembly/);
    const [main] = binary.functionsNamed('main.main');
    assert.ok(main !== undefined);
    for (const entryVaddr of [main.entryVaddr + 1, 0, -1, 2 ** 52, Number.NaN]) {
      assert.equal(dwarf.signature({ name: 'main.main', entryVaddr }).unavailable, 'not in the debug information');
    }
  });

  test('without debug information', async () => {
    using elf = new ElfFile(await goTarget('types', { ldflags: '-w' }));
    const dwarf = openDwarf(elf);
    assert.match(dwarf.signature({ name: 'main.main', entryVaddr: 0 }).unavailable ?? '', /-w or -s/);
    assert.equal(dwarf.type('main.Node'), undefined);
    dwarf.release();
  });
});

function text({ value, unavailable }: Found<GoSignature>): string {
  if (value === undefined) return unavailable;
  const reason = value.resultsUnavailable === undefined ? '' : ` but: ${value.resultsUnavailable}`;
  return `${listed(value.parameters)} ${listed(value.results)}${reason}`;
}

function listed(parameters: readonly GoParameter[]): string {
  return `(${parameters.map(({ name, type }) => (name === '' ? type.name : `${name} ${type.name}`)).join(', ')})`;
}
