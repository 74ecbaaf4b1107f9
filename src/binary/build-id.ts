import { BinaryError } from './binary-error.ts';
import { Cursor } from './cursor.ts';
import type { ElfFile } from './elf-file.ts';

/** Note types: NT_GNU_BUILD_ID of binutils' elf/common.h; cmd/internal/buildid for Go's. */
const gnuBuildIdType = 3;
const goBuildIdType = 4;

/** Notes of an executable are some hundred bytes. */
const maxNoteBytes = 64 * 1024;
const maxNotes = 256;

/** The GNU build id in hex, else the Go build id, else empty. A damaged note ends the search: no id is no error. */
export function readBuildId(elf: ElfFile): string {
  let goId = '';
  for (const { fileOffset, sizeBytes } of noteRanges(elf)) {
    const bytes = elf.readFile(fileOffset, Math.min(sizeBytes, maxNoteBytes));
    for (const note of notesOf(new Cursor(bytes, { file: elf.path, section: 'notes' }))) {
      if (note.owner === 'GNU' && note.type === gnuBuildIdType) return Buffer.from(note.content).toString('hex');
      if (note.owner === 'Go' && note.type === goBuildIdType) goId = Buffer.from(note.content).toString('latin1');
    }
  }
  return goId;
}

/** Go's linker lists only its own note as a segment, and leaves the GNU one to its section. */
function noteRanges(elf: ElfFile): { fileOffset: number; sizeBytes: number }[] {
  const sections = elf.sections.filter(({ name, occupiesFile }) => occupiesFile && name.startsWith('.note'));
  const segments = elf.segments.filter(({ type }) => type === 'note');
  return [...sections, ...segments.map(({ fileOffset, fileSizeBytes }) => ({ fileOffset, sizeBytes: fileSizeBytes }))];
}

interface Note {
  readonly owner: string;
  readonly type: number;
  readonly content: Uint8Array;
}

/** Elf64_Nhdr: sizes of name and content, type; both are padded to 4 bytes (System V ABI, "Note Section"). */
function notesOf(cursor: Cursor): Note[] {
  const notes: Note[] = [];
  try {
    while (cursor.remaining >= 12 && notes.length < maxNotes) {
      const nameBytes = cursor.u32();
      const contentBytes = cursor.u32();
      const type = cursor.u32();
      const owner = cursor.text(nameBytes).replace(/\0+$/, '');
      const content = cursor.align(4).bytes(contentBytes);
      notes.push({ owner, type, content });
      if (!cursor.atEnd) cursor.align(4);
    }
  } catch (error) {
    if (!(error instanceof BinaryError)) throw error;
  }
  return notes;
}
