import { BinaryError } from './binary-error.ts';
import { describedTypes } from './described-layout.ts';
import type { ElfFile } from './elf-file.ts';
import { layoutsFor, minorOfVersion, moduledataTables, newestKnownMinor } from './go-layout.ts';
import type { Image } from './image.ts';
import { type ImageSlice, ModuleReader } from './module-reader.ts';
import { findPclntabs, type PclntabHeader } from './pclntab-header.ts';
import { functabAt } from './pclntab-layout.ts';
import { type TypesRange, typesRange } from './types-range.ts';

/** Sections that hold moduledata, tried before the whole of the writable segments. */
const sectionNames = ['.go.module', '.noptrdata', '.data'];
const pieceBytes = 1024 * 1024;

/** Few words of a program point to its pclntab; a hostile one might consist of them. */
const maxPointers = 4096;

/** What the runtime's `firstmoduledata` says, checked against pclntab and the segments. */
export interface ModuleData extends FunctionTables {
  readonly vaddr: number;
  readonly pclntab: PclntabHeader;
  /** Undefined if no known layout of the type tables fits, nor one that the binary describes. */
  readonly types: TypesRange | undefined;
}

/** Until Go 1.15 names, pc tables and functions are one table, whose start all offsets are counted from. */
interface FunctionTables {
  /** Base of all function offsets; pclntab's own header no longer has it since Go 1.26. */
  readonly textVaddr: number;
  readonly textEndVaddr: number;
  readonly functionNames: ImageSlice;
  /** uint32 elements: offsets of file names, by compile unit; until Go 1.15 one list for the whole program. */
  readonly compileUnits: ImageSlice;
  readonly fileNames: ImageSlice;
  readonly pcTables: ImageSlice;
  /** functab and the _func records: bytes. Offsets of records are counted from its start. */
  readonly functions: ImageSlice;
  readonly functabVaddr: number;
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
  const remedy = `Was it packed (UPX) or altered after the build? Sidespan reads Go 1.15 and later (this is ${goVersion}).`;
  throw new BinaryError(what, { file: elf.path }, remedy, { kind: seen === 0 ? 'not-go' : 'damaged' });
}

/**
 * Addresses of all words that hold the linked address `target`: relocated ones of a PIE, then words of the file. Those are
 * all where there are no relocations, or packed ones (DT_RELR), whose addends lie in place.
 */
function* pointersTo(elf: ElfFile, image: Image, target: number): Generator<number> {
  const { pairs } = image.relocations;
  for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === target) yield pairs[at + 1] ?? 0;
  const pattern = Buffer.alloc(8);
  pattern.writeBigUInt64LE(BigInt(target));
  const seen = new Set<number>();
  for (const { vaddr, sizeBytes } of writableRanges(elf)) {
    for (let done = 0; done < sizeBytes; done += pieceBytes) {
      const read = elf.read(vaddr + done, Math.min(pieceBytes + 8, sizeBytes - done));
      const piece = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
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
  const read = new ModuleReader(image, vaddr);
  const tables = pclntab.tables === undefined ? singleTable(read, pclntab) : severalTables(read, pclntab);
  if (tables === undefined || !(tables.textVaddr < tables.textEndVaddr)) return undefined;
  if (!image.has(tables.textVaddr, tables.textEndVaddr - tables.textVaddr)) return undefined;
  return { vaddr, pclntab, ...tables, types: findTypes(read, pclntab, goVersion) };
}

function severalTables(read: ModuleReader, { vaddr, tables, functionCount, layout }: PclntabHeader) {
  const at = moduledataTables.several;
  const functionNames = read.slice(at.funcnametab, 1);
  const compileUnits = read.slice(at.cutab, 4);
  const fileNames = read.slice(at.filetab, 1);
  const pcTables = read.slice(at.pctab, 1);
  const functions = read.slice(at.pclntable, 1);
  const functab = read.slice(at.ftab, layout.functabEntryBytes);
  const textVaddr = read.word(at.text);
  const textEndVaddr = read.word(at.etext);
  if (functionNames === undefined || compileUnits === undefined || fileNames === undefined) return undefined;
  if (pcTables === undefined || functions === undefined || functab === undefined) return undefined;
  if (textVaddr === undefined || textEndVaddr === undefined || tables === undefined) return undefined;
  const agrees =
    functionNames.vaddr === vaddr + tables.funcnameOffset &&
    compileUnits.vaddr === vaddr + tables.cuOffset &&
    fileNames.vaddr === vaddr + tables.filetabOffset &&
    pcTables.vaddr === vaddr + tables.pctabOffset &&
    functions.vaddr === vaddr + tables.pclnOffset &&
    functab.vaddr === functions.vaddr &&
    functab.length === functionCount + 1;
  if (!agrees) return undefined;
  const functabVaddr = functab.vaddr;
  return { textVaddr, textEndVaddr, functionNames, compileUnits, fileNames, pcTables, functions, functabVaddr };
}

function singleTable(read: ModuleReader, { vaddr, functionCount, layout }: PclntabHeader) {
  const at = moduledataTables.single;
  const table = read.slice(at.pclntable, 1);
  const functab = read.slice(at.ftab, layout.functabEntryBytes);
  const compileUnits = read.slice(at.filetab, 4);
  const textVaddr = read.word(at.text);
  const textEndVaddr = read.word(at.etext);
  if (table === undefined || functab === undefined || compileUnits === undefined) return undefined;
  if (textVaddr === undefined || textEndVaddr === undefined) return undefined;
  if (table.vaddr !== vaddr || functab.vaddr !== vaddr + functabAt || functab.length !== functionCount + 1)
    return undefined;
  const [functionNames, fileNames, pcTables, functions] = [table, table, table, table];
  const functabVaddr = functab.vaddr;
  return { textVaddr, textEndVaddr, functionNames, compileUnits, fileNames, pcTables, functions, functabVaddr };
}

/** By the first row that makes sense; of a release that is newer than all rows, by what it says of itself. */
function findTypes(read: ModuleReader, pclntab: PclntabHeader, goVersion: string): TypesRange | undefined {
  const unknownRelease = (minorOfVersion(goVersion) ?? 0) > newestKnownMinor;
  const described = unknownRelease ? describedTypes(read) : undefined;
  if (described !== undefined) return described;
  for (const layout of layoutsFor(goVersion, pclntab.layout)) {
    const types = typesRange(read, layout);
    if (types !== undefined) return types;
  }
  return unknownRelease ? undefined : describedTypes(read);
}
