import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { absenceOf } from './proc-file.ts';

/** Whether a file is a Go executable, by a look at a few KB. `unknown`: it couldn't be read, which is no "no". */
export type GoExecutable =
  | { readonly kind: 'go' }
  | { readonly kind: 'other'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Sections that only Go's linker makes; stripping leaves all but the symbol table. */
const goSections = ['.go.buildinfo', '.gopclntab', '.data.rel.ro.gopclntab', '.note.go.buildid'];

/** First bytes of the build information (Go's debug/buildinfo), 16-byte aligned at the start of writable data. */
const buildInfoMagic = Buffer.from('\xff Go buildinf:', 'latin1');

/** A Go executable has 25 to 45 sections and a few program headers; cgo and plugins some more. */
const maxSections = 2048;
const maxSegments = 256;
const maxNamesBytes = 256 * 1024;
/** Without a section table the build information is looked for in this much of each writable segment. */
const maxSearchBytes = 1024 * 1024;

const packedSearchBytes = 4096;
const packedReason = 'it is packed by UPX, and nothing of a packed program can be probed; run it unpacked (`upx -d`)';

const remembered = new Map<string, GoExecutable>();
const maxRemembered = 4096;

/**
 * Looks at an executable, usually /proc/PID/exe. The answer is kept by device, inode, size and change time, so a
 * thousand processes of one file cost one look.
 */
export function goExecutable(path: string): GoExecutable {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const { dev, ino, size, ctimeNs } = fstatSync(fd, { bigint: true });
    const key = `${dev}:${ino}:${size}:${ctimeNs}`;
    const known = remembered.get(key);
    if (known) return known;
    const found = inspect(fd, Number(size));
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!);
    remembered.set(key, found);
    return found;
  } catch (error) {
    const absence = absenceOf(error);
    return { kind: 'unknown', reason: absence === 'gone' ? 'it ended' : absence };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function inspect(fd: number, sizeBytes: number): GoExecutable {
  const other = (reason: string): GoExecutable => ({ kind: 'other', reason });
  const header = read(fd, 0, 64);
  if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46) return other('not an ELF file');
  if (header[4] !== 2 || header[5] !== 1) return other('not a 64-bit little-endian ELF file');

  const names = sectionNames(fd, header, sizeBytes);
  if (names !== undefined) {
    return goSections.some((name) => names.includes(`\0${name}\0`)) ? { kind: 'go' } : other('no Go build information');
  }
  if (buildInfoInData(fd, header, sizeBytes)) return { kind: 'go' };
  return other(isPacked(fd) ? packedReason : 'no Go build information');
}

/** UPX writes its mark behind the program headers. What it packs it unpacks into memory that no file backs. */
function isPacked(fd: number): boolean {
  return read(fd, 0, packedSearchBytes).includes('UPX!');
}

/** The string table of section names, or undefined if there is none (ELF64 header: e_shoff 40, e_shentsize 58 …). */
function sectionNames(fd: number, header: Buffer, sizeBytes: number): string | undefined {
  const offset = u64(header, 40);
  const entryBytes = header.readUInt16LE(58);
  const count = header.readUInt16LE(60);
  const namesIndex = header.readUInt16LE(62);
  if (offset === 0 || entryBytes < 64 || count === 0 || count > maxSections || namesIndex >= count) return undefined;
  const entry = read(fd, offset + namesIndex * entryBytes, 64);
  if (entry.length < 64) return undefined;
  const namesOffset = u64(entry, 24);
  const namesBytes = u64(entry, 32);
  if (namesBytes === 0 || namesBytes > maxNamesBytes || namesOffset + namesBytes > sizeBytes) return undefined;
  return read(fd, namesOffset, namesBytes).toString('latin1');
}

/** Searches the file's part of the writable segments (program header: p_type 0, p_flags 4, p_offset 8, p_filesz 32). */
function buildInfoInData(fd: number, header: Buffer, sizeBytes: number): boolean {
  const offset = u64(header, 32);
  const entryBytes = header.readUInt16LE(54);
  const count = Math.min(header.readUInt16LE(56), maxSegments);
  if (entryBytes < 56) return false;
  for (let index = 0; index < count; index++) {
    const entry = read(fd, offset + index * entryBytes, 56);
    if (entry.length < 56) return false;
    const writableLoad = entry.readUInt32LE(0) === 1 && (entry.readUInt32LE(4) & 2) !== 0;
    const start = u64(entry, 8);
    if (!writableLoad || start >= sizeBytes) continue;
    if (read(fd, start, Math.min(u64(entry, 32), maxSearchBytes, sizeBytes - start)).includes(buildInfoMagic))
      return true;
  }
  return false;
}

/** An unsigned 64-bit number; those beyond 2^53 lose bits and are beyond every file's end all the same. */
function u64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

/** Up to `count` bytes; fewer at the file's end, none where the offset is no offset. */
function read(fd: number, offset: number, count: number): Buffer {
  if (!Number.isSafeInteger(offset) || offset < 0) return Buffer.alloc(0);
  const bytes = Buffer.alloc(count);
  return bytes.subarray(0, readSync(fd, bytes, 0, count, offset));
}
