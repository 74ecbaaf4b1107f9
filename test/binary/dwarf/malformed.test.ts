/** Debug information that is cut short, lies about lengths or leads in circles. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openDwarf } from '../../../src/binary/dwarf/dwarf.ts';
import type { GoType } from '../../../src/binary/go-type.ts';
import { abbreviations, Code, fn, int, pc, program, ranges, refused, signature } from './crafted-program.ts';
import {
  abbreviation,
  type Bytes,
  flatten,
  headerBytes,
  sectionsOf,
  text,
  u16,
  u32,
  u64,
  uleb,
  unit4,
} from './dwarf-writer.ts';

/** Everything that is reachable by value and a bit more. */
function visit(type: GoType | undefined, depth = 0): void {
  if (type === undefined || depth > 300) return;
  assert.ok(type.alignBytes >= 1 && type.sizeBytes >= 0);
  for (const field of type.fields ?? []) visit(field.type, depth + 1);
  visit(type.elem, depth + 1);
  visit(type.key, depth + 1);
}

describe('crafted debug information', () => {
  test('sound, to begin with', () => {
    const dwarf = program([
      int,
      (at) => fn([Code.parameter, text('n'), 0, at(0)], [Code.parameter, text('~r0'), 1, at(2)]),
      (at) => [Code.pointer, text('*main.T'), at(3), 22],
      (at) => [Code.typedef, text('main.T'), at(4)],
      (at) => [
        Code.struct,
        text('main.T'),
        16,
        25,
        Code.field,
        text('next'),
        8,
        at(2),
        Code.field,
        text('n'),
        0,
        at(0),
        0,
      ],
    ]);
    const found = signature(dwarf);
    assert.ok(typeof found !== 'string', String(found));
    assert.deepEqual(
      found.parameters.map(({ name, type }) => `${name} ${type.name}`),
      ['n int'],
    );
    const [result] = found.results;
    assert.equal(result?.name, '');
    assert.equal(result.type.elem?.fields?.[0]?.type.elem, dwarf.type('main.T'));
    assert.equal(dwarf.type('main.T')?.alignBytes, 8);
  });

  test('typedefs that lead to each other', () => {
    const dwarf = program([
      (at) => fn([Code.parameter, text('x'), 0, at(1)]),
      (at) => [Code.typedef, text('main.A'), at(2)],
      (at) => [Code.typedef, text('main.B'), at(1)],
      (at) => [Code.typedef, text('.param0'), at(3)],
    ]);
    assert.match(
      String(signature(dwarf)),
      /crafted: \.debug_info\+0x[0-9a-f]+: more than 8 typedefs lead to each other/,
    );
    refused(() => dwarf.type('main.A'), /typedefs/);
    refused(() => dwarf.type('.param0'), /typedefs/);
  });

  test('abstract origins that lead to each other', () => {
    const dwarf = program([(at) => [Code.copyOfFunction, at(0), u64(pc), 0], (at) => [Code.copyOfParameter, at(1)]]);
    assert.match(String(signature(dwarf)), /abstract origins lead to each other/);
    const parameter = program([(at) => fn([Code.copyOfParameter, at(1)]), (at) => [Code.copyOfParameter, at(1)]]);
    assert.match(String(signature(parameter)), /abstract origins lead to each other/);
  });

  test('types that contain themselves', () => {
    const dwarf = program([
      (at) => [Code.struct, text('main.S'), 8, 25, Code.field, text('s'), 0, at(0), Code.field, text('t'), 0, at(0), 0],
      (at) => [Code.array, text('main.A'), at(1), 8, 17, Code.range, 1, 0],
      (at) => [Code.pointer, text('main.P'), at(2), 22],
    ]);
    refused(() => dwarf.type('main.S')?.fields, /nested more than/);
    refused(() => dwarf.type('main.S')?.alignBytes, /nested more than/);
    refused(() => dwarf.type('main.A')?.elem, /nested more than/);
    visit(dwarf.type('main.P'));
  });

  test('wide structs nested deep are measured once each', () => {
    const layers = 90;
    const dwarf = program([
      int,
      ...Array.from(
        { length: layers },
        (_, layer) =>
          (at: (index: number) => number[]): Bytes => [
            [Code.struct, text(`main.L${layer}`), uleb(8), 25],
            Array.from({ length: 20 }, () => [Code.field, text('f'), 0, at(layer)]),
            0,
          ],
      ),
    ]);
    assert.equal(dwarf.type(`main.L${layers - 1}`)?.alignBytes, 8);
  });

  test('parts that do not fit', () => {
    const dwarf = program([
      int,
      (at) => [Code.struct, text('main.Outside'), 8, 25, Code.field, text('n'), uleb(1), at(0), 0],
      (at) => [Code.struct, text('main.Far'), 8, 25, Code.field, text('n'), uleb(2 ** 52), at(0), 0],
      (at) => [Code.array, text('main.Long'), at(0), 8, 17, Code.range, uleb(2 ** 52), 0],
      (at) => [Code.array, text('main.NoLength'), at(0), 8, 17, 0],
      () => [Code.int, text('main.Odd'), 3, 2],
      () => [Code.int, text('main.NoKind'), 8, 31],
      (at) => [Code.pointer, text('main.Wrong'), at(0), 21],
    ]);
    refused(() => dwarf.type('main.Outside')?.fields, /field of 8 bytes at 1 is outside/);
    refused(() => dwarf.type('main.Far')?.fields, /outside/);
    refused(() => dwarf.type('main.Long')?.elem, /4503599627370496 elements of 8 bytes/);
    refused(() => dwarf.type('main.NoLength')?.length, /no length/);
    refused(() => dwarf.type('main.Odd'), /can't have 3 bytes/);
    refused(() => dwarf.type('main.NoKind'), /no Go type/);
    refused(() => dwarf.type('main.Wrong'), /no Go type/);
  });

  test('types with types within them', () => {
    const inner: Bytes = [Code.struct, text('main.Inner'), 0, 25, 0];
    const dwarf = program([() => [Code.struct, text('main.Outer'), 0, 25, inner, 0]]);
    refused(() => dwarf.type('main.Outer')?.fields, /a part of a type has parts/);
  });

  test('references to nowhere', () => {
    for (const offset of [0, 5, 0x7fffffff, 0xffffffff]) {
      const dwarf = program([() => fn([Code.parameter, text('x'), 0, u32(offset)])]);
      assert.match(String(signature(dwarf)), /no unit has entries/);
    }
    const toNull = program([
      () => [Code.block, 0],
      (at) => fn([Code.parameter, text('x'), 0, at(1).map((byte, index) => (index === 0 ? byte - 1 : byte))]),
    ]);
    assert.match(String(signature(toNull)), /end of a list/);
    const toFunction = program([(at) => fn([Code.parameter, text('x'), 0, at(0)])]);
    assert.match(String(signature(toFunction)), /no Go type/);
  });

  test('lists of entries without an end, and ends without a list', () => {
    const open = program([() => [Code.function, text('main.f'), u64(pc), Code.block]]);
    assert.match(String(signature(open)), /\.debug_info\+0x[0-9a-f]+: 1 bytes wanted, but 0 are left/);
    const closed = program([() => [0, 0, 0], () => fn()]);
    assert.equal(signature(closed), 'not in the debug information');
    const deep = program([() => new Array(300_000).fill(Code.block), int]);
    assert.match(String(signature(deep)), /1 bytes wanted/);
    refused(() => deep.type('int'), /1 bytes wanted/);
  });

  test('damage in one function is no damage to others', () => {
    const dwarf = program([
      () => [Code.function, text('main.g'), u64(pc + 16), Code.parameter, text('x'), 0, u32(3), 0],
      () => fn(),
      () => [99],
    ]);
    assert.match(dwarf.signature({ name: 'main.g', entryVaddr: pc + 16 }).unavailable ?? '', /no unit has entries/);
    assert.deepEqual(signature(dwarf), { parameters: [], results: [] });
    const behind = () => dwarf.signature({ name: 'main.h', entryVaddr: pc + 32 }).unavailable ?? '';
    assert.match(behind(), /abbreviation 99 is not in the unit's table/);
    assert.equal(behind(), behind());
    assert.deepEqual(signature(dwarf), { parameters: [], results: [] });
  });

  test('units with false headers', () => {
    const of = (info: Bytes) =>
      openDwarf(sectionsOf({ '.debug_info': info, '.debug_abbrev': abbreviations, '.debug_ranges': ranges }));
    const cases: readonly (readonly [info: Bytes, message: RegExp])[] = [
      [[1, 2, 3], /4 bytes wanted/],
      [[...u32(100), 4, 0], /100 bytes wanted/],
      [u32(0xfffffff0), /reserved/],
      [[u32(0xffffffff), u32(0), u32(0x80000000)], /beyond 2\^53/],
      [[u32(0xffffffff), u64(2 ** 52)], /4503599627370496 bytes wanted/],
      [[u32(1), 4], /2 bytes wanted/],
      [unit4([]).map((byte, index) => (index === headerBytes - 1 ? 4 : byte)), /addresses have 4 bytes/],
      [unit4([]), /1 bytes wanted/],
      [unit4([77]), /abbreviation 77/],
    ];
    for (const [info, message] of cases) {
      const dwarf = of(info);
      assert.match(String(signature(dwarf)), message);
      refused(() => dwarf.type('int'), message);
    }
    assert.equal(signature(of([])), 'not in the debug information');
    // A unit of a version that is not known is passed over, and so is one that holds no code.
    assert.equal(
      signature(of([...u32(2), ...u16(9), ...u32(8), ...u16(5), 4, 8, 0, 0, 0, 0])),
      'not in the debug information',
    );
  });

  test('abbreviations that cost more than they are worth', () => {
    const root = unit4([Code.unit, text('runtime'), 0x16, u64(pc), u32(0), 0]);
    const of = (abbrev: Bytes, info: Bytes = root) =>
      openDwarf(sectionsOf({ '.debug_info': info, '.debug_abbrev': abbrev, '.debug_ranges': ranges }));
    const endless = [uleb(1), uleb(0x11), 1, new Array(1_000_000).fill([0x3c, 0x19])];
    assert.match(String(signature(of(endless))), /more than 128 attributes/);
    assert.match(String(signature(of([1, 0x11]))), /\.debug_abbrev\+0x2: 1 bytes wanted/);
    assert.match(String(signature(of([]))), /\.debug_abbrev\+0x0/);
    const unknownForm = abbreviation(1, 0x11, true, [
      [0x03, 0x7e],
      [0x13, 0x0b],
    ]);
    assert.match(
      String(signature(of([unknownForm, 0], unit4([1, 0])))),
      /the size of a value of the form 0x7e is unknown/,
    );
    // 20,000 units, each with a table that begins one abbreviation behind the one before and goes on to the end.
    const table = flatten([new Array(50_000).fill([2, 0x11, 0, 0, 0]), 1, 0x11, 0, 0, 0, 0]);
    const units = Array.from({ length: 20_000 }, (_, index) => [u32(8), u16(4), u32(index * 5), 8, 1]);
    assert.match(String(signature(of(table, units))), /more than 500000 abbreviations/);
  });

  test('range lists that many units share', () => {
    const entries = [Code.unit, text('p'), 0x16, u64(pc), u32(0), 0];
    const units = new Array(20_000).fill(unit4(entries)).flat();
    const long = flatten([new Array(1_000).fill([u64(1), u64(2)]), u64(0), u64(0)]);
    const dwarf = openDwarf(
      sectionsOf({ '.debug_info': Uint8Array.from(units), '.debug_abbrev': abbreviations, '.debug_ranges': long }),
    );
    assert.match(String(signature(dwarf)), /more than 500000 address ranges/);
    const endless = program([() => fn()], { '.debug_ranges': [u64(0), u64(0x1000)] });
    assert.match(String(signature(endless)), /\.debug_ranges\+0x10/);
  });

  test('sections that are missing', () => {
    const info = unit4([Code.unit, text('runtime'), 0x16, u64(pc), u32(0), 0]);
    assert.match(String(signature(openDwarf(sectionsOf({ '.debug_info': info })))), /no debug information/);
    const without = openDwarf(sectionsOf({ '.debug_info': info, '.debug_abbrev': abbreviations }));
    assert.match(String(signature(without)), /crafted: \.debug_ranges: the file has no such section/);
  });
});
