import { type Cursor, maxCStringBytes } from '../cursor.ts';
import { once } from '../once.ts';
import {
  type AbbreviationTable,
  AbbreviationTables,
  type AttributeSpec,
  attributePlace,
  skipAttributes,
} from './abbreviations.ts';
import { Attribute, goLanguage, Tag } from './constants.ts';
import { DebugSections, type SectionSource } from './debug-sections.ts';
import { blockLength, type Form, readNumber } from './forms.ts';
import { type Entry, readAbbreviation, readEntry, readUnits, type Unit } from './unit.ts';

/**
 * Go writes texts where they are used. One that is kept elsewhere can be referred to any number of times, so it must not
 * be long.
 */
const maxSharedTextBytes = 4096;

/** A copy refers to the abstract entry, and that one to nothing further. */
const maxOrigins = 4;

/** What a Go unit's own entry says. */
export interface UnitFacts {
  readonly unit: Unit;
  /** Of the package `runtime`: there are several such units. */
  readonly isRuntime: boolean;
  readonly lowPc: number | undefined;
  readonly addrBase: number | undefined;
}

/** Reads entries and their attributes from .debug_info. Nothing is read before it is asked for. */
export class DebugInfo {
  readonly sections: DebugSections;
  readonly #abbreviations: AbbreviationTables;
  readonly #units: () => readonly Unit[];
  readonly #goUnits: () => readonly UnitFacts[];
  readonly #attributeCursors = new Map<Unit, Cursor>();

  constructor(elf: SectionSource) {
    this.sections = new DebugSections(elf);
    this.#abbreviations = new AbbreviationTables(() => this.sections.cursor('.debug_abbrev'));
    this.#units = once(() => readUnits(this.cursor()));
    this.#goUnits = once(() => this.units.flatMap((unit) => this.#goFacts(unit) ?? []));
  }

  get units(): readonly Unit[] {
    return this.#units();
  }

  get goUnits(): readonly UnitFacts[] {
    return this.#goUnits();
  }

  cursor(): Cursor {
    return this.sections.cursor('.debug_info');
  }

  abbreviations(unit: Unit): AbbreviationTable {
    return this.#abbreviations.at(unit.abbreviationsOffset, unit.offsetBytes);
  }

  /** The entry at an offset of .debug_info. Throws a BinaryError if no unit has an entry there. */
  entryAt(offset: number): Entry {
    const cursor = this.cursor();
    const unit =
      this.#unitAt(offset) ?? cursor.fail(`a reference leads to 0x${offset.toString(16)}, where no unit has entries`);
    const entry = readEntry(cursor.seek(offset), unit, this.abbreviations(unit));
    return entry ?? cursor.seek(offset).fail('a reference leads to the end of a list of entries');
  }

  /** The entry that has the name and type: of an inlined function's copy, or a part of it, the abstract one. */
  originOf(entry: Entry): Entry {
    let origin = entry;
    for (let count = 0; ; count++) {
      const offset = this.reference(origin, Attribute.abstractOrigin);
      if (offset === undefined) return origin;
      if (count === maxOrigins) this.failAt(entry, `more than ${maxOrigins} abstract origins lead to each other`);
      origin = this.entryAt(offset);
    }
  }

  /** The entries directly below one, those with that tag if one is given; deeper ones are passed over. */
  children(parent: Entry, tag?: number): Generator<Entry, undefined> {
    return this.#below(parent, 0, tag);
  }

  /** All entries below one, in the order in which they stand. */
  descendants(parent: Entry): Generator<Entry, undefined> {
    return this.#below(parent, Number.POSITIVE_INFINITY, undefined);
  }

