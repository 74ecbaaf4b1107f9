import elfy, { type Elfy, type ElfyProgram, type ElfySection } from 'elfy';
import { BinaryError, type BinaryErrorKind, hex } from './binary-error.ts';
import { Cursor } from './cursor.ts';
import type { RangeFile } from './range-file.ts';

/** Layout of the ELF64 headers: System V ABI, "ELF Header", "Program Header", "Section Header". */
const headerBytes = 64;
const programBytes = 56;
const sectionBytes = 64;

/** Executables have about 10 segments and 30 sections; the caps keep hostile tables small. */
const maxPrograms = 128;
const maxSections = 1024;
const maxNameTableBytes = 64 * 1024;
const maxSectionNameBytes = 255;

/** A range of the file that is loaded (PT_LOAD), holds notes (PT_NOTE) or the dynamic table (PT_DYNAMIC). */
export interface ElfSegment {
  readonly type: 'load' | 'note' | 'dynamic';
  readonly vaddr: number;
  readonly fileOffset: number;
  /** Bytes that come from the file; memory beyond them is zero. */
  readonly fileSizeBytes: number;
  readonly memorySizeBytes: number;
  readonly writable: boolean;
  readonly executable: boolean;
}

export interface ElfSection {
  readonly name: string;
  /** Linked address; 0 for sections that are not loaded. */
  readonly vaddr: number;
  readonly fileOffset: number;
  /** Bytes in the file; for `.bss` and its like (`occupiesFile` false) bytes in memory only. */
  readonly sizeBytes: number;
  readonly occupiesFile: boolean;
  /** SHF_COMPRESSED: the content begins with a compression header. */
  readonly compressed: boolean;
}

export interface ElfHeader {
  readonly arch: 'amd64' | 'arm64';
  /** ET_DYN. */
  readonly positionIndependent: boolean;
  readonly segments: readonly ElfSegment[];
  /** Empty where the section headers were stripped. */
  readonly sections: readonly ElfSection[];
}

/** Reads and checks header, segments and sections. Throws a BinaryError for whatever is not a sound ELF64 executable. */
export function readElfHeader(file: RangeFile): ElfHeader {
  const place = { file: file.path, section: 'ELF header' };
  const refuse = (what: string, remedy: string, kind: BinaryErrorKind): never => {
    throw new BinaryError(what, place, remedy, { kind });
  };
  const head = file.read(0, Math.min(headerBytes, file.sizeBytes));
  if (head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46) {
    refuse(`this is not an ELF file but ${fileKind(head)}`, 'Name a Linux executable built by Go.', 'not-elf');
  }
  if (head.length < headerBytes) refuse('the ELF header is cut short', 'Copy or build the file again.', 'damaged');
  if (head[4] !== 2 || head[5] !== 1) {
    const found = `${head[4] === 1 ? '32-bit ' : ''}${head[5] === 2 ? 'big-endian ' : ''}`.trim() || 'unknown';
    refuse(`the ELF class is ${found}`, 'Sidespan traces 64-bit little-endian programs (amd64, arm64).', 'unsupported');
  }
  const elf = parseTables(file, head);
  const arch = elf.machine === 'amd64' ? 'amd64' : elf.machine === 'AArch64' ? 'arm64' : undefined;
  if (arch === undefined) {
    const remedy = 'Sidespan traces amd64 and arm64 programs.';
    throw new BinaryError(`it is built for another processor (${elf.machine})`, place, remedy, { kind: 'unsupported' });
  }
  if (elf.type !== 'exec' && elf.type !== 'dyn') {
    const remedy = 'Name the linked program, not an object or core file.';
    throw new BinaryError(`it is no executable (ELF type ${elf.type})`, place, remedy, { kind: 'unsupported' });
  }
  return {
    arch,
    positionIndependent: elf.type === 'dyn',
    segments: elf.body.programs.flatMap((program, index) => toSegment(file, program, index)),
    sections: elf.body.sections.map((section, index) => toSection(file, section, index)),
  };
}

/**
 * elfy wants the whole file in a buffer and slices out of it whatever the headers claim. It gets a small one instead,
 * composed of the headers, both tables and the section names, with the header's and the name table's offsets set to
 * where these lie here.
 */
function parseTables(file: RangeFile, head: Uint8Array): Elfy {
  const header = new Cursor(head, { file: file.path, section: 'ELF header' });
  const programsAt = header.seek(32).u64();
  const sectionsAt = header.u64();
  const programEntryBytes = header.seek(54).u16();
  const programCount = header.u16();
  const sectionEntryBytes = header.u16();
  const sectionCount = header.u16();
  const nameIndex = header.u16();
  if (programCount > maxPrograms) header.fail(`${programCount} segments are more than the limit of ${maxPrograms}`);
  if (sectionCount > maxSections) header.fail(`${sectionCount} sections are more than the limit of ${maxSections}`);
  if (programCount === 0) header.fail('it has no segments, so nothing of it is ever loaded');
  if (programEntryBytes !== programBytes || (sectionCount > 0 && sectionEntryBytes !== sectionBytes)) {
    header.fail(`table entries of ${programEntryBytes} and ${sectionEntryBytes} bytes are not ELF64's`);
  }
  const programs = file.read(programsAt, programCount * programBytes);
  // Without section headers elfy would fail: one that names itself stands in, and is dropped again.
  const bare = sectionCount === 0 || sectionsAt === 0;
  const sections = bare ? nameTableHeader() : file.read(sectionsAt, sectionCount * sectionBytes);
  const nameSection = bare ? 0 : nameIndex;
  const names = bare ? Uint8Array.of(0) : readNames(file, sections, nameIndex, header);

  const namesAt = headerBytes + programs.length + sections.length;
  const composed = Buffer.concat([head, programs, sections, names]);
  composed.writeBigUInt64LE(BigInt(headerBytes), 32);
  composed.writeBigUInt64LE(BigInt(headerBytes + programs.length), 40);
  composed.writeUInt16LE(sectionBytes, 58);
  composed.writeUInt16LE(sections.length / sectionBytes, 60);
  composed.writeUInt16LE(nameSection, 62);
  const nameHeaderAt = headerBytes + programs.length + nameSection * sectionBytes;
  composed.writeBigUInt64LE(BigInt(namesAt), nameHeaderAt + 24);
  composed.writeBigUInt64LE(BigInt(names.length), nameHeaderAt + 32);
  try {
    const elf = elfy.parse(composed);
    return bare ? { ...elf, body: { ...elf.body, sections: [] } } : elf;
  } catch (cause) {
    throw new BinaryError('the ELF header contradicts itself', { file: file.path }, undefined, { cause });
  }
}

