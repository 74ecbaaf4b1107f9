import type { GoField, GoKind, GoType } from '../go-type.ts';
import { Attribute, Tag } from './constants.ts';
import type { DebugInfo } from './debug-info.ts';
import { fixedLayouts } from './fixed-layouts.ts';
import type { Entry } from './unit.ts';

/** Arrays and structs within each other, by value. Real ones reach 10; more than this is a circle. */
const maxNesting = 100;
/** Generated code (configuration, protobuf) has structs of some 1,000 fields. */
const maxFields = 16_384;

const elemAttributes: Readonly<Partial<Record<GoKind, number>>> = {
  array: Attribute.type,
  chan: Attribute.goElem,
  map: Attribute.goElem,
  pointer: Attribute.type,
  slice: Attribute.goElem,
};

export interface TypeOrigin {
  readonly kind: GoKind;
  readonly name: string;
  readonly info: DebugInfo;
  /** Resolves the types that this one refers to. */
  readonly types: { named(entry: Entry, attribute: number): DebugType; weigh(entry: Entry, name: string): void };
}

/**
 * A type whose parts are read when asked for. That they fit into it, and that no type contains itself by value, is
 * checked then: a BinaryError at the entry.
 */
export class DebugType implements GoType {
  readonly kind: GoKind;
  readonly name: string;
  readonly sizeBytes: number;
  readonly #origin: TypeOrigin;
  readonly #entry: Entry;
  #alignBytes: number | undefined;
  #elem: DebugType | undefined;
  #length: number | undefined;
  #fields: readonly DebugField[] | undefined;

  /** `entry` is the one behind all typedefs. */
  constructor(entry: Entry, origin: TypeOrigin) {
    this.#entry = entry;
    this.#origin = origin;
    this.kind = origin.kind;
    this.name = origin.name;
    this.sizeBytes = this.#readSize();
  }

  get alignBytes(): number {
    return this.alignWithin(0);
  }

  get elem(): GoType | undefined {
    if (this.kind === 'array') this.alignWithin(0);
    return this.#readElem();
  }

  get key(): GoType | undefined {
    return this.kind === 'map' ? this.#origin.types.named(this.#entry, Attribute.goKey) : undefined;
  }

  get length(): number | undefined {
    if (this.kind !== 'array') return undefined;
    this.#length ??= this.#readLength();
    return this.#length;
  }

  get fields(): readonly GoField[] | undefined {
    if (this.kind === 'struct') this.alignWithin(0);
    return this.#readFields();
  }

  /** An interface's DW_AT_type leads to runtime.iface or, without methods, to runtime.eface. */
  get hasMethods(): boolean | undefined {
    if (this.kind !== 'interface') return undefined;
    return this.#origin.types.named(this.#entry, Attribute.type).name !== 'runtime.eface';
  }

  /** Go aligns an array like its elements and a struct like its most aligned field. */
  alignWithin(nesting: number): number {
    if (this.#alignBytes === undefined) {
      if (nesting > maxNesting) this.#fail(`types are nested more than ${maxNesting} deep`);
      this.#alignBytes = fixedLayouts[this.kind]?.alignBytes ?? this.#alignOfParts(nesting + 1);
    }
    return this.#alignBytes;
  }

  #alignOfParts(nesting: number): number {
    const elem = this.#readElem();
    if (elem === undefined) {
      return (this.#readFields() ?? []).reduce((most, { type }) => Math.max(most, type.alignWithin(nesting)), 1);
    }
    if (elem.sizeBytes * (this.length ?? 0) !== this.sizeBytes) {
      this.#fail(`${this.length} elements of ${elem.sizeBytes} bytes can't have ${this.sizeBytes} bytes`);
    }
    return elem.alignWithin(nesting);
  }

  #readSize(): number {
    const fixed = fixedLayouts[this.kind];
    const stated = this.#origin.info.number(this.#entry, Attribute.byteSize) ?? fixed?.sizeBytes;
    if (stated === undefined) return this.#fail('the size of a type is missing');
    if (stated < 0 || (fixed !== undefined && stated !== fixed.sizeBytes)) {
      this.#fail(`a value of kind ${this.kind} can't have ${stated} bytes`);
    }
    return stated;
  }

  #readElem(): DebugType | undefined {
    const attribute = elemAttributes[this.kind];
    if (attribute === undefined) return undefined;
    this.#elem ??= this.#origin.types.named(this.#entry, attribute);
    return this.#elem;
  }

  #readLength(): number {
    for (const child of this.#parts()) {
      if (child.abbreviation.tag !== Tag.subrangeType) continue;
      const count = this.#origin.info.number(child, Attribute.count);
      if (count !== undefined && count >= 0) return count;
    }
    return this.#fail('an array has no length');
  }

  #readFields(): readonly DebugField[] | undefined {
    if (this.kind !== 'struct') return undefined;
    if (this.#fields === undefined) {
      const fields: DebugField[] = [];
      for (const child of this.#parts()) {
        if (child.abbreviation.tag !== Tag.member) continue;
        if (fields.length === maxFields) this.#fail(`a struct has more than ${maxFields} fields`);
        fields.push(this.#readField(child));
      }
      this.#fields = fields;
    }
    return this.#fields;
  }

  #readField(entry: Entry): DebugField {
    const { info, types } = this.#origin;
    const offsetBytes = info.number(entry, Attribute.dataMemberLocation) ?? -1;
    const type = types.named(entry, Attribute.type);
    if (offsetBytes < 0 || offsetBytes + type.sizeBytes > this.sizeBytes) {
      info.failAt(
        entry,
        `a field of ${type.sizeBytes} bytes at ${offsetBytes} is outside of its struct's ${this.sizeBytes}`,
      );
    }
    const name = info.text(entry, Attribute.name) ?? '';
    types.weigh(entry, name);
    return { name, type, offsetBytes, embedded: info.flag(entry, Attribute.goEmbeddedField) };
  }

  /** What belongs to a type has nothing below it. Types within each other would be walked again for each of them. */
  *#parts(): Generator<Entry, undefined> {
    for (const child of this.#origin.info.children(this.#entry)) {
      if (child.abbreviation.hasChildren) this.#origin.info.failAt(child, 'a part of a type has parts');
      yield child;
    }
  }

  #fail(what: string): never {
    return this.#origin.info.failAt(this.#entry, what);
  }
}

interface DebugField extends GoField {
  readonly type: DebugType;
}
