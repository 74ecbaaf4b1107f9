/** Writes small pieces of DWARF, sound or not, and shows them to the reader as the sections of a file. */
import type { SectionSource } from '../../../src/binary/dwarf/debug-sections.ts';

export type Bytes = Uint8Array | readonly (number | Bytes)[];

export function flatten(bytes: Bytes): Uint8Array {
  const all: number[] = [];
  const add = (part: Bytes): void => {
    for (const item of part) {
      if (typeof item === 'number') all.push(item);
      else add(item);
    }
  };
  add(bytes);
  return Uint8Array.from(all);
}

export function u16(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff];
}

export function u32(value: number): number[] {
  return [...u16(value), ...u16(value >>> 16)];
}

export function u64(value: number): number[] {
  return [...u32(value % 2 ** 32), ...u32(Math.floor(value / 2 ** 32))];
}

export function uleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

export function text(value: string): number[] {
  return [...Buffer.from(value), 0];
}

/** One line of an abbreviation table: attributes with their forms. */
export function abbreviation(code: number, tag: number, hasChildren: boolean, attributes: readonly number[][]): Bytes {
  return [uleb(code), uleb(tag), hasChildren ? 1 : 0, attributes.map((numbers) => numbers.map(uleb)), 0, 0];
}

/** A unit of DWARF 4 with what is in it. */
export function unit4(entries: Bytes): number[] {
  const rest = flatten([u16(4), u32(0), 8, entries]);
  return [...u32(rest.length), ...rest];
}

/** Bytes of a 32-bit unit header of DWARF 4: offsets of entries begin here. */
export const headerBytes = 11;

export function sectionsOf(contents: Readonly<Record<string, Bytes>>): SectionSource {
  const bytes = new Map(
    Object.entries(contents).map(([name, content]) => [
      name,
      content instanceof Uint8Array ? content : flatten(content),
    ]),
  );
  return {
    path: 'crafted',
    debugSection(name) {
      const content = bytes.get(name);
      if (content === undefined) return undefined;
      const sizeBytes = content.length;
      return { name, vaddr: 0, fileOffset: 0, sizeBytes, occupiesFile: true, compressed: false };
    },
    sectionContent: (section) => bytes.get(section.name) ?? new Uint8Array(0),
  };
}
