/** Encodings that DWARF 5 allows and Go's own linker does not use. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDwarf } from '../../../src/binary/dwarf/dwarf.ts';
import { abbreviation, type Bytes, flatten, sectionsOf, text, u16, u32, u64, uleb } from './dwarf-writer.ts';

const pc = 0x401000;

test('64-bit DWARF 5 with texts, addresses and ranges by index', () => {
  const wide = (value: number) => u64(value);
  const abbreviations: Bytes = [
    // compile_unit: name strx1, language implicit_const, low_pc addrx, ranges rnglistx, str_offsets_base, addr_base,
    // rnglists_base sec_offset
    abbreviation(1, 0x11, true, [
      [0x03, 0x25],
      [0x13, 0x21, 0x16],
      [0x11, 0x1b],
      [0x55, 0x23],
      [0x72, 0x17],
      [0x73, 0x17],
      [0x74, 0x17],
    ]),
    // subprogram: low_pc addrx2, external flag_present, frame_base exprloc, name line_strp
    abbreviation(2, 0x2e, true, [
      [0x11, 0x2a],
      [0x3f, 0x19],
      [0x40, 0x18],
      [0x03, 0x1f],
    ]),
    // formal_parameter: type ref_udata, variable_parameter implicit_const is no flag, so flag_present; name strx4
    abbreviation(3, 0x05, false, [
      [0x49, 0x15],
      [0x4b, 0x19],
      [0x03, 0x28],
    ]),
    // base_type: location block2, name strp, byte_size sdata, go_kind implicit_const
    abbreviation(4, 0x24, false, [
      [0x02, 0x03],
      [0x03, 0x0e],
      [0x0b, 0x0d],
      [0x2900, 0x21, 0x02],
    ]),
    // a form of another compiler, which only matters where it is used
    abbreviation(5, 0x34, false, [[0x02, 0x1f01]]),
    0,
  ];
  const base = 16;
  const headerBytes = 12 + 2 + 1 + 1 + 8;
  const root = flatten([1, 1, 0, 0, wide(base), wide(8), wide(base)]);
  const int = flatten([4, u16(3), 9, 9, 9, wide(5), 8]);
  const intOffset = headerBytes + root.length;
  const fn = flatten([2, u16(1), uleb(1), 0x9c, wide(0), 3, uleb(intOffset), u32(0), 0]);
  const body = flatten([u16(5), 1, 8, wide(0), root, int, fn, 0]);
  const dwarf = openDwarf(
    sectionsOf({
      '.debug_info': [u32(0xffffffff), u64(body.length), body],
      '.debug_abbrev': abbreviations,
      '.debug_str': [text('size'), text('int'), text('runtime')],
      '.debug_line_str': text('main.f'),
      '.debug_str_offsets': [new Array(base).fill(0xee), wide(0), wide(9)],
      '.debug_addr': [new Array(8).fill(0xee), u64(pc), u64(pc + 0x20)],
      // From the base: one offset, then the list: start_endx is not here, startx_length, start_length, end.
      '.debug_rnglists': [new Array(base).fill(0xee), wide(8), 3, 0, uleb(0x10), 7, u64(pc + 0x20), uleb(0x10), 0],
    }),
  );
  const found = dwarf.signature({ name: 'main.f', entryVaddr: pc + 0x20 });
  assert.deepEqual(
    found.value?.results.map(({ name, type }) => [name, type.name, type.kind, type.sizeBytes]),
    [['size', 'int', 'int', 8]],
    found.unavailable,
  );
  assert.equal(dwarf.signature({ name: 'main.f', entryVaddr: pc + 0x10 }).unavailable, 'not in the debug information');
  assert.equal(dwarf.type('int')?.alignBytes, 8);
});

test('range lists of every kind', () => {
  const abbreviations: Bytes = [
    abbreviation(1, 0x11, true, [
      [0x03, 0x08],
      [0x13, 0x0b],
      [0x11, 0x01],
      [0x55, 0x17],
      [0x73, 0x17],
    ]),
    abbreviation(2, 0x2e, false, [[0x11, 0x01]]),
    0,
  ];
  const starts = [0x100000, 0x200000, 0x300000, 0x400000, 0x500000, 0x600000, 0x700000];
  const body = flatten([
    u16(5),
    1,
    8,
    u32(0),
    1,
    text('main'),
    0x16,
    u64(0x100010),
    u32(0),
    u32(0),
    starts.map((start) => [2, u64(start)]),
    0,
  ]);
  const minus16 = [0xf0, ...new Array(8).fill(0xff), 0x01];
  const dwarf = openDwarf(
    sectionsOf({
      '.debug_info': [u32(body.length), body],
      '.debug_abbrev': abbreviations,
      '.debug_addr': [0x200000, 0x200010, 0x300000, 0x400000].map(u64),
      '.debug_rnglists': [
        [4, minus16, uleb(0x10)], // offset_pair from the unit's low_pc: [-16, 16)
        [2, 0, 1], // startx_endx
        [3, 2, 0x10], // startx_length
        [1, 3, 4, 0, 0x10], // base_addressx, offset_pair
        [5, u64(0x4ffff0), 4, 0x10, 0x20], // base_address, offset_pair
        [6, u64(0x600000), u64(0x600010)], // start_end
        [7, u64(0x700000), 0x10], // start_length
        0,
      ],
    }),
  );
  for (const entryVaddr of starts) {
    assert.deepEqual(
      dwarf.signature({ name: 'main.f', entryVaddr }).value,
      { parameters: [], results: [] },
      String(entryVaddr),
    );
  }
});

test('range lists of DWARF 4 with negative offsets and new bases', () => {
  const minus1 = new Array(8).fill(0xff);
  const body = flatten([
    u16(4),
    u32(0),
    8,
    1,
    text('main'),
    0x16,
    u64(0x400000),
    u32(0),
    [0x3ff000, 0x400000, 0x500000].map((start) => [2, u64(start)]),
    0,
  ]);
  const dwarf = openDwarf(
    sectionsOf({
      '.debug_info': [u32(body.length), body],
      '.debug_abbrev': [
        abbreviation(1, 0x11, true, [
          [0x03, 0x08],
          [0x13, 0x0b],
          [0x11, 0x01],
          [0x55, 0x17],
        ]),
        abbreviation(2, 0x2e, false, [[0x11, 0x01]]),
        0,
      ],
      '.debug_ranges': [
        [0x00, 0xf0, ...minus1.slice(2)],
        [0x10, 0xf0, ...minus1.slice(2)],
        u64(0),
        u64(0x10),
        minus1,
        u64(0x500000),
        u64(0),
        u64(0x10),
        u64(0),
        u64(0),
      ],
    }),
  );
  for (const entryVaddr of [0x3ff000, 0x400000, 0x500000]) {
    assert.ok(dwarf.signature({ name: 'main.f', entryVaddr }).value, entryVaddr.toString(16));
  }
  assert.equal(dwarf.signature({ name: 'main.f', entryVaddr: 0x3ff010 }).unavailable, 'not in the debug information');
});
