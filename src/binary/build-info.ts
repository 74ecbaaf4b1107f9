import { Cursor } from './cursor.ts';
import type { ElfFile } from './elf-file.ts';
import type { BuildInfo } from './go-binary.ts';
import type { Image } from './image.ts';

/**
 * Layout: cmd/link/internal/ld/data.go, `buildinfo`, and debug/buildinfo. 16-byte aligned: the magic (14 bytes), pointer
 * size, flags. With flag bit 1 (Go 1.18 and later) then padding to 32 and two strings, each behind its varint length;
 * without it two addresses of strings (pointer, length): `runtime.buildVersion` and `runtime.modinfo`.
 */
const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const alignment = 16;
const flagsOffset = 15;
const inlineFlag = 2;
const pointersOffset = 16;
const stringHeaderBytes = 16;
const stringsOffset = 32;

/** The module text is framed by two 16-byte marks, so that it can be found in memory; they are not part of it. */
const sentinelBytes = 16;

/** Kubernetes with all its modules has 30 KiB. */
const maxModuleTextBytes = 4 * 1024 * 1024;
const maxVersionBytes = 1024;
const maxDependencies = 16 * 1024;
const maxSettings = 1024;
const maxLineLength = 64 * 1024;

/** Where segments are searched, this much is read at a time. */
const pieceBytes = 1024 * 1024;

type Module = { readonly path: string; readonly version: string };

/** Reads the build information that the Go linker embeds. Undefined if there is none: of another language, or removed. */
export function readBuildInfo(elf: ElfFile, image: Image): BuildInfo | undefined {
  for (const { fileOffset, sizeBytes } of candidateRanges(elf)) {
    const found = findMagic(elf, fileOffset, sizeBytes);
    if (found !== undefined) return decode(elf, image, found, fileOffset + sizeBytes);
  }
  return undefined;
}

/** The build mode of what is no program of its own: `plugin`, `c-shared`, `shared`. Not told before Go 1.18. */
export function loadedBuildmode({ settings }: BuildInfo): string | undefined {
  const buildmode = settings.get('-buildmode');
  return buildmode === 'plugin' || buildmode === 'c-shared' || buildmode === 'shared' ? buildmode : undefined;
}

function candidateRanges(elf: ElfFile): readonly { readonly fileOffset: number; readonly sizeBytes: number }[] {
  const section = elf.section('.go.buildinfo');
  if (section?.occupiesFile) return [section];
  return elf.segments
    .filter((segment) => segment.type === 'load' && segment.writable)
    .map(({ fileOffset, fileSizeBytes }) => ({ fileOffset, sizeBytes: fileSizeBytes }));
}

/** File offset of the magic; it is aligned in memory, and so in the file. */
function findMagic(elf: ElfFile, fileOffset: number, sizeBytes: number): number | undefined {
  for (let done = 0; done < sizeBytes; done += pieceBytes) {
    const count = Math.min(pieceBytes + stringsOffset, sizeBytes - done);
    const { buffer, byteOffset, byteLength } = elf.readFile(fileOffset + done, count);
    const piece = Buffer.from(buffer, byteOffset, byteLength);
    for (let at = piece.indexOf(magic); at !== -1; at = piece.indexOf(magic, at + 1)) {
      if ((fileOffset + done + at) % alignment === 0) return fileOffset + done + at;
    }
  }
  return undefined;
}

function decode(elf: ElfFile, image: Image, fileOffset: number, endOffset: number): BuildInfo {
  const place = { file: elf.path, section: 'build information', baseOffset: 0 };
  const available = Math.min(endOffset - fileOffset, maxModuleTextBytes + maxVersionBytes + stringsOffset);
  const cursor = new Cursor(elf.readFile(fileOffset, available), place);
  if ((cursor.seek(flagsOffset).u8() & inlineFlag) === 0) return decodePointers(elf, image, fileOffset);
  cursor.seek(stringsOffset);
  return buildInfoOf(text(cursor, maxVersionBytes), text(cursor, maxModuleTextBytes));
}

