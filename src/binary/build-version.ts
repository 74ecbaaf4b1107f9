import { BinaryError, unlessDamaged } from './binary-error.ts';
import type { ElfFile } from './elf-file.ts';
import type { BuildInfo } from './go-binary.ts';
import type { Image } from './image.ts';
import { findModuleData } from './module-data.ts';
import { packerOf } from './packer.ts';

/** `go1.26.8`, `go1.27.4 X:jsonv2`, `devel go1.28-1a2b3c Tue …`. */
const versionForm = /^(go1\.\d|devel )[\x20-\x7e]*$/;
const minVersionBytes = 'go1.2'.length;
const maxVersionBytes = 128;

const pieceBytes = 1024 * 1024;

/** Data of programs of 100 MB have some 3 MB. */
const maxSearchedBytes = 64 * 1024 * 1024;

/**
 * What is known of a program without build information: it is a Go program if it has Go's function table, and its version
 * is that of `runtime.buildVersion`, the string variable that the linker sets. Throws a BinaryError if it is none.
 */
export function buildInfoOfTables(elf: ElfFile, image: Image): BuildInfo {
  try {
    // Programs of other languages are refused by this; it costs a look through the file.
    findModuleData(elf, image, '');
  } catch (error) {
    if (!(error instanceof BinaryError)) throw error;
    const packer = packerOf(elf);
    const place = { file: elf.path };
    if (packer !== undefined) {
      const remedy = `Unpack it (\`upx -d\`), or run the program as it was before packing.`;
      const what = `it is packed by ${packer}: its code is unpacked into memory that no file backs, where nothing can be probed`;
      throw new BinaryError(what, place, remedy, { kind: 'unsupported' });
    }
    const what = `it is no Go program: it has neither Go build information nor Go's function table`;
    throw new BinaryError(what, place, 'Sidespan traces Go programs only.', { kind: 'not-go' });
  }
  const none = { path: '', module: { path: '', version: '' }, dependencies: [], settings: new Map<string, string>() };
  return { goVersion: buildVersion(elf, image) ?? 'unknown', ...none };
}

/** The one string variable whose text is a Go version; undefined if there are none or several that disagree. */
function buildVersion(elf: ElfFile, image: Image): string | undefined {
  const found = new Set<string>();
  for (const { vaddr, fileSizeBytes } of elf.segments.filter(({ type, writable }) => type === 'load' && writable)) {
    const sizeBytes = Math.min(fileSizeBytes, maxSearchedBytes);
    for (let done = 0; done + 16 <= sizeBytes; done += pieceBytes) {
      const bytes = image.bytes(vaddr + done, Math.min(pieceBytes + 16, sizeBytes - done));
      for (const text of versionsIn(image, bytes)) found.add(text);
    }
  }
  return found.size === 1 ? [...found][0] : undefined;
}

/** String headers: an address of the file, a length. */
function* versionsIn(image: Image, bytes: Uint8Array): Generator<string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length; at += 8) {
    const length = view.getUint32(at + 8, true);
    if (length < minVersionBytes || length > maxVersionBytes || view.getUint32(at + 12, true) !== 0) continue;
    const start = Number(view.getBigUint64(at, true));
    if (!image.has(start, length)) continue;
    const text = unlessDamaged(() => Buffer.from(image.bytes(start, length)).toString('latin1'));
    if (text !== undefined && versionForm.test(text)) yield text;
  }
}
