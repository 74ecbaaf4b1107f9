import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { maxDictionaryWords } from '../../src/binary/dictionary-type.ts';
import type { GoBinary } from '../../src/binary/go-binary.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import fc from '../support/fast-check.ts';
import { type GoTargetOptions, goTarget, goToolchain } from '../support/go-target.ts';
import { DamagedFile } from './damaged-file.ts';

const builds: readonly GoTargetOptions[] = [{ go: '1.18' }, { go: '1.21' }, { go: '1.26', buildmode: 'pie' }];

/** Linked addresses of the dictionaries, by what the linker calls them. */
async function dictionaries(path: string): Promise<Map<string, number>> {
  const { go } = await goToolchain();
  const symbols = execFileSync(go, ['tool', 'nm', path], { encoding: 'utf8', maxBuffer: 64 << 20 });
  const found = new Map<string, number>();
  for (const [, address = '', name = ''] of symbols.matchAll(/^ *([0-9a-f]+) . main\.\.dict\.(.*)$/gm)) {
    found.set(name, Number.parseInt(address, 16));
  }
  return found;
}

/** What the debug information has of a parameter or result. */
function wordOf(binary: GoBinary, functionName: RegExp, parameter: string): number {
  for (const fn of binary.functions()) {
    if (!functionName.test(fn.name)) continue;
    const found = binary.signature(fn).value?.parameters.find(({ name }) => name === parameter)?.dictionaryWord;
    if (found !== undefined) return found;
  }
  assert.fail(`${functionName} has no ${parameter} with a place in the dictionary`);
}

for (const options of builds) {
  test(`dictionaries lead to the types that the linker names them by, ${JSON.stringify(options)}`, async () => {
    const path = await goTarget('generics', options);
    using binary = openGoBinary(path);
    const known = await dictionaries(path);
    const key = wordOf(binary, /^main\.Label\[/, 'key');
    const value = wordOf(binary, /^main\.Label\[/, 'value');
    const items = wordOf(binary, /^main\.Count\[/, 'items');
    let labels = 0;
    let counts = 0;
    for (const [name, vaddr] of known) {
      const [, fn, argument, second] = /^(\w+)\[([^,]+)(?:,(.+))?\]$/.exec(name) ?? [];
      if (fn === 'Label') {
        labels++;
        assert.equal(binary.dictionaryType(vaddr, key).value?.name, argument, name);
        assert.equal(binary.dictionaryType(vaddr, value).value?.name, second, name);
      } else if (fn === 'Count') {
        counts++;
        assert.equal(binary.dictionaryType(vaddr, items).value?.name, `[]${argument}`, name);
      }
    }
    assert.deepEqual([labels, counts], [3, 3]);
  });
}

test('an address of no dictionary, or a word that is no type, gives a reason', async () => {
  const path = await goTarget('generics', { go: '1.26', buildmode: 'pie' });
  using binary = openGoBinary(path);
  const dictionary = [...(await dictionaries(path)).values()][0] ?? assert.fail('no dictionary');
  for (const address of [0, -8, 1, dictionary + 1, 2 ** 47, 2 ** 53, 2 ** 63, Number.NaN]) {
    assert.ok(binary.dictionaryType(address, 0).unavailable, `${address}`);
  }
  for (const word of [-1, 0.5, maxDictionaryWords, Number.NaN]) {
    assert.ok(binary.dictionaryType(dictionary, word).unavailable, `${word}`);
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: binary.sizeBytes * 2 }), fc.nat(0x2_0000), (address, word) => {
      const { value, unavailable } = binary.dictionaryType(address - (address % 8), word);
      assert.ok(value !== undefined || unavailable !== undefined);
    }),
    { numRuns: 2_000 },
  );
});

test('damaged dictionaries give a type or a reason', async () => {
  const path = await goTarget('generics', { go: '1.26' });
  const [dictionary = 0] = (await dictionaries(path)).values();
  using damaged = new DamagedFile(path);
  using intact = openGoBinary(path);
  const fileOffset = intact.fileOffset(dictionary);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.boolean(), (bytes, isNear) => {
      // Near: an address in the file's own data.
      if (isNear) bytes.fill(0, 3);
      damaged.with([{ fileOffset, bytes }], () => {
        using binary = openGoBinary(damaged.path);
        const { value, unavailable } = binary.dictionaryType(dictionary, 0);
        assert.ok(value !== undefined || unavailable !== undefined);
      });
    }),
    { numRuns: 60 },
  );
});