/** The addresses are relocated ones in a PIE. */
function decodePointers(elf: ElfFile, image: Image, fileOffset: number): BuildInfo {
  const vaddr = elf.vaddrOf(fileOffset);
  const cursor = image.cursor(vaddr + pointersOffset, 16);
  const [version, modules] = [cursor.u64(), cursor.u64()];
  return buildInfoOf(goString(image, version, maxVersionBytes), goString(image, modules, maxModuleTextBytes));
}

/** A string header of the program, as latin1; a program without modules has an empty text, which needs no bytes in the file. */
function goString(image: Image, vaddr: number, limitBytes: number): string {
  if (vaddr === 0 || image.isZeroed(vaddr, stringHeaderBytes)) return '';
  const header = image.cursor(vaddr, stringHeaderBytes);
  const [start, length] = [header.u64(), header.u64()];
  if (length > limitBytes) header.fail(`a text of ${length} bytes is longer than the limit of ${limitBytes}`);
  return length === 0 ? '' : Buffer.from(image.bytes(start, length)).toString('latin1');
}

function buildInfoOf(goVersion: string, framed: string): BuildInfo {
  const framedBytes = Buffer.from(framed, 'latin1');
  const inner = framedBytes.subarray(sentinelBytes, Math.max(sentinelBytes, framedBytes.length - sentinelBytes));
  return { goVersion, ...parseModuleText(inner.toString('utf8')) };
}

/** latin1, so that the marks around the module text keep their length. */
function text(cursor: Cursor, limitBytes: number): string {
  const length = cursor.uleb();
  if (length > limitBytes) cursor.fail(`a text of ${length} bytes is longer than the limit of ${limitBytes}`);
  return Buffer.from(cursor.bytes(length)).toString('latin1');
}

/** runtime/debug, `(*BuildInfo).String`: one entry a line, its parts separated by tabs. Unknown lines are passed over. */
export function parseModuleText(moduleText: string): Omit<BuildInfo, 'goVersion'> {
  let path = '';
  let module: Module = { path: '', version: '' };
  const dependencies: Module[] = [];
  const settings = new Map<string, string>();
  let last: 'mod' | 'dep' | undefined;
  for (const line of moduleText.split('\n', maxDependencies + maxSettings)) {
    if (line.length > maxLineLength) continue;
    const [key, first = '', second = ''] = line.split('\t');
    if (key === 'path') path = first;
    else if (key === 'mod') module = { path: first, version: second };
    else if (key === 'dep') dependencies.push({ path: first, version: second });
    else if (key === 'build') addSetting(settings, line.slice('build\t'.length));
    else if (key === '=>' && second !== '') {
      // Imports keep the path, but the code is that of the replacement: so is the version that presets go by.
      const replaced = last === 'dep' ? dependencies.pop() : undefined;
      if (replaced !== undefined) dependencies.push({ path: replaced.path, version: second });
      else if (last === 'mod') module = { path: module.path, version: second };
    }
    if (key === 'mod' || key === 'dep') last = key;
  }
  return { path, module, dependencies, settings };
}

function addSetting(settings: Map<string, string>, assignment: string): void {
  // Keys and values with blanks, quotes, = or line ends are quoted as in Go source.
  const match = /^("(?:[^"\\]|\\.)*"|`[^`]*`|[^=]*)=(.*)$/s.exec(assignment);
  if (match === null) return;
  const [, key = '', value = ''] = match;
  settings.set(unquote(key), unquote(value));
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** Undoes Go's strconv.Quote. */
function unquote(quoted: string): string {
  if (/^`[^`]*`$/.test(quoted)) return quoted.slice(1, -1);
  if (!/^".*"$/s.test(quoted)) return quoted;
  return quoted.slice(1, -1).replace(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[^xuU])/gi, (_, sequence: string) => {
    const code = /^[xuU]/.test(sequence) ? Number.parseInt(sequence.slice(1), 16) : undefined;
    if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    return simpleEscapes[sequence] ?? sequence;
  });
}
