import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { GoBinary, GoFunction } from '../../src/binary/go-binary.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { goToolchain } from '../support/go-target.ts';
import { build, everyBuild, everyVersion, sourceLines, type TextSymbol, textSymbols } from './go-tools.ts';

/** FuncIDWrapper of each release (internal/abi/symtab.go; before 1.21 internal/objabi). */
const wrapperIds: Readonly<Record<string, number>> = {
  '1.15': 22,
  '1.16': 22,
  '1.17': 22,
  '1.18': 21,
  '1.22': 22,
  '1.23': 22,
  '1.24': 22,
  '1.25': 23,
  '1.26': 23,
  '1.27': 23,
};

for (const [go, variant] of everyBuild) {
  test(`Go ${go} ${variant}: functions and lines are those of the twin with symbols`, async () => {
    const { path, twin } = await build(go, variant);
    using binary = openGoBinary(path);
    const symbols = (await textSymbols(twin)).filter(({ sizeBytes }) => sizeBytes > 0);
    assert.ok(symbols.length > 1000);
    assert.deepEqual(
      symbols.map((symbol) => difference(binary, symbol)).filter((text) => text !== ''),
      [],
    );

    const functions = [...binary.functions()];
    assert.equal(functions.length, binary.functionCount);
    const listed = new Set(symbols.map(({ vaddr }) => vaddr));
    assert.deepEqual(
      functions.filter(({ entryVaddr }) => !listed.has(entryVaddr)).map(({ name }) => name),
      [],
    );
    // Each is found by its name as well.
    for (const fn of functions.filter((_, index) => index % 97 === 0)) {
      assert.ok(
        binary.functionsNamed(fn.name).some(({ entryVaddr }) => entryVaddr === fn.entryVaddr),
        fn.name,
      );
    }

    // Every 31st function: its entry and an address within.
    const sample = functions.filter((_, index) => index % 31 === 0);
    const vaddrs = sample.flatMap((fn) => [fn.entryVaddr, Math.floor((fn.entryVaddr + fn.endVaddr) / 2)]);
    const expected = await sourceLines(twin, vaddrs);
    const found = vaddrs.map((vaddr) => {
      const place = binary.sourceLine(vaddr);
      return place === undefined ? '?' : `${place.file}:${place.line}`;
    });
    assert.ok(new Set(found).size > 60);
    // The twin may have been built in another checkout, which has the same sources elsewhere.
    const within = (place: string): string => place.replace(/^.*\/test\/targets\//, '');
    assert.deepEqual(found.map(within), expected.map(within));
  });
}

for (const go of everyVersion) {
  test(`Go ${go}: wrappers and assembly are told apart`, async () => {
    const { path } = await build(go, 'default');
    using binary = openGoBinary(path);
    const only = (name: string): GoFunction => {
      const found = binary.functionsNamed(name);
      assert.equal(found.length, 1, name);
      return found[0] as GoFunction;
    };
    const ownMethod = binary.buildInfo.path.endsWith('/plain') ? 'main.(*Shop).Charge' : 'main.(*Order).ByPointer';
    assert.deepEqual(flagsOf(only('runtime.gopanic')), { isWrapper: false, isAssembly: false });
    assert.deepEqual(flagsOf(only(ownMethod)), { isWrapper: false, isAssembly: false });
    assert.deepEqual(flagsOf(only('runtime.gogo')), { isWrapper: false, isAssembly: true });
    const wrapper = [...binary.functions()].find(({ isWrapper }) => isWrapper);
    assert.equal(wrapper?.funcId, wrapperIds[go]);

    // An ABI0 function and its ABIInternal face have one name, and one of the two is the wrapper of the other. (Of
    // reflect's callMethod and callReflect both are.)
    const abi0 = (await textSymbols(path)).filter(({ name }) => name.endsWith('.abi0'));
    const pairs = abi0.map((symbol) => binary.functionsNamed(symbol.name.replace(/\.abi0$/, '')));
    const shared = pairs.filter((pair) => pair.length === 2 && !pair[0]?.name.startsWith('reflect.call'));
    // There are two ABIs since Go 1.17.
    assert.ok(go < '1.17' ? shared.length === 0 : shared.length > 10, `${shared.length}`);
    for (const pair of shared) assert.equal(pair.filter(({ isWrapper }) => isWrapper).length, 1, pair[0]?.name);
  });
}

test('names are found exactly, not as parts of other names', async () => {
  const { path } = await build('1.26', 'default');
  using binary = openGoBinary(path);
  for (const name of ['', 'main', 'ain.main', 'main.mai', 'main.main\0', 'no.such', '*']) {
    assert.deepEqual(binary.functionsNamed(name), [], JSON.stringify(name));
  }
  const [main] = binary.functionsNamed('main.main');
  assert.equal(main?.name, 'main.main');
  assert.equal(JSON.parse(JSON.stringify(main)).name, 'main.main');
});

test('outside of the text there is neither function nor line', async () => {
  const { path } = await build('1.26', 'default');
  using binary = openGoBinary(path);
  const all = [...binary.functions()];
  for (const vaddr of [0, -1, (all[0]?.entryVaddr ?? 0) - 1, all.at(-1)?.endVaddr ?? 0, 2 ** 63, Number.NaN]) {
    assert.equal(binary.functionAt(vaddr), undefined, String(vaddr));
    assert.equal(binary.sourceLine(vaddr), undefined, String(vaddr));
  }
});

test('the go command itself, 15,000 functions: addresses lead to the code in the file', async () => {
  const { go } = await goToolchain();
  using binary = openGoBinary(go);
  assert.ok(binary.functionCount > 10_000);
  const file = readFileSync(go);
  // The stack check of ABIInternal: cmp rsp, [r14+16]; jbe.
  const check = Buffer.from([0x49, 0x3b, 0x66, 0x10]);
  let checked = 0;
  for (const fn of binary.functions()) {
    const offset = binary.fileOffset(fn.entryVaddr);
    if (check.equals(binary.read(fn.entryVaddr, 4)) && check.equals(file.subarray(offset, offset + 4))) checked++;
  }
  assert.ok(checked > binary.functionCount / 2, `${checked} of ${binary.functionCount}`);
});

function flagsOf({ isWrapper, isAssembly }: GoFunction): { isWrapper: boolean; isAssembly: boolean } {
  return { isWrapper, isAssembly };
}

/** Empty if the function at the symbol's address agrees with it; padding up to the next function belongs to it. */
function difference(binary: GoBinary, { name, vaddr, sizeBytes }: TextSymbol): string {
  const fn = binary.functionAt(vaddr);
  const end = vaddr + sizeBytes;
  // ELF symbols carry the ABI, and a full stop for the middle dot of compiler-made names.
  const plainName = name.replace(/\.abi0$/, '');
  const found = fn?.name.replaceAll('·', '.');
  // The linker of 1.18 to 1.20 shortens whatever is in brackets.
  const sameName = found === plainName || found === plainName.replace(/\[.*\]/s, '[...]');
  if (sameName && fn?.entryVaddr === vaddr && fn.endVaddr >= end && fn.endVaddr < end + 64) return '';
  return `${name} [${vaddr}, ${end}) is ${JSON.stringify(fn)}`;
}
