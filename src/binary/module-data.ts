import { BinaryError } from './binary-error.ts';
import type { ElfFile } from './elf-file.ts';
import { type GoLayout, layoutsFor, moduledataBytes, moduledataFixed } from './go-layout.ts';
import type { Image } from './image.ts';
import { findPclntabs, type PclntabHeader } from './pclntab-header.ts';

/** Sections that hold moduledata, tried before the whole of the writable segments. */
const sectionNames = ['.go.module', '.noptrdata', '.data'];
const pieceBytes = 1024 * 1024;

/** Few words of a program point to its pclntab; a hostile one might consist of them. */
const maxPointers = 4096;

/** Programs of 100 MB have 20,000 typelinks and 6,000 itabs. */
const maxTypelinks = 4 * 1024 * 1024;
const maxItabs = 1024 * 1024;

/** A Go slice in the image: linked address and number of elements. */
export interface ImageSlice {
  readonly vaddr: number;
  readonly length: number;
}

/** Where the types are: either lists of roots (until Go 1.26), or ranges to walk (since 1.27). */
export interface TypesRange {
  readonly startVaddr: number;
  readonly endVaddr: number;
  /** int32 offsets from startVaddr, ordered by the types' strings. */
  readonly typelinks?: ImageSlice;
  /** Addresses of itabs. */
  readonly itablinks?: ImageSlice;
  /** Descriptors one after the other: [from, to). */
  readonly descriptors?: { readonly startVaddr: number; readonly endVaddr: number };
  /** Itabs one after the other: [from, to). */
  readonly itabs?: { readonly startVaddr: number; readonly endVaddr: number };
}

/** What the runtime's `firstmoduledata` says, checked against pclntab and the segments. */
export interface ModuleData {
  readonly vaddr: number;
  readonly pclntab: PclntabHeader;
  /** Base of all function offsets; pclntab's own header no longer has it since Go 1.26. */
  readonly textVaddr: number;
  readonly textEndVaddr: number;
  readonly functionNames: ImageSlice;
  /** uint32 elements. */
  readonly compileUnits: ImageSlice;
  readonly fileNames: ImageSlice;
  readonly pcTables: ImageSlice;
  /** functab and the _func records: bytes. */
  readonly functions: ImageSlice;
  /** Undefined if no known layout of the type tables fits. */
  readonly types: TypesRange | undefined;
  readonly layout: GoLayout;
}

/** Finds pclntab and the moduledata that points to it. Throws a BinaryError if there is no such pair. */
export function findModuleData(elf: ElfFile, image: Image, goVersion: string): ModuleData {
  let seen = 0;
  for (const pclntab of findPclntabs(elf, image)) {
    seen++;
    let left = maxPointers;
    for (const vaddr of pointersTo(elf, image, pclntab.vaddr)) {
      if (left-- === 0) break;
      const found = moduleDataAt(image, vaddr, pclntab, goVersion);
      if (found !== undefined) return found;
    }
  }
  const what = seen === 0 ? 'it has no pclntab, the function table' : 'its pclntab belongs to no moduledata';
  const remedy = `Was it packed (UPX) or altered after the build? Sidespan reads Go 1.18 and later (this is ${goVersion}).`;
  throw new BinaryError(what, { file: elf.path }, remedy, { kind: seen === 0 ? 'not-go' : 'damaged' });
}

/** Addresses of all words that hold the linked address `target`: relocated ones of a PIE, else words of the file. */
function* pointersTo(elf: ElfFile, image: Image, target: number): Generator<number> {
  const { pairs } = image.relocations;
  for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === target) yield pairs[at + 1] ?? 0;
  if (pairs.length > 0) return;
  const pattern = Buffer.alloc(8);
  pattern.writeBigUInt64LE(BigInt(target));
  const seen = new Set<number>();
  for (const { vaddr, sizeBytes } of writableRanges(elf)) {
    for (let done = 0; done < sizeBytes; done += pieceBytes) {
      const piece = Buffer.from(elf.read(vaddr + done, Math.min(pieceBytes + 8, sizeBytes - done)).buffer);
      for (let at = piece.indexOf(pattern); at !== -1; at = piece.indexOf(pattern, at + 1)) {
        const found = vaddr + done + at;
        if (found % 8 !== 0 || seen.has(found)) continue;
        seen.add(found);
        yield found;
      }
    }
  }
}

function writableRanges(elf: ElfFile): { vaddr: number; sizeBytes: number }[] {
  const sections = sectionNames.flatMap((name) => elf.section(name) ?? []);
  const named = sections.filter((section) => elf.segmentAt(section.vaddr, section.sizeBytes) !== undefined);
  const segments = elf.segments.filter((segment) => segment.type === 'load' && segment.writable);
  return [...named, ...segments.map(({ vaddr, fileSizeBytes }) => ({ vaddr, sizeBytes: fileSizeBytes }))];
}

