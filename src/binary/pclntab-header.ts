import { BinaryError } from './binary-error.ts';
import type { Cursor } from './cursor.ts';
import type { ElfFile } from './elf-file.ts';
import { type FuncLayout, funcLayouts, newestFuncLayout, oldMagics, pcHeaderLayout } from './go-layout.ts';
import type { Image } from './image.ts';

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
  readonly funcLayout: FuncLayout;
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
    refuseOldMagic(elf, image, section.vaddr);
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

function refuseOldMagic(elf: ElfFile, image: Image, vaddr: number): void {
  const magic = image.has(vaddr, 4) ? image.cursor(vaddr, 4).u32() : 0;
  if (oldMagics[magic] === undefined) return;
  const remedy = 'Build it with Go 1.18 or later; Sidespan is tested with 1.22 and later.';
  const place = { file: elf.path, section: 'pclntab', offset: vaddr };
  throw new BinaryError(`the program was built by ${oldMagics[magic]}`, place, remedy, { kind: 'unsupported' });
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
    const words = new Uint32Array(elf.read(at, count * 4).buffer, 0, count);
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
  if (!image.has(vaddr, pcHeaderLayout.sizeBytes)) return undefined;
  const cursor = image.cursor(vaddr, pcHeaderLayout.sizeBytes);
  const magic = cursor.u32();
  const instructionBytes = minimumInstructionBytes[elf.arch];
  if (cursor.u16() !== 0 || cursor.u8() !== instructionBytes || cursor.u8() !== 8) return undefined;
  const word = (offset: number): number | undefined => smallWord(cursor.seek(vaddr + offset));
  const functionCount = word(pcHeaderLayout.functionCount);
  const funcnameOffset = word(pcHeaderLayout.funcnameOffset);
  const cuOffset = word(pcHeaderLayout.cuOffset);
  const filetabOffset = word(pcHeaderLayout.filetabOffset);
  const pctabOffset = word(pcHeaderLayout.pctabOffset);
  const pclnOffset = word(pcHeaderLayout.pclnOffset);
  if (functionCount === undefined || functionCount === 0 || functionCount > maxFunctions) return undefined;
  if (cuOffset === undefined || filetabOffset === undefined) return undefined;
  if (pctabOffset === undefined || pclnOffset === undefined) return undefined;
  // The tables follow each other in this order, the first directly behind the header, aligned to 8 or (until 1.23) 32.
  const { sizeBytes } = pcHeaderLayout;
  if (funcnameOffset === undefined || funcnameOffset < sizeBytes || funcnameOffset > sizeBytes + 32) return undefined;
  if (cuOffset < funcnameOffset || filetabOffset < cuOffset) return undefined;
  if (pctabOffset < filetabOffset || pclnOffset < pctabOffset) return undefined;
  if (!image.has(vaddr, pclnOffset + functionCount * 8 + 4)) return undefined;
  return {
    vaddr,
    functionCount,
    instructionBytes,
    funcLayout: funcLayouts[magic] ?? newestFuncLayout,
    funcnameOffset,
    cuOffset,
    filetabOffset,
    pctabOffset,
    pclnOffset,
  };
}

/** A 64-bit word below 2^32, which every count and offset in the header is. */
function smallWord(cursor: Cursor): number | undefined {
  const low = cursor.u32();
  return cursor.u32() === 0 ? low : undefined;
}
