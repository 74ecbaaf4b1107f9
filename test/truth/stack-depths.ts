/** What the compiler says of SP: pclntab's pcsp, bytes below SP at the function's entry. */
import type { Cursor } from '../../src/binary/cursor.ts';
import { ElfFile } from '../../src/binary/elf-file.ts';
import type { GoFunction } from '../../src/binary/go-binary.ts';
import { Image } from '../../src/binary/image.ts';
import { findModuleData } from '../../src/binary/module-data.ts';
import { functionIndexAt, readFunctionTable } from '../../src/binary/pclntab.ts';

const firstTableBytes = 512;
const maxTableBytes = 1 << 20;

interface DepthRange {
  readonly end: number;
  readonly depth: number;
}

/** Bytes below the entry's SP at an offset of the function; undefined where the table does not say. */
export type StackDepths = (offset: number) => number | undefined;

export function stackDepthReader(path: string, goVersion: string): Disposable & { of(fn: GoFunction): StackDepths } {
  const elf = new ElfFile(path);
  const image = new Image(elf);
  const module = findModuleData(elf, image, goVersion);
  const table = readFunctionTable(image, module);
  const { func } = module.pclntab.layout;
  const rangesAt = (offset: number): DepthRange[] => {
    const left = module.pcTables.length - offset;
    // Most tables are short, and there is one for each of a hundred thousand functions.
    for (let size = firstTableBytes; ; size *= 32) {
      const available = Math.min(size, left, maxTableBytes);
      const cursor = image.cursor(module.pcTables.vaddr + offset, available);
      const ranges = readRanges(cursor, module.pclntab.instructionBytes);
      if (ranges !== undefined || available < size || size >= maxTableBytes) return ranges ?? [];
    }
  };
  return {
    of(fn) {
      const index = functionIndexAt(table, fn.entryVaddr) ?? 0;
      const record = module.functions.vaddr + (table.recordOffsets[index] ?? 0);
      // pcsp is the field in front of pcfile in every release.
      const offset = image.cursor(record + func.pcFile - 4, 4).u32();
      const ranges = offset === 0 ? [] : rangesAt(offset);
      return (at) => ranges.find((range) => at < range.end)?.depth;
    },
    [Symbol.dispose]: () => elf[Symbol.dispose](),
  };
}

/** A pc-value table (source-lines.ts); undefined: its end is not there. */
function readRanges(cursor: Cursor, instructionBytes: number): DepthRange[] | undefined {
  const ranges: DepthRange[] = [];
  let depth = -1;
  let end = 0;
  for (;;) {
    // A mark of one byte, or two numbers of up to five bytes each.
    if (cursor.remaining < 10) return undefined;
    const delta = cursor.uleb();
    if (delta === 0 && ranges.length > 0) return ranges;
    depth += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
    end += cursor.uleb() * instructionBytes;
    ranges.push({ end, depth });
  }
}
