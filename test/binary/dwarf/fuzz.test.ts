/** A real program's debug information with random damage: every answer is a value or a BinaryError, and comes in time. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { BinaryError } from '../../../src/binary/binary-error.ts';
import { openDwarf } from '../../../src/binary/dwarf/dwarf.ts';
import { ElfFile } from '../../../src/binary/elf-file.ts';
import type { GoType } from '../../../src/binary/go-type.ts';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import fc from '../../support/fast-check.ts';
import { goTarget } from '../../support/go-target.ts';
import { sectionsOf } from './dwarf-writer.ts';

const sectionNames = [
  '.debug_info',
  '.debug_abbrev',
  '.debug_ranges',
  '.debug_rnglists',
  '.debug_addr',
  '.debug_loc',
] as const;

/** `at` is a fraction of the section. */
interface Damage {
  readonly section: (typeof sectionNames)[number];
  readonly at: number;
  readonly bytes: Uint8Array;
}

const interesting = [
  [0],
  [0xff],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x00, 0x00, 0x00, 0x80],
];

const damage: fc.Arbitrary<Damage> = fc.record({
  section: fc.constantFrom(...sectionNames),
  at: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.001, noNaN: true })),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.constantFrom(...interesting).map((bytes) => Uint8Array.from(bytes)),
  ),
});

for (const go of ['1.22', '1.26']) {
  describe(`damaged debug information of Go ${go}`, () => {
    const original: Partial<Record<string, Uint8Array>> = {};
    const functions: { name: string; entryVaddr: number }[] = [];

    before(async () => {
      const executable = await goTarget('types', { go });
      using elf = new ElfFile(executable);
      for (const name of sectionNames) {
        const section = elf.debugSection(name);
        if (section !== undefined) original[name] = elf.sectionContent(section);
      }
      using binary = openGoBinary(executable);
      const all = [...binary.functions()];
      functions.push(...all.filter((fn, index) => fn.name.startsWith('main.') || index % 40 === 0));
      assert.ok(functions.length > 80);
    });

    test('bytes overwritten', () => {
      fc.assert(
        fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (all) => {
          const contents = { ...original };
          for (const { section, at, bytes } of all) {
            const content = contents[section];
            if (content === undefined) continue;
            const changed = Uint8Array.from(content);
            changed.set(bytes.subarray(0, changed.length), Math.floor(at * Math.max(0, changed.length - bytes.length)));
            contents[section] = changed;
          }
          ask(contents, functions);
        }),
        { numRuns: 150 },
      );
    });

    test('sections cut short', () => {
      fc.assert(
        fc.property(fc.constantFrom(...sectionNames), fc.double({ min: 0, max: 1, noNaN: true }), (section, at) => {
          const content = original[section];
          if (content === undefined) return;
          ask({ ...original, [section]: content.subarray(0, Math.floor(at * content.length)) }, functions);
        }),
        { numRuns: 60 },
      );
    });
  });
}

test('nonsense', () => {
  const bytes = fc.uint8Array({ maxLength: 400 });
  fc.assert(
    fc.property(bytes, bytes, bytes, (info, abbrev, rest) => {
      ask(
        {
          '.debug_info': info,
          '.debug_abbrev': abbrev,
          '.debug_ranges': rest,
          '.debug_rnglists': rest,
          '.debug_loc': rest,
        },
        [{ name: 'main.main', entryVaddr: 0x401000 }],
      );
    }),
    { numRuns: 500 },
  );
});

/** Asks for signatures and types, and walks them; a BinaryError is an answer too. */
function ask(
  contents: Partial<Record<string, Uint8Array>>,
  functions: readonly { readonly name: string; readonly entryVaddr: number }[],
): void {
  const present = Object.entries(contents).flatMap(([name, content]) => (content ? [[name, content] as const] : []));
  const dwarf = openDwarf(sectionsOf(Object.fromEntries(present)));
  for (const fn of functions) {
    const { value, unavailable } = dwarf.signature(fn);
    assert.equal(value === undefined, typeof unavailable === 'string');
    for (const offset of dwarf.argumentOffsets(fn).values()) assert.ok(offset >= 0);
    for (const { type } of [...(value?.parameters ?? []), ...(value?.results ?? [])]) walk(() => type, 3);
  }
  for (const name of ['main.Everything', 'runtime.g', 'error', 'main.none']) walk(() => dwarf.type(name), 6);
}

function walk(typeOf: () => GoType | undefined, depth: number): void {
  try {
    const type = typeOf();
    if (type === undefined) return;
    assert.ok(type.sizeBytes >= 0 && type.alignBytes >= 1 && typeof type.name === 'string');
    assert.ok(type.length === undefined || type.length >= 0);
    assert.equal(type.fields !== undefined, type.kind === 'struct');
    if (depth === 0) return;
    for (const field of (type.fields ?? []).slice(0, 40)) walk(() => field.type, depth - 1);
    walk(() => type.elem, depth - 1);
    walk(() => type.key, depth - 1);
  } catch (error) {
    if (!(error instanceof BinaryError)) throw error;
    assert.match(error.message, /^crafted: \.debug_\w+/);
  }
}
