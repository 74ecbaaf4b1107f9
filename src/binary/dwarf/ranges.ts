import type { Cursor } from '../cursor.ts';
import type { DebugInfo, UnitFacts } from './debug-info.ts';

/** Linked addresses [start, end). */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/** Entries of range lists over all units of a file: Jaeger (121 MB) has 2,061. */
const maxRanges = 500_000;

/** DWARF 5 §7.25, table 7.30. */
const RangeListEntry = {
  endOfList: 0,
  baseAddressIndex: 1,
  startIndexEndIndex: 2,
  startIndexLength: 3,
  offsetPair: 4,
  baseAddress: 5,
  startEnd: 6,
  startLength: 7,
} as const;

/** Reads which addresses the code of units has (DW_AT_ranges of their own entries). */
export class UnitRanges {
  readonly #info: DebugInfo;
  #count = 0;

  constructor(info: DebugInfo) {
    this.#info = info;
  }

  /** Calls `found` for each range of a unit; for none if it has no code. */
  forEach(facts: UnitFacts, found: (range: AddressRange) => void): void {
    const { unit } = facts;
    const offset = this.#info.rangesOffset(this.#info.entryAt(unit.entriesOffset));
    if (offset === undefined) return;
    const ranges = unit.version >= 5 ? this.#version5(facts, offset) : this.#version4(facts, offset);
    for (const range of ranges) {
      if (range.end > range.start) found(range);
    }
  }

  /** .debug_ranges: DWARF 4 §2.17.3. */
  *#version4(facts: UnitFacts, offset: number): Generator<AddressRange, undefined> {
    const cursor = this.#info.sections.cursor('.debug_ranges').seek(offset);
    let base = facts.lowPc ?? 0;
    for (;;) {
      this.#countOne(cursor);
      if (isBaseSelection(cursor)) {
        base = cursor.skip(8).u64();
        continue;
      }
      const start = signed64(cursor);
      const end = signed64(cursor);
      if (start === 0 && end === 0) return;
      yield { start: base + start, end: base + end };
    }
  }

  /** .debug_rnglists: DWARF 5 §2.17.3. */
  *#version5(facts: UnitFacts, offset: number): Generator<AddressRange, undefined> {
    const cursor = this.#info.sections.cursor('.debug_rnglists').seek(offset);
    const indexed = () => this.#info.indexedAddress(facts.addrBase, cursor.uleb(), cursor);
    let base = facts.lowPc ?? 0;
    for (;;) {
      this.#countOne(cursor);
      const kind = cursor.u8();
      switch (kind) {
        case RangeListEntry.endOfList:
          return;
        case RangeListEntry.baseAddressIndex:
          base = indexed();
          break;
        case RangeListEntry.baseAddress:
          base = cursor.u64();
          break;
        case RangeListEntry.offsetPair:
          yield { start: base + signedUleb64(cursor), end: base + signedUleb64(cursor) };
          break;
        case RangeListEntry.startIndexEndIndex:
          yield { start: indexed(), end: indexed() };
          break;
        case RangeListEntry.startEnd:
          yield { start: cursor.u64(), end: cursor.u64() };
          break;
        case RangeListEntry.startIndexLength:
        case RangeListEntry.startLength: {
          const start = kind === RangeListEntry.startLength ? cursor.u64() : indexed();
          yield { start, end: start + cursor.uleb() };
          break;
        }
        default:
          cursor.fail(`${kind} is no kind of range list entry`);
      }
    }
  }

  /** Many units that share one long list must not cost the product of both. */
  #countOne(cursor: Cursor): void {
    if (++this.#count > maxRanges) cursor.fail(`the units have more than ${maxRanges} address ranges`);
  }
}

/** An entry whose first address has all bits set gives the base of those that follow. */
export function isBaseSelection(cursor: Cursor): boolean {
  const start = cursor.offset;
  const selected = cursor.u32() === 0xffffffff && cursor.u32() === 0xffffffff;
  cursor.seek(start);
  return selected;
}

/**
 * Offsets from the base are 64 bits wide and wrap around. Since 1.24 Go uses this: a package's code under FIPS 140 can lie
 * before the rest of it, from which the offsets count.
 */
function signed64(cursor: Cursor): number {
  return cursor.u32() + cursor.i32() * 2 ** 32;
}

/** An unsigned LEB128 number of up to 64 bits, these taken as two's complement. */
function signedUleb64(cursor: Cursor): number {
  const start = cursor.offset;
  // Bits 0 to 27, 28 to 55 and 56 to 63: each sum is exact.
  const parts: [number, number, number] = [0, 0, 0];
  for (let count = 0; count < 10; count++) {
    const byte = cursor.u8();
    parts[count >>> 2] = (parts[count >>> 2] ?? 0) + (byte & 0x7f) * 2 ** (7 * (count & 3));
    if (byte < 0x80) return (((parts[2] << 24) >> 24) * 2 ** 28 + parts[1]) * 2 ** 28 + parts[0];
  }
  return cursor.seek(start).fail('an LEB128 number is longer than 10 bytes');
}
