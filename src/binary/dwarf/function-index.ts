import { once } from '../once.ts';
import { skipAttributes } from './abbreviations.ts';
import { Attribute, Tag } from './constants.ts';
import type { DebugInfo, UnitFacts } from './debug-info.ts';
import { UnitRanges } from './ranges.ts';
import { type Entry, readAbbreviation, readEntry } from './unit.ts';

/** Jaeger (121 MB) has 137,000, abstract ones included. */
const maxFunctions = 2_000_000;

/** A unit whose functions are being found. */
interface Search {
  readonly facts: UnitFacts;
  /** Behind the last function that was found: the search goes on from there. */
  nextOffset: number;
  /** Nesting there: 0 for the children of the unit's own entry; -1 when the search is over. */
  depth: number;
  readonly offsetByPc: Map<number, number>;
  /** Damage sticks: the functions before it are known, for all others it is the answer. */
  failure?: unknown;
}

/**
 * Finds the entry of a function by its address. The address ranges of the units tell the unit, which is parsed only as
 * far as needed. (Not the package in the function's name: generic code is compiled into the package that uses it.)
 */
export class FunctionIndex {
  readonly #info: DebugInfo;
  readonly #searches = new Map<number, Search>();
  #count = 0;
  readonly #ranges: () => { readonly starts: Float64Array; readonly ends: Float64Array; readonly units: Uint32Array };

  constructor(info: DebugInfo) {
    this.#info = info;
    this.#ranges = once(() => this.#readRanges());
  }

  /** The subprogram entry whose code begins at this linked address. */
  find(entryVaddr: number): Entry | undefined {
    const facts = this.#unitOf(entryVaddr);
    if (facts === undefined) return undefined;
    let search = this.#searches.get(facts.unit.offset);
    if (search === undefined) {
      search = this.#begin(facts);
      this.#searches.set(facts.unit.offset, search);
    }
    const offset = search.offsetByPc.get(entryVaddr) ?? this.#continue(search, entryVaddr);
    return offset === undefined ? undefined : this.#info.entryAt(offset);
  }

  #begin(facts: UnitFacts): Search {
    const { unit } = facts;
    const cursor = this.#info.unitCursor(unit).seek(unit.entriesOffset);
    const root = readEntry(cursor, unit, this.#info.abbreviations(unit));
    if (root !== undefined) skipAttributes(cursor, root.abbreviation);
    const depth = root?.abbreviation.hasChildren ? 0 : -1;
    return { facts, nextOffset: cursor.offset, depth, offsetByPc: new Map() };
  }

  /** The offset of the wanted function's entry, if it comes behind what was searched before. */
  #continue(search: Search, wantedPc: number): number | undefined {
    if (search.failure !== undefined) throw search.failure;
    try {
      for (let found = this.#next(search); found !== undefined; found = this.#next(search)) {
        search.offsetByPc.set(found.pc, found.offset);
        // In Go's units the functions come before the types, so the search for one never walks the types.
        if (found.pc === wantedPc) return found.offset;
      }
    } catch (error) {
      search.failure = error;
      throw error;
    }
    return undefined;
  }

  #next(search: Search): { readonly pc: number; readonly offset: number } | undefined {
    const { facts } = search;
    const { unit } = facts;
    const table = this.#info.abbreviations(unit);
    const cursor = this.#info.unitCursor(unit).seek(search.nextOffset);
    let { depth } = search;
    while (depth >= 0) {
      const { offset } = cursor;
      const abbreviation = readAbbreviation(cursor, table);
      if (abbreviation === undefined) {
        depth--;
        continue;
      }
      const attributesOffset = cursor.offset;
      const isFunction = depth === 0 && abbreviation.tag === Tag.subprogram;
      skipAttributes(cursor, abbreviation);
      if (abbreviation.hasChildren) depth++;
      // Nearly all are parameters and variables: nothing is made of them.
      if (!isFunction) continue;
      const entry: Entry = { unit, offset, attributesOffset, abbreviation };
      const pc = this.#info.address(entry, Attribute.lowPc, facts.addrBase);
      if (pc === undefined) continue;
      if (++this.#count > maxFunctions) cursor.fail(`there are more than ${maxFunctions} functions`);
      search.nextOffset = cursor.offset;
      search.depth = depth;
      return { pc, offset: entry.offset };
    }
    search.depth = -1;
    return undefined;
  }

  #unitOf(vaddr: number): UnitFacts | undefined {
    const { starts, ends, units } = this.#ranges();
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= vaddr) low = middle + 1;
      else high = middle;
    }
    const inside = low > 0 && vaddr < (ends[low - 1] as number);
    return inside ? this.#info.goUnits[units[low - 1] as number] : undefined;
  }

  #readRanges() {
    const ranges = new UnitRanges(this.#info);
    const found: { start: number; end: number; unit: number }[] = [];
    for (const [unit, facts] of this.#info.goUnits.entries()) {
      ranges.forEach(facts, ({ start, end }) => found.push({ start, end, unit }));
    }
    // Never asked for again, and up to a third of the size of .debug_info.
    this.#info.sections.release('.debug_ranges');
    this.#info.sections.release('.debug_rnglists');
    found.sort((a, b) => a.start - b.start);
    return {
      starts: Float64Array.from(found, (range) => range.start),
      ends: Float64Array.from(found, (range) => range.end),
      units: Uint32Array.from(found, (range) => range.unit),
    };
  }
}
