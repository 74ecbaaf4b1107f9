import * as zlib from 'node:zlib';
import { BinaryError } from './binary-error.ts';
import { Cursor } from './cursor.ts';

/** The largest decompressed section that is accepted: .debug_info of the largest known Go programs is under 200 MB. */
const maxDecompressedBytes = 512 * 1024 * 1024;

/** ch_type of Elf64_Chdr (System V ABI, "Compression Header"). */
const chTypeZlib = 1;
const chTypeZstd = 2;
const chdrBytes = 24;

/** zlib.constants.Z_MIN_CHUNK */
const minChunkBytes = 64;

/**
 * What a section may claim to expand to. Deflate reaches a factor of 1032 (zlib's "Maximum Compression Factor") with
 * zeros, which costs little while the result is small; debug information of size is compressed to a third or fourth.
 */
const smallBytes = 16 * 1024 * 1024;
const maxFactorOfSmall = 1032;
const maxFactor = 32;

/**
 * Decompresses the content of an SHF_COMPRESSED section: an Elf64_Chdr, then a zlib stream or zstd frame. The result
 * has exactly the size that the header states; memory is taken only for a size that is plausible.
 */
export function decompressSection(content: Uint8Array, place: { file: string; section: string }): Uint8Array {
  const cursor = new Cursor(content, place);
  const type = cursor.u32();
  cursor.skip(4);
  const sizeBytes = cursor.u64();
  const packed = cursor.seek(chdrBytes).bytes(content.length - chdrBytes);
  if (type !== chTypeZlib && type !== chTypeZstd) {
    const remedy = 'Build with zlib or zstd compressed debug information, or without compression.';
    throw new BinaryError(`compression type ${type} is unknown`, place, remedy, { kind: 'unsupported' });
  }
  return decompress(type === chTypeZlib ? 'zlib' : 'zstd', packed, sizeBytes, place);
}

/** Decompresses a `.zdebug_*` section of older toolchains: `ZLIB`, the size in 8 bytes big-endian, then a zlib stream. */
export function decompressZdebug(content: Uint8Array, place: { file: string; section: string }): Uint8Array {
  const cursor = new Cursor(content, place);
  if (cursor.text(4) !== 'ZLIB') throw new BinaryError('a .zdebug section does not begin with ZLIB', place);
  const size = cursor.bytes(8);
  const sizeBytes = size.reduce((sum, byte) => sum * 256 + byte, 0);
  return decompress('zlib', cursor.bytes(cursor.remaining), sizeBytes, place);
}

function decompress(
  method: 'zlib' | 'zstd',
  packed: Uint8Array,
  sizeBytes: number,
  place: { file: string; section: string },
): Uint8Array {
  const plausible = packed.length * (sizeBytes <= smallBytes ? maxFactorOfSmall : maxFactor) + 1024;
  if (sizeBytes > maxDecompressedBytes || sizeBytes > plausible) {
    throw new BinaryError(`${packed.length} bytes claim to hold ${sizeBytes} decompressed`, place);
  }
  if (sizeBytes === 0) return new Uint8Array(0);
  if (method === 'zstd' && zlib.zstdDecompressSync === undefined) {
    const remedy = 'Run Sidespan with Node 24 (npm install provides it).';
    throw new BinaryError('this Node.js knows no zstd', place, remedy, { kind: 'unsupported' });
  }
  let bytes: Uint8Array;
  try {
    // One buffer for all (a byte more, or a second one is begun at the end): collecting chunks takes the memory twice, and
    // the heap keeps what 16 KiB pieces took.
    const options = { maxOutputLength: sizeBytes, chunkSize: Math.max(sizeBytes + 1, minChunkBytes) };
    bytes = method === 'zlib' ? zlib.inflateSync(packed, options) : zlib.zstdDecompressSync(packed, options);
  } catch (cause) {
    throw new BinaryError(`the ${method} data is damaged`, place, undefined, { cause });
  }
  if (bytes.length !== sizeBytes) {
    throw new BinaryError(`${bytes.length} bytes came out of the ${method} data instead of ${sizeBytes}`, place);
  }
  return bytes;
}
