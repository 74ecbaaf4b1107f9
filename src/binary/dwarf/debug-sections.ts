import { BinaryError } from '../binary-error.ts';
import { Cursor } from '../cursor.ts';
import type { ElfFile } from '../elf-file.ts';

/** What is needed of an executable. */
export type SectionSource = Pick<ElfFile, 'path' | 'debugSection' | 'sectionContent'>;

/**
 * The DWARF sections of a file, each read and decompressed when it is first asked for and kept until `release`. They
 * are the bulk of the memory: .debug_info has 5 MB in the `go` command (20 MB) and 33 MB in Jaeger (121 MB).
 */
export class DebugSections {
  readonly file: string;
  readonly #elf: SectionSource;
  readonly #contents = new Map<string, Uint8Array>();

  constructor(elf: SectionSource) {
    this.#elf = elf;
    this.file = elf.path;
  }

  /** A new cursor at the start of a section; a BinaryError if the file has none of that name (`.debug_info` …). */
  cursor(name: string): Cursor {
    let content = this.#contents.get(name);
    if (content === undefined) {
      const section = this.#elf.debugSection(name);
      if (section === undefined) {
        throw new BinaryError('the file has no such section', { file: this.file, section: name });
      }
      content = this.#elf.sectionContent(section);
      this.#contents.set(name, content);
    }
    return new Cursor(content, { file: this.file, section: name });
  }

  /** Forgets the contents; the next cursor reads again. */
  release(name?: string): void {
    if (name === undefined) this.#contents.clear();
    else this.#contents.delete(name);
  }
}
