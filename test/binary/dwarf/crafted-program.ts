/** Small programs with debug information as Go writes it, to be damaged by tests. */
import assert from 'node:assert/strict';
import { BinaryError } from '../../../src/binary/binary-error.ts';
import { type Dwarf, openDwarf } from '../../../src/binary/dwarf/dwarf.ts';
import type { GoSignature } from '../../../src/binary/go-type.ts';
import { abbreviation, type Bytes, flatten, headerBytes, sectionsOf, text, u32, u64, unit4 } from './dwarf-writer.ts';

export const Code = {
  unit: 1,
  function: 2,
  parameter: 3,
  copyOfParameter: 4,
  struct: 5,
  field: 6,
  typedef: 7,
  array: 8,
  range: 9,
  int: 10,
  pointer: 11,
  copyOfFunction: 12,
  block: 13,
} as const;

/** Names, tags and forms as Go writes them; strings and references in place. */
export const abbreviations: Bytes = [
  // compile_unit: name string, language data1, low_pc addr, ranges sec_offset
  abbreviation(Code.unit, 0x11, true, [
    [0x03, 0x08],
    [0x13, 0x0b],
    [0x11, 0x01],
    [0x55, 0x17],
  ]),
  // subprogram: name string, low_pc addr
  abbreviation(Code.function, 0x2e, true, [
    [0x03, 0x08],
    [0x11, 0x01],
  ]),
  // formal_parameter: name string, variable_parameter flag, type ref_addr
  abbreviation(Code.parameter, 0x05, false, [
    [0x03, 0x08],
    [0x4b, 0x0c],
    [0x49, 0x10],
  ]),
  // formal_parameter: abstract_origin ref_addr
  abbreviation(Code.copyOfParameter, 0x05, false, [[0x31, 0x10]]),
  // structure_type: name string, byte_size udata, go_kind data1
  abbreviation(Code.struct, 0x13, true, [
    [0x03, 0x08],
    [0x0b, 0x0f],
    [0x2900, 0x0b],
  ]),
  // member: name string, data_member_location udata, type ref_addr
  abbreviation(Code.field, 0x0d, false, [
    [0x03, 0x08],
    [0x38, 0x0f],
    [0x49, 0x10],
  ]),
  // typedef: name string, type ref_addr
  abbreviation(Code.typedef, 0x16, false, [
    [0x03, 0x08],
    [0x49, 0x10],
  ]),
  // array_type: name string, type ref_addr, byte_size udata, go_kind data1
  abbreviation(Code.array, 0x01, true, [
    [0x03, 0x08],
    [0x49, 0x10],
    [0x0b, 0x0f],
    [0x2900, 0x0b],
  ]),
  // subrange_type: count udata
  abbreviation(Code.range, 0x21, false, [[0x37, 0x0f]]),
  // base_type: name string, byte_size data1, go_kind data1
  abbreviation(Code.int, 0x24, false, [
    [0x03, 0x08],
    [0x0b, 0x0b],
    [0x2900, 0x0b],
  ]),
  // pointer_type: name string, type ref_addr, go_kind data1
  abbreviation(Code.pointer, 0x0f, false, [
    [0x03, 0x08],
    [0x49, 0x10],
    [0x2900, 0x0b],
  ]),
  // subprogram: abstract_origin ref_addr, low_pc addr
  abbreviation(Code.copyOfFunction, 0x2e, true, [
    [0x31, 0x10],
    [0x11, 0x01],
  ]),
  // lexical_block
  abbreviation(Code.block, 0x0b, true, []),
  0,
];

export const pc = 0x401000;
export const ranges: Bytes = [u64(0), u64(0x1000), u64(0), u64(0)];

/**
 * One unit of the package `runtime` with these entries. Each may refer to others by their index: `at(index)` is the
 * offset of an entry as 4 bytes.
 */
export function program(
  entries: readonly ((at: (index: number) => number[]) => Bytes)[],
  more: Record<string, Bytes> = {},
): Dwarf {
  const root = [Code.unit, text('runtime'), 0x16, u64(pc), u32(0)];
  const sizes = entries.map((entry) => flatten(entry(() => u32(0))).length);
  const start = headerBytes + flatten(root).length;
  const at = (index: number) => u32(sizes.slice(0, index).reduce((sum, size) => sum + size, start));
  const info = unit4([root, entries.map((entry) => entry(at)), 0]);
  return openDwarf(
    sectionsOf({ '.debug_info': info, '.debug_abbrev': abbreviations, '.debug_ranges': ranges, ...more }),
  );
}

export const int = (): Bytes => [Code.int, text('int'), 8, 2];
export const fn = (...children: Bytes[]): Bytes => [Code.function, text('main.f'), u64(pc), children, 0];

export function signature(dwarf: Dwarf): GoSignature | string {
  const found = dwarf.signature({ name: 'main.f', entryVaddr: pc });
  return found.value ?? found.unavailable;
}

/** Asserts that there is a BinaryError with this message, which names the place. */
export function refused(use: () => unknown, message: RegExp): void {
  assert.throws(use, (error) => {
    assert.ok(error instanceof BinaryError, String(error));
    assert.match(error.message, message);
    assert.match(error.message, /^crafted: \.debug_\w+\+0x[0-9a-f]+: /);
    return true;
  });
}
