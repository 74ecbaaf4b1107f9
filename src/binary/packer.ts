import type { ElfFile } from './elf-file.ts';

/** UPX's mark (l_info and PackHeader in its src/stub and src/packhead.cpp): behind the program headers, and near the end. */
const upxMark = Buffer.from('UPX!');
const searchedBytes = 4096;

/** The tool that packed an executable, if it left its mark. */
export function packerOf(elf: ElfFile): 'UPX' | undefined {
  const count = Math.min(searchedBytes, elf.sizeBytes);
  const marked = [0, elf.sizeBytes - count].some((start) => Buffer.from(elf.readFile(start, count)).includes(upxMark));
  return marked ? 'UPX' : undefined;
}
