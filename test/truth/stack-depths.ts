/** What the compiler says of SP: pclntab's pcsp, bytes below SP at the function's entry. */
import { ElfFile } from '../../src/binary/elf-file.ts';
import type { GoFunction } from '../../src/binary/go-binary.ts';
import { Image } from '../../src/binary/image.ts';
import { findModuleData } from '../../src/binary/module-data.ts';
import { functionIndexAt, readFunctionTable } from '../../src/binary/pclntab.ts';

const maxTableBytes = 1 << 20;

/** Bytes below the entry's SP at an offset of the function; undefined where the table does not say. */
export type StackDepths = (offset: number) => number | undefined;

export function stackDepthReader(path: string, goVersion: string): Disposable & { of(fn: GoFunction): StackDepths } {
  const elf = new ElfFile(path);
  const image = new Image(elf);
  const module = findModuleData(elf, image, goVersion);
  const table = readFunctionTable(image, module);
  const { func } = module.pclntab.layout;
  return {
    of(fn) {
      const index = functionIndexAt(table, fn.entryVaddr) ?? 0;
      const record = module.functions.vaddr + (table.recordOffsets[index] ?? 0);
      // pcsp is the field in front of pcfile in every release.
      const offset = image.cursor(record + func.pcFile - 4, 4).u32();
      const ranges: { readonly end: number; readonly depth: number }[] = [];
      if (offset !== 0) {
        const available = Math.min(maxTableBytes, module.pcTables.length - offset);
        const cursor = image.cursor(module.pcTables.vaddr + offset, available);
        let depth = -1;
        let end = 0;
        for (let first = true; cursor.remaining > 0; first = false) {
          const delta = cursor.uleb();
          if (delta === 0 && !first) break;
          depth += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
          end += cursor.uleb() * module.pclntab.instructionBytes;
          ranges.push({ end, depth });
        }
      }
      return (at) => ranges.find((range) => at < range.end)?.depth;
    },
    [Symbol.dispose]: () => elf[Symbol.dispose](),
  };
}