/** Undefined unless every pointer and length agrees with pclntab's header. */
function moduleDataAt(image: Image, vaddr: number, pclntab: PclntabHeader, goVersion: string): ModuleData | undefined {
  if (!image.has(vaddr, moduledataBytes)) return undefined;
  const read = new ModuleReader(image, vaddr);
  const tables = {
    functionNames: read.slice(moduledataFixed.funcnametab, 1),
    compileUnits: read.slice(moduledataFixed.cutab, 4),
    fileNames: read.slice(moduledataFixed.filetab, 1),
    pcTables: read.slice(moduledataFixed.pctab, 1),
    functions: read.slice(moduledataFixed.pclntable, 1),
    functab: read.slice(moduledataFixed.ftab, 8),
  };
  const { functionNames, compileUnits, fileNames, pcTables, functions, functab } = tables;
  if (functionNames === undefined || compileUnits === undefined || fileNames === undefined) return undefined;
  if (pcTables === undefined || functions === undefined || functab === undefined) return undefined;
  const agrees =
    functionNames.vaddr === pclntab.vaddr + pclntab.funcnameOffset &&
    compileUnits.vaddr === pclntab.vaddr + pclntab.cuOffset &&
    fileNames.vaddr === pclntab.vaddr + pclntab.filetabOffset &&
    pcTables.vaddr === pclntab.vaddr + pclntab.pctabOffset &&
    functions.vaddr === pclntab.vaddr + pclntab.pclnOffset &&
    functab.vaddr === functions.vaddr &&
    functab.length === pclntab.functionCount + 1;
  const textVaddr = read.word(moduledataFixed.text);
  const textEndVaddr = read.word(moduledataFixed.etext);
  if (!agrees || textVaddr === undefined || textEndVaddr === undefined || textVaddr >= textEndVaddr) return undefined;
  if (!image.has(textVaddr, textEndVaddr - textVaddr)) return undefined;

  const layouts = layoutsFor(goVersion);
  const fitting = layouts.find((layout) => typesRange(image, read, layout) !== undefined);
  const layout = fitting ?? layouts[0];
  if (layout === undefined) return undefined;
  const types = typesRange(image, read, layout);
  const base = { vaddr, pclntab, textVaddr, textEndVaddr, types, layout };
  return { ...base, functionNames, compileUnits, fileNames, pcTables, functions };
}

/** Undefined unless the row's fields make sense together. */
function typesRange(image: Image, read: ModuleReader, { moduledata: row }: GoLayout): TypesRange | undefined {
  const startVaddr = read.word(row.types);
  const endVaddr = read.word(row.etypes);
  if (startVaddr === undefined || endVaddr === undefined || startVaddr >= endVaddr) return undefined;
  const sizeBytes = endVaddr - startVaddr;
  if (!image.has(startVaddr, sizeBytes)) return undefined;
  if (row.typelinks !== undefined && row.itablinks !== undefined) {
    const typelinks = read.slice(row.typelinks, 4);
    const itablinks = read.slice(row.itablinks, 8);
    if (typelinks === undefined || itablinks === undefined || typelinks.length === 0) return undefined;
    if (typelinks.length > maxTypelinks || itablinks.length > maxItabs) return undefined;
    // Every list begins with an offset of a type: this tells the rows apart, whose other slices are none of offsets.
    const first = image.cursor(typelinks.vaddr, 4).u32();
    return first > 0 && first < sizeBytes ? { startVaddr, endVaddr, typelinks, itablinks } : undefined;
  }
  const descriptorBytes = read.word(row.typedesclen ?? 0);
  const itabOffset = read.word(row.itaboffset ?? 0);
  const itabBytes = read.word(row.itabsize ?? 0);
  if (descriptorBytes === undefined || itabOffset === undefined || itabBytes === undefined) return undefined;
  if (descriptorBytes === 0 || descriptorBytes > sizeBytes || itabOffset + itabBytes > sizeBytes) return undefined;
  // src/runtime/type.go, moduleTypelinks: the first word is left free, so that no type has offset 0.
  const descriptors = { startVaddr: startVaddr + 8, endVaddr: startVaddr + descriptorBytes };
  const itabs = { startVaddr: startVaddr + itabOffset, endVaddr: startVaddr + itabOffset + itabBytes };
  return { startVaddr, endVaddr, descriptors, itabs };
}

/** Reads fields of a supposed moduledata; what can't be right is undefined. */
class ModuleReader {
  readonly #image: Image;
  readonly #vaddr: number;

  constructor(image: Image, vaddr: number) {
    this.#image = image;
    this.#vaddr = vaddr;
  }

  word(offset: number): number | undefined {
    const cursor = this.#image.cursor(this.#vaddr + offset, 8);
    const low = cursor.u32();
    const high = cursor.u32();
    return high > 0x1fffff ? undefined : high * 0x1_0000_0000 + low;
  }

  /** A slice whose length is its capacity, as the linker writes them, and whose elements are in the file. */
  slice(offset: number, elementBytes: number): ImageSlice | undefined {
    const vaddr = this.word(offset);
    const length = this.word(offset + 8);
    const capacity = this.word(offset + 16);
    if (vaddr === undefined || length === undefined || length !== capacity) return undefined;
    return length === 0 || this.#image.has(vaddr, length * elementBytes) ? { vaddr, length } : undefined;
  }
}
