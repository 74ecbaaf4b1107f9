import { ElfFile } from '../../src/binary/elf-file.ts';
import { maxModuledataBytes } from '../../src/binary/go-layout.ts';
import { Image } from '../../src/binary/image.ts';
import { findModuleData, type ModuleData } from '../../src/binary/module-data.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';

export type Range = readonly [fileOffset: number, sizeBytes: number];

/**
 * Ranges of the file that hold tables: random bytes elsewhere would mostly fall into code and strings. `offsetOf` still
 * knows moduledata and pclntab when they are damaged.
 */
export function tables(path: string): { ranges: Range[]; module: ModuleData; offsetOf: (vaddr: number) => number } {
  using elf = new ElfFile(path);
  using binary = openGoBinary(path);
  const module = findModuleData(elf, new Image(elf), binary.buildInfo.goVersion);
  const ranges: Range[] = [[0, 64 + 56 * 12]];
  for (const segment of elf.segments)
    if (segment.type !== 'load') ranges.push([segment.fileOffset, segment.fileSizeBytes]);
  const sectionsAt = Buffer.from(elf.readFile(40, 8)).readUInt32LE(0);
  if (sectionsAt > 0) ranges.push([sectionsAt, elf.sections.length * 64]);
  for (const name of [
    '.go.buildinfo',
    '.go.module',
    '.typelink',
    '.itablink',
    '.shstrtab',
    '.rela',
    '.rela.dyn',
    '.rodata',
  ]) {
    const section = elf.section(name);
    if (section !== undefined) ranges.push([section.fileOffset, section.sizeBytes]);
  }
  ranges.push([elf.fileOffset(module.vaddr), maxModuledataBytes], [elf.fileOffset(module.pclntab.vaddr), 72]);
  for (const { vaddr, length } of [module.functions, module.compileUnits, module.pcTables, module.functionNames]) {
    ranges.push([elf.fileOffset(vaddr), length]);
  }
  const types = module.types?.typelinks;
  if (types !== undefined) ranges.push([elf.fileOffset(types.vaddr), types.length * 4]);
  const offsets = new Map([module.vaddr, module.pclntab.vaddr].map((vaddr) => [vaddr, elf.fileOffset(vaddr)]));
  const reopened = (vaddr: number): number => {
    using again = new ElfFile(path);
    return offsets.get(vaddr) ?? again.fileOffset(vaddr);
  };
  return { ranges, module, offsetOf: reopened };
}
