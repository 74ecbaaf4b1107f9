import type { Cursor } from './cursor.ts';
import type { ElfFile } from './elf-file.ts';
import type { Image } from './image.ts';
import {
  functabAt,
  functionCountOffset,
  type HeaderLayout,
  newestPclntabLayout,
  type PclntabLayout,
  pclntabLayouts,
} from './pclntab-layout.ts';

/** Linkers name it so; in external PIE links before Go 1.26 it has no section of its own. */
const sectionNames = ['.gopclntab', '.data.rel.ro.gopclntab'];

/** Where it is then, within other data. */
const mergedNames = ['.data.rel.ro', '.rodata'];

/** Kubernetes' largest programs have about 250,000 functions. */
const maxFunctions = 2 * 1024 * 1024;

/** Programs have one place that looks like a pclntab, or a few if they embed others; hostile ones might have millions. */
const maxCandidates = 32;
const maxLooks = 64 * 1024;

const pieceBytes = 1024 * 1024;
const minimumInstructionBytes = { amd64: 1, arm64: 4 } as const;

/** The head of pclntab (`runtime.pcHeader`): where its tables begin, as offsets from `vaddr`. */
export interface PclntabHeader {
  readonly vaddr: number;
  readonly functionCount: number;
  /** pc deltas are counted in units of this. */
  readonly instructionBytes: number;
  readonly layout: PclntabLayout;
  /** The magic is one of Go's own. An obfuscator's stands for no release. */
  readonly knownMagic: boolean;
  /** Undefined where everything is one table: until Go 1.15. */
  readonly tables: TableOffsets | undefined;
}

export interface TableOffsets {
  readonly funcnameOffset: number;
  readonly cuOffset: number;
  readonly filetabOffset: number;
  readonly pctabOffset: number;
  /** Start of functab and, behind it, the _func records. */
  readonly pclnOffset: number;
}

/**
 * All places that look like a pclntab, the most likely first. Only moduledata tells which is right. By section name, else
 * by a search for what even obfuscators leave alone: 0, 0, instruction size, pointer size behind the magic.
 */
export function* findPclntabs(elf: ElfFile, image: Image): Generator<PclntabHeader> {
  let left = maxCandidates;
  for (const header of candidates(elf, image)) {
    if (left-- === 0) return;
    yield header;
  }
}

function* candidates(elf: ElfFile, image: Image): Generator<PclntabHeader> {
  for (const name of sectionNames) {
    const section = elf.section(name);
    if (section === undefined) continue;
    const header = headerAt(elf, image, section.vaddr);
    if (header !== undefined) yield header;
  }
  // Where linkers merge it into; then all that is loaded, code last: it is the largest part and holds no tables.
  for (const name of mergedNames) {
    const section = elf.section(name);
    if (section?.occupiesFile && image.has(section.vaddr, section.sizeBytes)) {
      yield* search(elf, image, section.vaddr, section.sizeBytes);
    }
  }
  const loads = elf.segments.filter((segment) => segment.type === 'load');
  for (const segment of [...loads].sort((a, b) => Number(a.executable) - Number(b.executable))) {
    yield* search(elf, image, segment.vaddr, segment.fileSizeBytes);
  }
}

function* search(elf: ElfFile, image: Image, vaddr: number, sizeBytes: number): Generator<PclntabHeader> {
  // The word behind the magic: 0, 0, instruction size, pointer size. Compared word by word, which is much faster than a
  // search for these bytes in data that is full of zeros.
  const wanted = (minimumInstructionBytes[elf.arch] << 16) | (8 << 24);
  const start = vaddr + ((8 - (vaddr % 8)) % 8);
  const end = vaddr + sizeBytes;
  let looks = 0;
  for (let at = start; at + 8 <= end; at += pieceBytes) {
    const count = Math.floor(Math.min(pieceBytes, end - at) / 8) * 2;
    const bytes = elf.read(at, count * 4);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, count);
    for (let index = 1; index < count; index += 2) {
      if (words[index] !== wanted) continue;
      if (++looks > maxLooks) return;
      const header = headerAt(elf, image, at + (index - 1) * 4);
      if (header !== undefined) yield header;
    }
  }
}

/** Undefined if the bytes there are none. */
function headerAt(elf: ElfFile, image: Image, vaddr: number): PclntabHeader | undefined {
  if (!image.has(vaddr, functabAt)) return undefined;
  const cursor = image.cursor(vaddr, functabAt);
  const magic = cursor.u32();
  const instructionBytes = minimumInstructionBytes[elf.arch];
  if (cursor.u16() !== 0 || cursor.u8() !== instructionBytes || cursor.u8() !== 8) return undefined;
  const functionCount = smallWord(cursor.seek(vaddr + functionCountOffset));
  if (functionCount === undefined || functionCount === 0 || functionCount > maxFunctions) return undefined;
  const known = pclntabLayouts[magic];
  const layout = known ?? newestPclntabLayout;
  const tables = layout.header === undefined ? undefined : tableOffsets(image, vaddr, layout.header);
  if (layout.header !== undefined && tables === undefined) return undefined;
  // Behind the last entry lies the end of the last function.
  const functabBytes = functionCount * layout.functabEntryBytes + layout.functabEntryBytes / 2;
  if (!image.has(vaddr, (tables?.pclnOffset ?? functabAt) + functabBytes)) return undefined;
  return { vaddr, functionCount, instructionBytes, layout, knownMagic: known !== undefined, tables };
}

/** Undefined unless the tables follow each other as the linker writes them. */
function tableOffsets(image: Image, vaddr: number, layout: HeaderLayout): TableOffsets | undefined {
  const { sizeBytes } = layout;
  if (!image.has(vaddr, sizeBytes)) return undefined;
  const cursor = image.cursor(vaddr, sizeBytes);
  const word = (offset: number): number => smallWord(cursor.seek(vaddr + offset)) ?? -1;
  const tables = {
    funcnameOffset: word(layout.funcnameOffset),
    cuOffset: word(layout.cuOffset),
    filetabOffset: word(layout.filetabOffset),
    pctabOffset: word(layout.pctabOffset),
    pclnOffset: word(layout.pclnOffset),
  };
  const { funcnameOffset, cuOffset, filetabOffset, pctabOffset, pclnOffset } = tables;
  // The first lies directly behind the header, aligned to 8 or (until 1.23) 32.
  if (funcnameOffset < sizeBytes || funcnameOffset > sizeBytes + 32) return undefined;
  const ordered = funcnameOffset <= cuOffset && cuOffset <= filetabOffset && filetabOffset <= pctabOffset;
  return ordered && pctabOffset <= pclnOffset ? tables : undefined;
}

/** A 64-bit word below 2^32, which every count and offset in the header is. */
function smallWord(cursor: Cursor): number | undefined {
  const low = cursor.u32();
  return cursor.u32() === 0 ? low : undefined;
}
