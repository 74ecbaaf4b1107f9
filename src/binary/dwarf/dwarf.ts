import type { Found } from '../go-binary.ts';
import type { GoSignature, GoType } from '../go-type.ts';
import { argumentOffsets } from './argument-offsets.ts';
import { DebugInfo } from './debug-info.ts';
import type { SectionSource } from './debug-sections.ts';
import { FunctionIndex } from './function-index.ts';
import { type FunctionPlace, readSignature } from './signature.ts';
import { TypeIndex } from './type-index.ts';
import { TypeReader } from './type-reader.ts';

/**
 * The debug information of a Go program, DWARF 2 to 5. Only what is asked for is parsed. The types it gives read their
 * parts from the file when asked for, so they are good for as long as the ElfFile is open; what was read once stays.
 */
export interface Dwarf {
  /**
   * Parameters and results of a function of pclntab, or why they are not known. Generic code has its hidden dictionary
   * among the parameters, as `.dict`. Never throws a BinaryError, but its types may when their parts are asked for.
   */
  signature(fn: FunctionPlace): Found<GoSignature>;
  /** Of parameters that lie on the stack, as argumentOffsets tells: by name, those that it knows. */
  argumentOffsets(fn: FunctionPlace): ReadonlyMap<string, number>;
  /**
   * A type by its name as in Go source with the full package path: `*github.com/acme/shop.Order`. Types that the program
   * does not use are not there. Throws a BinaryError where the debug information is damaged.
   */
  type(name: string): GoType | undefined;
  /**
   * Gives back the memory of the sections that were read, about a quarter of the file's size. The next question
   * that needs one reads it again.
   */
  release(): void;
}

/** Debug information is there unless the program was linked with -w or -s, or was stripped. */
export function hasDwarf(elf: SectionSource): boolean {
  return elf.debugSection('.debug_info') !== undefined && elf.debugSection('.debug_abbrev') !== undefined;
}

/** Reads nothing yet. Without debug information every signature is unavailable, and there are no types. */
export function openDwarf(elf: SectionSource): Dwarf {
  if (!hasDwarf(elf)) {
    const unavailable = 'the program has no debug information (linked with -w or -s, or stripped)';
    return {
      signature: () => ({ unavailable }),
      argumentOffsets: () => new Map(),
      type: () => undefined,
      release: () => undefined,
    };
  }
  const info = new DebugInfo(elf);
  const functions = new FunctionIndex(info);
  const types = new TypeReader(info);
  const typeIndex = new TypeIndex(info);
  return {
    signature: (fn) => readSignature({ info, functions, types }, fn),
    argumentOffsets: (fn) => argumentOffsets(info, functions, types, fn),
    type(name) {
      const offset = typeIndex.find(name);
      return offset === undefined ? undefined : types.at(offset);
    },
    release: () => info.release(),
  };
}
