import { once } from '../once.ts';
import { Attribute, Tag } from './constants.ts';
import type { DebugInfo } from './debug-info.ts';
import { sourceName } from './type-names.ts';
import { maxNameBytes } from './type-reader.ts';
import type { Entry } from './unit.ts';

/** Jaeger (121 MB) has 72,000. */
const maxTypes = 2_000_000;

const typeTags: ReadonlySet<number> = new Set([
  Tag.arrayType,
  Tag.baseType,
  Tag.pointerType,
  Tag.structureType,
  Tag.subroutineType,
  Tag.typedef,
]);

/**
 * Finds types by name. Names are not kept, only hashes of them with the offsets of their entries. The linker puts all types
 * of the program into a unit of the package `runtime`
 * (https://github.com/golang/go/blob/go1.26.0/src/cmd/link/internal/ld/dwarf.go, `movetomodule`).
 */
export class TypeIndex {
  readonly #info: DebugInfo;
  readonly #table: () => Uint32Array;

  constructor(info: DebugInfo) {
    this.#info = info;
    this.#table = once(() => this.#build());
  }

  /** Offset of the entry of the type with that name, written as in Go source or as the linker does. */
  find(name: string): number | undefined {
    const wanted = sourceName(name);
    const hash = hashOf(wanted);
    let found: Entry | undefined;
    for (const offset of offsetsOf(this.#table(), hash)) {
      const entry = this.#info.entryAt(offset);
      const linkerName = this.#info.text(entry, Attribute.name, maxNameBytes) ?? '';
      if (sourceName(linkerName) !== wanted) continue;
      // Of several local types with one name, the first; of a named type and what it is defined as, the named one.
      const better = found?.abbreviation.tag !== Tag.typedef && entry.abbreviation.tag === Tag.typedef;
      if (found === undefined || better) found = entry;
    }
    return found?.offset;
  }

  #build(): Uint32Array {
    const pairs: number[] = [];
    for (const { unit, isRuntime } of this.#info.goUnits) {
      if (!isRuntime) continue;
      for (const entry of this.#info.children(this.#info.entryAt(unit.entriesOffset))) {
        if (!typeTags.has(entry.abbreviation.tag)) continue;
        const typeName = this.#info.text(entry, Attribute.name, maxNameBytes);
        if (typeName === undefined) continue;
        if (pairs.length === 2 * maxTypes) this.#info.failAt(entry, `there are more than ${maxTypes} types`);
        pairs.push(hashOf(sourceName(typeName)), entry.offset);
      }
    }
    return hashTable(pairs);
  }
}

/**
 * Pairs of hash and offset, each at the place that the hash's lower bits say, or at the next free one. Offset 0 marks a
 * free place: no entry is there.
 */
function hashTable(pairs: readonly number[]): Uint32Array {
  const places = 2 ** Math.ceil(Math.log2(pairs.length + 2));
  const table = new Uint32Array(2 * places);
  for (let index = 0; index < pairs.length; index += 2) {
    const hash = pairs[index] as number;
    let place = hash & (places - 1);
    while (table[2 * place + 1] !== 0) place = (place + 1) & (places - 1);
    table[2 * place] = hash;
    table[2 * place + 1] = pairs[index + 1] as number;
  }
  return table;
}

function* offsetsOf(table: Uint32Array, hash: number): Generator<number, undefined> {
  const places = table.length / 2;
  for (let place = hash & (places - 1); table[2 * place + 1] !== 0; place = (place + 1) & (places - 1)) {
    if (table[2 * place] === hash) yield table[2 * place + 1] as number;
  }
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
