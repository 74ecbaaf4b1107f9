import { BinaryError, hex } from './binary-error.ts';
import { decompressSection, decompressZdebug } from './compressed-section.ts';
import { Cursor } from './cursor.ts';
import { type ElfHeader, type ElfSection, type ElfSegment, readElfHeader } from './elf-header.ts';
import { RangeFile } from './range-file.ts';

/** An open ELF64 executable or PIE. Only headers are read at once; all else by ranges, when asked for. */
export class ElfFile implements Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly arch: 'amd64' | 'arm64';
  readonly positionIndependent: boolean;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  readonly #file: RangeFile;
  readonly #loads: readonly ElfSegment[];

  /** Throws a BinaryError if the file can't be read or is no ELF64 executable for amd64 or arm64. */
  constructor(path: string) {
    this.#file = new RangeFile(path);
    let header: ElfHeader;
    try {
      header = readElfHeader(this.#file);
    } catch (error) {
      this.#file[Symbol.dispose]();
      throw error;
    }
    this.path = path;
    this.sizeBytes = this.#file.sizeBytes;
    this.arch = header.arch;
    this.positionIndependent = header.positionIndependent;
    this.segments = header.segments;
    this.sections = header.sections;
    this.#loads = header.segments.filter((segment) => segment.type === 'load');
  }

  /** The first section of that name. */
  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** A debug section under its usual name (`.debug_info`), also where the file has it as `.zdebug_info`. */
  debugSection(name: string): ElfSection | undefined {
    return this.section(name) ?? this.section(name.replace(/^\.debug_/, '.zdebug_'));
  }

  /**
   * The whole content of a section, decompressed where it is compressed, in fresh memory: the caller keeps it or lets it
   * go. Only for sections of bounded size; large uncompressed ones are better read with `sectionRange`.
   */
  sectionContent(section: ElfSection): Uint8Array {
    const place = { file: this.path, section: section.name };
    if (!section.occupiesFile) throw new BinaryError('the section has no content in the file', place);
    const content = this.#file.read(section.fileOffset, section.sizeBytes);
    if (section.compressed) return decompressSection(content, place);
    return section.name.startsWith('.zdebug_') ? decompressZdebug(content, place) : content;
  }

  /** A cursor on the whole content of a section, at its start. */
  sectionCursor(section: ElfSection): Cursor {
    return new Cursor(this.sectionContent(section), { file: this.path, section: section.name });
  }

  /** A cursor on a range of a section that is not compressed; its offsets are those of the section. */
  sectionRange(section: ElfSection, offset: number, sizeBytes: number): Cursor {
    const place = { file: this.path, section: section.name, baseOffset: offset };
    if (!(offset >= 0 && offset <= section.sizeBytes && sizeBytes >= 0 && sizeBytes <= section.sizeBytes - offset)) {
      const what = `${hex(sizeBytes)} bytes wanted, but the section ends at ${hex(section.sizeBytes)}`;
      throw new BinaryError(what, { file: this.path, section: section.name, offset });
    }
    if (section.compressed || section.name.startsWith('.zdebug_') || !section.occupiesFile) {
      throw new BinaryError('a range of a compressed section was asked for', place, 'Please report this.');
    }
    return new Cursor(this.#file.read(section.fileOffset + offset, sizeBytes), place);
  }

  /** Bytes of the file, wherever they are mapped. */
  readFile(fileOffset: number, sizeBytes: number): Uint8Array {
    return this.#file.read(fileOffset, sizeBytes);
  }

  /** The loaded segment whose bytes in the file hold this linked address; with `sizeBytes`, all of that range. */
  segmentAt(vaddr: number, sizeBytes: number = 1): ElfSegment | undefined {
    return this.#loads.find(
      (segment) => vaddr >= segment.vaddr && sizeBytes <= segment.fileSizeBytes - (vaddr - segment.vaddr),
    );
  }

  /** Offset in the file of a linked address. Throws a BinaryError for one that the file has no bytes for. */
  fileOffset(vaddr: number): number {
    const segment = this.#segmentOf(vaddr, 1);
    return segment.fileOffset + (vaddr - segment.vaddr);
  }

  /** Linked address of a byte of the file. Throws a BinaryError for one that is never loaded. */
  vaddrOf(fileOffset: number): number {
    const segment = this.#loads.find(
      (candidate) => fileOffset >= candidate.fileOffset && fileOffset < candidate.fileOffset + candidate.fileSizeBytes,
    );
    if (segment !== undefined) return segment.vaddr + (fileOffset - segment.fileOffset);
    throw new BinaryError('no loaded segment has this part of the file', { file: this.path, offset: fileOffset });
  }

  /** Bytes mapped at a linked address, as they are in the file: without relocations. */
  read(vaddr: number, sizeBytes: number): Uint8Array {
    if (sizeBytes === 0) return new Uint8Array(0);
    const segment = this.#segmentOf(vaddr, sizeBytes);
    return this.#file.read(segment.fileOffset + (vaddr - segment.vaddr), sizeBytes);
  }

  /** Fills `bytes` with what is mapped from a linked address on, as `read` does. */
  readInto(bytes: Uint8Array, vaddr: number): void {
    const segment = this.#segmentOf(vaddr, bytes.length);
    this.#file.readInto(bytes, segment.fileOffset + (vaddr - segment.vaddr));
  }

  #segmentOf(vaddr: number, sizeBytes: number): ElfSegment {
    const segment = this.segmentAt(vaddr, sizeBytes);
    if (segment !== undefined) return segment;
    const what = `${hex(sizeBytes)} bytes at the linked address ${hex(vaddr)} are not in the file`;
    throw new BinaryError(what, { file: this.path, section: 'image', offset: vaddr });
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
