import { anyPointerShape } from '../any-pointer-shape.ts';
import { hex } from '../binary-error.ts';
import { goKindMask, goKinds } from '../go-kinds.ts';
import type { GoKind } from '../go-type.ts';
import { Attribute, Tag } from './constants.ts';
import type { DebugInfo } from './debug-info.ts';
import { DebugType } from './debug-type.ts';
import { sourceName } from './type-names.ts';
import type { Entry } from './unit.ts';

/** A named interface is three typedefs deep, and nothing is deeper. */
const maxTypedefs = 8;
/** The typedefs that stand for a type parameter within a generic function have no name of their own. */
const typeParameterName = /^\.param\d+$/;

/** The name of an unnamed struct spells it out, with the structs in it. */
export const maxNameBytes = 1024 * 1024;
/** What the types and fields that were read may weigh: 100 bytes each and their names. All of Jaeger's weigh 27 MB. */
const maxWeightBytes = 256 * 1024 * 1024;

/** Types by the offset of their entry: made when asked for, so that recursive ones end. */
export class TypeReader {
  readonly #info: DebugInfo;
  readonly #types = new Map<number, DebugType>();
  #weightBytes = 0;

  constructor(info: DebugInfo) {
    this.#info = info;
  }

  at(offset: number): DebugType {
    let type = this.#types.get(offset);
    if (type === undefined) {
      type = this.#read(this.#info.entryAt(offset));
      this.#types.set(offset, type);
    }
    return type;
  }

  /** The type that an entry's DW_AT_type, DW_AT_go_elem or DW_AT_go_key names. */
  named(entry: Entry, attribute: number): DebugType {
    const offset = this.#info.reference(entry, attribute);
    return offset === undefined ? this.#fail(entry, 'its type is missing') : this.at(offset);
  }

  /** Entries can overlap, so what they give when read can be far more than the file has. */
  weigh(entry: Entry, name: string): void {
    this.#weightBytes += 100 + name.length;
    if (this.#weightBytes > maxWeightBytes)
      this.#fail(entry, `types and fields weigh more than ${maxWeightBytes} bytes`);
  }

  #read(first: Entry): DebugType {
    const info = this.#info;
    const linkerName = info.text(first, Attribute.name, maxNameBytes) ?? '';
    this.weigh(first, linkerName);
    const kindNumber = (entry: Entry) => (info.number(entry, Attribute.goKind) ?? 0) & goKindMask;
    let entry = first;
    for (let count = 0; entry.abbreviation.tag === Tag.typedef && kindNumber(entry) === 0; count++) {
      if (count === maxTypedefs) this.#fail(first, `more than ${maxTypedefs} typedefs lead to each other`);
      entry = this.#target(entry);
    }
    if (typeParameterName.test(linkerName)) return this.named(first, Attribute.type);
    const kind = anyPointerShape.test(linkerName) ? 'unsafe.Pointer' : this.#kind(entry, kindNumber(entry));
    return new DebugType(entry, { kind, name: sourceName(linkerName), types: this, info });
  }

  #target(entry: Entry): Entry {
    const offset = this.#info.reference(entry, Attribute.type);
    return offset === undefined ? this.#fail(entry, 'its type is missing') : this.#info.entryAt(offset);
  }

  #kind(entry: Entry, number: number): GoKind {
    const { tag } = entry.abbreviation;
    const kind = goKinds[number];
    if (kind !== undefined && tags[kind] === tag) return kind;
    // Types that only exist in the debug information (`hchan<int>`, `*bucket<K,V>`) have no kind.
    if (number === 0 && tag === Tag.structureType) return 'struct';
    if (number === 0 && tag === Tag.pointerType) {
      return this.#info.reference(entry, Attribute.type) === undefined ? 'unsafe.Pointer' : 'pointer';
    }
    return this.#fail(entry, `kind ${number} of an entry with tag ${hex(tag)} is no Go type`);
  }

  #fail(entry: Entry, what: string): never {
    return this.#info.failAt(entry, what);
  }
}

/** Tags that the linker gives to the kinds (https://github.com/golang/go/blob/go1.26.0/src/cmd/link/internal/ld/dwarf.go, `newtype`). */
const tags: Readonly<Partial<Record<GoKind, number>>> = {
  bool: Tag.baseType,
  int: Tag.baseType,
  int8: Tag.baseType,
  int16: Tag.baseType,
  int32: Tag.baseType,
  int64: Tag.baseType,
  uint: Tag.baseType,
  uint8: Tag.baseType,
  uint16: Tag.baseType,
  uint32: Tag.baseType,
  uint64: Tag.baseType,
  uintptr: Tag.baseType,
  float32: Tag.baseType,
  float64: Tag.baseType,
  complex64: Tag.baseType,
  complex128: Tag.baseType,
  array: Tag.arrayType,
  chan: Tag.typedef,
  func: Tag.subroutineType,
  interface: Tag.typedef,
  map: Tag.typedef,
  pointer: Tag.pointerType,
  slice: Tag.structureType,
  string: Tag.structureType,
  struct: Tag.structureType,
  'unsafe.Pointer': Tag.pointerType,
};
