/**
 * Writes cpio archives in the "newc" format, which the kernel unpacks as its first root file system.
 *
 * Format: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. Several archives one after the
 * other become one root, as long as none is compressed.
 */
import {
  closeSync,
  type Dirent,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** What an archive may hold; paths are relative to the root, without a leading slash. */
export type ArchiveEntry =
  | { readonly path: string; readonly text: string; readonly executable?: boolean }
  | { readonly path: string; readonly copyOf: string }
  | { readonly path: string; readonly linkTo: string };

const directoryMode = 0o040755;
const linkMode = 0o120777;

/**
 * Writes an archive; folders above each entry are made.
 * @param file is overwritten.
 * @throws Error of the file system when a source can't be read.
 */
export function writeArchive(file: string, entries: Iterable<ArchiveEntry>): void {
  const out = openSync(file, 'w');
  let inode = 1;
  const put = (path: string, mode: number, content: Uint8Array): void => {
    inode += 1;
    const name = Buffer.from(`${path}\0`);
    const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    const head = Buffer.concat([Buffer.from(header), name]);
    for (const part of [head, padding(head.length), content, padding(content.length)]) {
      for (let done = 0; done < part.length; ) done += writeSync(out, part, done);
    }
  };
  try {
    const folders = new Set<string>(['.']);
    for (const entry of entries) {
      for (const folder of missingFolders(entry.path, folders)) put(folder, directoryMode, Buffer.alloc(0));
      if ('linkTo' in entry) put(entry.path, linkMode, Buffer.from(entry.linkTo));
      else if ('text' in entry) put(entry.path, entry.executable ? 0o100755 : 0o100644, Buffer.from(entry.text));
      else put(entry.path, lstatSync(entry.copyOf).mode, readFileSync(entry.copyOf));
    }
    put('TRAILER!!!', 0, Buffer.alloc(0));
  } finally {
    closeSync(out);
  }
}

/**
 * The files and links below a folder as entries.
 * @param folder on this machine.
 * @param path where they go in the archive, '' for its root.
 * @param wanted gets the path relative to `folder`; false leaves a file, or a folder with all in it, out.
 */
export function* folderEntries(
  folder: string,
  path: string,
  wanted: (relative: string) => boolean = () => true,
): Generator<ArchiveEntry> {
  const below = function* (relative: string): Generator<ArchiveEntry> {
    const children: Dirent[] = readdirSync(join(folder, relative), { withFileTypes: true });
    for (const child of children) {
      const inner = join(relative, child.name);
      if (!wanted(inner)) continue;
      const source = join(folder, inner);
      if (child.isDirectory()) yield* below(inner);
      else if (child.isSymbolicLink()) yield { path: join(path, inner), linkTo: readlinkSync(source) };
      else if (child.isFile()) yield { path: join(path, inner), copyOf: source };
    }
  };
  yield* below('');
}

function padding(length: number): Uint8Array {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

function missingFolders(path: string, known: Set<string>): string[] {
  const missing: string[] = [];
  for (let folder = dirname(path); !known.has(folder); folder = dirname(folder)) {
    known.add(folder);
    missing.unshift(folder);
  }
  return missing;
}