  *#below(parent: Entry, maxDepth: number, tag: number | undefined): Generator<Entry, undefined> {
    if (!parent.abbreviation.hasChildren) return;
    const { unit } = parent;
    const table = this.abbreviations(unit);
    const cursor = this.unitCursor(unit).seek(parent.attributesOffset);
    skipAttributes(cursor, parent.abbreviation);
    for (let depth = 0; depth >= 0; ) {
      const { offset } = cursor;
      const abbreviation = readAbbreviation(cursor, table);
      if (abbreviation === undefined) {
        depth--;
        continue;
      }
      if (depth <= maxDepth && (tag === undefined || abbreviation.tag === tag)) {
        yield { unit, offset, attributesOffset: cursor.offset, abbreviation };
      }
      skipAttributes(cursor, abbreviation);
      if (abbreviation.hasChildren) depth++;
    }
  }

  /** A cursor that ends with the unit. */
  unitCursor(unit: Unit): Cursor {
    return this.cursor()
      .seek(unit.offset)
      .part(unit.endOffset - unit.offset);
  }

  /** `limitBytes`: a longer text is an error. */
  text(entry: Entry, attribute: number, limitBytes: number = maxCStringBytes): string | undefined {
    return this.#read(entry, attribute, (cursor, { form }) => {
      switch (form.meaning) {
        case 'text':
          return cursor.cString(limitBytes);
        case 'text offset':
          return this.#textAt('.debug_str', readNumber(cursor, form, entry.unit.offsetBytes));
        case 'line text offset':
          return this.#textAt('.debug_line_str', readNumber(cursor, form, entry.unit.offsetBytes));
        case 'text index':
          return this.#indexedText(entry.unit, readNumber(cursor, form, entry.unit.offsetBytes));
        default:
          return unexpected(cursor, form, 'a text');
      }
    });
  }

  /** A constant or an offset into another section. */
  number(entry: Entry, attribute: number): number | undefined {
    return this.#read(entry, attribute, (cursor, { form, implicitValue }) => {
      switch (form.meaning) {
        case 'constant':
        case 'signed':
        case 'section offset':
          return readNumber(cursor, form, entry.unit.offsetBytes);
        case 'implicit':
          return implicitValue;
        default:
          return unexpected(cursor, form, 'a number');
      }
    });
  }

  /** Where the range list of DW_AT_ranges begins in .debug_rnglists or, before DWARF 5, .debug_ranges. */
  rangesOffset(entry: Entry): number | undefined {
    return this.#read(entry, Attribute.ranges, (cursor, { form }) => {
      const value = readNumber(cursor, form, entry.unit.offsetBytes);
      if (form.meaning === 'section offset' || form.meaning === 'constant') return value;
      if (form.meaning !== 'list index') return unexpected(cursor, form, 'a range list');
      // DWARF 5 §7.28: an array of offsets from the unit's part of the section.
      const base = this.number(this.entryAt(entry.unit.entriesOffset), Attribute.rnglistsBase) ?? 0;
      const offsets = this.sections.cursor('.debug_rnglists').seek(base + value * entry.unit.offsetBytes);
      return base + (entry.unit.offsetBytes === 4 ? offsets.u32() : offsets.u64());
    });
  }

  /** DW_AT_location: its expression, or where the list of them begins in .debug_loc (DWARF 5: .debug_loclists). */
  location(entry: Entry): Cursor | number | undefined {
    return this.#read<Cursor | number>(entry, Attribute.location, (cursor, { form }) => {
      if (form.meaning === 'block') return cursor.part(blockLength(cursor, form.size));
      const isList = form.meaning === 'section offset' || form.meaning === 'constant';
      return isList ? readNumber(cursor, form, entry.unit.offsetBytes) : unexpected(cursor, form, 'a location');
    });
  }

  flag(entry: Entry, attribute: number): boolean {
    const value = this.#read(entry, attribute, (cursor, { form }) => {
      if (form.meaning === 'flag') return cursor.u8() !== 0;
      return form.meaning === 'present' ? true : unexpected(cursor, form, 'a flag');
    });
    return value ?? false;
  }

  /** The offset in .debug_info that a reference leads to. */
  reference(entry: Entry, attribute: number): number | undefined {
    return this.#read(entry, attribute, (cursor, { form }) => {
      if (form.meaning === 'info reference') return readNumber(cursor, form, entry.unit.offsetBytes);
      if (form.meaning !== 'unit reference') return unexpected(cursor, form, 'a reference');
      return entry.unit.offset + readNumber(cursor, form, entry.unit.offsetBytes);
    });
  }

  /** A linked address; `addrBase` is that of the unit, for addresses that are kept in .debug_addr. */
  address(entry: Entry, attribute: number, addrBase: number | undefined): number | undefined {
    return this.#read(entry, attribute, (cursor, { form }) => {
      if (form.meaning === 'address') return cursor.u64();
      if (form.meaning !== 'address index') return unexpected(cursor, form, 'an address');
      return this.indexedAddress(addrBase, readNumber(cursor, form, entry.unit.offsetBytes), cursor);
    });
  }

  /** Entry `index` of the unit's part of .debug_addr (DWARF 5 §7.27). */
  indexedAddress(addrBase: number | undefined, index: number, cursor: Cursor): number {
    if (addrBase === undefined) cursor.fail('an address index stands in a unit without DW_AT_addr_base');
    return this.sections
      .cursor('.debug_addr')
      .seek(addrBase + 8 * index)
      .u64();
  }

  /** Calls `read` with the cursor at the attribute's value; undefined if the entry has no such attribute. */
  #read<T>(entry: Entry, attribute: number, read: (cursor: Cursor, spec: AttributeSpec) => T): T | undefined {
    const place = attributePlace(entry.abbreviation, attribute, entry.unit.offsetBytes);
    if (place === undefined) return undefined;
    const cursor = this.#attributeCursor(entry.unit).seek(entry.attributesOffset);
    skipAttributes(cursor, place);
    return read(cursor, place.spec);
  }

  /** One for all attributes of a unit: `read` above has its value before it asks for another attribute. */
  #attributeCursor(unit: Unit): Cursor {
    let cursor = this.#attributeCursors.get(unit);
    if (cursor === undefined) {
      cursor = this.unitCursor(unit);
      this.#attributeCursors.set(unit, cursor);
    }
    return cursor;
  }

  /** Gives back the memory of the sections; the next question reads again. */
  release(): void {
    this.#attributeCursors.clear();
    this.sections.release();
  }

  /** Throws a BinaryError at an entry. */
  failAt(entry: Entry, what: string): never {
    return this.cursor().seek(entry.offset).fail(what);
  }

  #goFacts(unit: Unit): UnitFacts | undefined {
    const root = readEntry(this.unitCursor(unit).seek(unit.entriesOffset), unit, this.abbreviations(unit));
    if (root?.abbreviation.tag !== Tag.compileUnit || this.number(root, Attribute.language) !== goLanguage) {
      return undefined;
    }
    const addrBase = this.number(root, Attribute.addrBase);
    const lowPc = this.address(root, Attribute.lowPc, addrBase);
    return { unit, isRuntime: this.text(root, Attribute.name) === 'runtime', lowPc, addrBase };
  }

  #unitAt(offset: number): Unit | undefined {
    const { units } = this;
    let low = 0;
    let high = units.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((units[middle] as Unit).offset <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = units[low - 1];
    return unit !== undefined && offset >= unit.entriesOffset && offset < unit.endOffset ? unit : undefined;
  }

  #textAt(section: string, offset: number): string {
    return this.sections.cursor(section).seek(offset).cString(maxSharedTextBytes);
  }

  #indexedText(unit: Unit, index: number): string {
    const root = this.entryAt(unit.entriesOffset);
    const base = this.number(root, Attribute.strOffsetsBase) ?? 0;
    const cursor = this.sections.cursor('.debug_str_offsets').seek(base + index * unit.offsetBytes);
    return this.#textAt('.debug_str', unit.offsetBytes === 4 ? cursor.u32() : cursor.u64());
  }
}

function unexpected(cursor: Cursor, form: Form, wanted: string): never {
  cursor.fail(`${wanted} has the form ${form.name}`);
}
