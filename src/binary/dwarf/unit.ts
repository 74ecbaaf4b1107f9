import type { Cursor } from '../cursor.ts';
import type { Abbreviation, AbbreviationTable } from './abbreviations.ts';

/** One for each package: Jaeger (121 MB) has 1,306. */
const maxUnits = 65_536;

/** DW_UT_compile (DWARF 5 §7.5.1, table 7.2); earlier versions know no others in .debug_info. */
const compileUnitType = 0x01;

/** A unit of .debug_info: in Go a package, or one assembly file of it. Offsets are those of .debug_info. */
export interface Unit {
  /** Of the header. */
  readonly offset: number;
  /** Of the unit's first entry, which describes the unit itself. */
  readonly entriesOffset: number;
  readonly endOffset: number;
  readonly version: number;
  /** 4, in 64-bit DWARF 8. */
  readonly offsetBytes: number;
  readonly abbreviationsOffset: number;
}

/** An entry (DIE) of a unit. */
export interface Entry {
  readonly unit: Unit;
  readonly offset: number;
  /** Where its attributes begin. */
  readonly attributesOffset: number;
  readonly abbreviation: Abbreviation;
}

/** Reads the headers of all units (DWARF 5 §7.5.1); units of kinds that hold no Go code are passed over. */
export function readUnits(cursor: Cursor): Unit[] {
  const units: Unit[] = [];
  while (!cursor.atEnd) {
    const unit = readHeader(cursor);
    if (unit === undefined) continue;
    if (units.length === maxUnits) cursor.fail(`there are more than ${maxUnits} units`);
    units.push(unit);
  }
  return units;
}

/** Leaves the cursor at the unit's end. */
function readHeader(cursor: Cursor): Unit | undefined {
  const offset = cursor.offset;
  let sizeBytes = cursor.u32();
  let offsetBytes = 4;
  if (sizeBytes === 0xffffffff) {
    sizeBytes = cursor.u64();
    offsetBytes = 8;
  } else if (sizeBytes >= 0xfffffff0) {
    cursor.seek(offset).fail(`the unit length 0x${sizeBytes.toString(16)} is reserved`);
  }
  const header = cursor.part(sizeBytes);
  const version = header.u16();
  // Every version has told its length, so that what is not known can be passed over.
  if (version < 2 || version > 5) return undefined;
  const unitType = version >= 5 ? header.u8() : compileUnitType;
  const readOffset = () => (offsetBytes === 4 ? header.u32() : header.u64());
  let addressBytes = version >= 5 ? header.u8() : 0;
  const abbreviationsOffset = readOffset();
  if (version < 5) addressBytes = header.u8();
  if (addressBytes !== 8) header.fail(`addresses have ${addressBytes} bytes in a 64-bit file`);
  if (unitType !== compileUnitType) return undefined;
  return {
    offset,
    entriesOffset: header.offset,
    endOffset: header.endOffset,
    version,
    offsetBytes,
    abbreviationsOffset,
  };
}

/** Reads an entry's abbreviation code; undefined for the null entry that ends a list of children. */
export function readAbbreviation(cursor: Cursor, table: AbbreviationTable): Abbreviation | undefined {
  const { offset } = cursor;
  const code = cursor.uleb();
  if (code === 0) return undefined;
  return table.get(code) ?? cursor.seek(offset).fail(`abbreviation ${code} is not in the unit's table`);
}

/** Likewise, with where it stands. */
export function readEntry(cursor: Cursor, unit: Unit, table: AbbreviationTable): Entry | undefined {
  const { offset } = cursor;
  const abbreviation = readAbbreviation(cursor, table);
  return abbreviation && { unit, offset, attributesOffset: cursor.offset, abbreviation };
}