function nameTableHeader(): Uint8Array {
  const header = new Uint8Array(sectionBytes);
  header[4] = 3; // SHT_STRTAB
  return header;
}

function readNames(file: RangeFile, sections: Uint8Array, nameIndex: number, header: Cursor): Uint8Array {
  const table = new Cursor(sections, { file: file.path, section: 'ELF section headers' });
  if (nameIndex * sectionBytes >= sections.length) header.fail(`the names are said to be in section ${nameIndex}`);
  const offset = table.seek(nameIndex * sectionBytes + 24).u64();
  const sizeBytes = table.u64();
  if (sizeBytes > maxNameTableBytes) table.fail(`section names of ${sizeBytes} bytes exceed ${maxNameTableBytes}`);
  const names = file.read(offset, sizeBytes);
  // elfy copies each name up to its NUL: a table without NULs, named by every section, would cost a lot of memory.
  for (let at = 0, start = 0; at < names.length; at++) {
    if (names[at] === 0) start = at + 1;
    else if (at - start >= maxSectionNameBytes)
      table.fail(`a section name is longer than ${maxSectionNameBytes} bytes`);
  }
  return names;
}

function toSegment(file: RangeFile, program: ElfyProgram, index: number): ElfSegment[] {
  const { type, vaddr, offset: fileOffset, filesz: fileSizeBytes, memsz: memorySizeBytes, flags } = program;
  if (type !== 'load' && type !== 'note' && type !== 'dynamic') return [];
  const place = { file: file.path, section: `ELF program header ${index}` };
  if (!Number.isSafeInteger(vaddr + memorySizeBytes) || !Number.isSafeInteger(vaddr + fileSizeBytes)) {
    throw new BinaryError(`its addresses reach beyond 2^53 (${hex(vaddr)} + ${hex(memorySizeBytes)})`, place);
  }
  if (fileOffset > file.sizeBytes || fileSizeBytes > file.sizeBytes - fileOffset) {
    const claim = `${hex(fileSizeBytes)} bytes at ${hex(fileOffset)}`;
    throw new BinaryError(`it claims ${claim}, but the file ends at ${hex(file.sizeBytes)}`, place);
  }
  const [writable, executable] = [flags.w === true, flags.x === true];
  return [{ type, vaddr, fileOffset, fileSizeBytes, memorySizeBytes, writable, executable }];
}

function toSection(file: RangeFile, section: ElfySection, index: number): ElfSection {
  const { name, addr: vaddr, off: fileOffset, size: sizeBytes, flags } = section;
  const occupiesFile = section.type !== 'nobits' && section.type !== 'null';
  const place = { file: file.path, section: `ELF section ${index} ${name}` };
  if (!Number.isSafeInteger(vaddr + sizeBytes)) {
    throw new BinaryError(`its addresses reach beyond 2^53 (${hex(vaddr)} + ${hex(sizeBytes)})`, place);
  }
  if (occupiesFile && (fileOffset > file.sizeBytes || sizeBytes > file.sizeBytes - fileOffset)) {
    const claim = `${hex(sizeBytes)} bytes at ${hex(fileOffset)}`;
    throw new BinaryError(`it claims ${claim}, but the file ends at ${hex(file.sizeBytes)}`, place);
  }
  // SHF_COMPRESSED is 0x800, which elfy has no name for.
  return { name, vaddr, fileOffset, sizeBytes, occupiesFile, compressed: flags['2048'] === true };
}

const magics: readonly (readonly [prefix: readonly number[], kind: string])[] = [
  [[0x4d, 0x5a], 'a Windows program'],
  [[0xcf, 0xfa, 0xed, 0xfe], 'a macOS program'],
  [[0xca, 0xfe, 0xba, 0xbe], 'a macOS universal program or Java class'],
  [[0x23, 0x21], 'a script'],
  [[0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e], 'an archive'],
  [[0x00, 0x61, 0x73, 0x6d], 'a WebAssembly module'],
];

function fileKind(head: Uint8Array): string {
  if (head.length === 0) return 'empty';
  const known = magics.find(([prefix]) => prefix.every((byte, index) => head[index] === byte));
  return known?.[1] ?? `something that begins with ${Buffer.from(head.subarray(0, 4)).toString('hex')}`;
}
