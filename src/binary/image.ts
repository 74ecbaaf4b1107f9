import { BinaryError, hex } from './binary-error.ts';
import { Cursor } from './cursor.ts';
import type { ElfFile } from './elf-file.ts';
import type { ElfSegment } from './elf-header.ts';
import { applyRelocations, type RelativeRelocations, readRelativeRelocations } from './relocations.ts';

/** Reads are served from blocks of this size: descriptors lie close together and are small. */
const blockBytes = 16 * 1024;

/** So many are read at once where the two in front are known: tables are often read from one end to the other. */
const blocksInRow = 4;

/** 16 MiB of blocks: about all type data of a program of 100 MB. */
const maxBlocks = 1024;

/** Of `pieces`: fits into the processor's cache, and is below what malloc asks the kernel for anew each time. */
const scannedBytes = 96 * 1024;

export interface ImagePiece {
  /** Linked address of the first byte. */
  readonly vaddr: number;
  /** Not to be kept. */
  readonly bytes: Uint8Array;
}

/**
 * The program as it would lie in memory at load bias 0: linked addresses, relocated pointers. Blocks are read when they
 * are first needed and kept; beyond the limit the oldest are given up.
 */
export class Image {
  readonly #elf: ElfFile;
  readonly #blocks = new Map<number, Uint8Array>();
  #relocations: RelativeRelocations | undefined;
  #lastSegment: ElfSegment | undefined;
  #lastStart = -1;
  #lastBlock: Uint8Array = new Uint8Array(0);

  constructor(elf: ElfFile) {
    this.#elf = elf;
  }

  get path(): string {
    return this.#elf.path;
  }

  get relocations(): RelativeRelocations {
    this.#relocations ??= readRelativeRelocations(this.#elf);
    return this.#relocations;
  }

  /** `sizeBytes` bytes at a linked address; throws a BinaryError where the file has none. Not to be written to. */
  bytes(vaddr: number, sizeBytes: number): Uint8Array {
    const at = this.#findBlock(vaddr, sizeBytes);
    return at < 0 ? this.#relocated(vaddr, sizeBytes) : this.#lastBlock.subarray(at, at + sizeBytes);
  }

  /**
   * The bytes from a linked address on, piece by piece, each with the first `overlapBytes` of the next one. All are read into
   * one small buffer, so a piece is lost when the next one is asked for. For what is looked through once: fresh memory for
   * each piece would cost several times as much as reading it.
   */
  *pieces(vaddr: number, sizeBytes: number, overlapBytes = 0): Generator<ImagePiece> {
    const buffer = new Uint8Array(Math.min(sizeBytes, scannedBytes + overlapBytes));
    for (let done = 0; done < sizeBytes; done += scannedBytes) {
      const bytes = buffer.subarray(0, Math.min(buffer.length, sizeBytes - done));
      this.#elf.readInto(bytes, vaddr + done);
      applyRelocations(this.relocations, vaddr + done, bytes);
      yield { vaddr: vaddr + done, bytes };
    }
  }

  /** A cursor at a linked address, whose offsets are linked addresses. */
  cursor(vaddr: number, sizeBytes: number): Cursor {
    const place = { file: this.path, section: 'image', baseOffset: vaddr };
    const at = this.#findBlock(vaddr, sizeBytes);
    return at < 0
      ? new Cursor(this.#relocated(vaddr, sizeBytes), place)
      : new Cursor(this.#lastBlock, place, at, sizeBytes);
  }

  /** The word at a linked address. */
  u32(vaddr: number): number {
    const at = this.#findBlock(vaddr, 4);
    if (at < 0) return this.cursor(vaddr, 4).u32();
    const bytes = this.#lastBlock;
    return (
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    );
  }

  /** Like `cursor`, but with fewer bytes where the file has no more. */
  cursorUpTo(vaddr: number, sizeBytes: number): Cursor {
    const { vaddr: start, fileSizeBytes } = this.#segment(vaddr, 1);
    return this.cursor(vaddr, Math.min(sizeBytes, start + fileSizeBytes - vaddr));
  }

  /** Where the segment's bytes in the file end that hold this linked address; undefined: the file has none there. */
  segmentEnd(vaddr: number): number | undefined {
    const last = this.#lastSegment;
    const isLast = last !== undefined && vaddr >= last.vaddr && vaddr < last.vaddr + last.fileSizeBytes;
    const segment = isLast ? last : this.#elf.segmentAt(vaddr);
    this.#lastSegment = segment ?? last;
    return segment && segment.vaddr + segment.fileSizeBytes;
  }

  /** Whether the file has all these bytes. */
  has(vaddr: number, sizeBytes: number): boolean {
    return Number.isSafeInteger(vaddr) && this.#elf.segmentAt(vaddr, sizeBytes) !== undefined;
  }

  /** Whether these bytes are in memory only (`.bss`): zero when the program starts. */
  isZeroed(vaddr: number, sizeBytes: number): boolean {
    const segments = this.#elf.segments.filter(({ type }) => type === 'load');
    return segments.some(({ vaddr: start, fileSizeBytes, memorySizeBytes }) => {
      return vaddr >= start + fileSizeBytes && sizeBytes <= memorySizeBytes - (vaddr - start);
    });
  }

  /** Gives back the memory of all blocks and relocations; what is asked for next is read again. */
  release(): void {
    this.#blocks.clear();
    this.#lastStart = -1;
    this.#lastBlock = new Uint8Array(0);
    this.#relocations = undefined;
  }

  /** Where the bytes begin in the block that is the last one then; -1: no block has them all. */
  #findBlock(vaddr: number, sizeBytes: number): number {
    const at = vaddr - this.#lastStart;
    if (at >= 0 && at + sizeBytes <= this.#lastBlock.length) return at;
    const segment = this.#segment(vaddr, sizeBytes);
    const start = vaddr - ((vaddr - segment.vaddr) % blockBytes);
    const block = this.#block(segment, start);
    return vaddr + sizeBytes <= start + block.length ? vaddr - start : -1;
  }

  #segment(vaddr: number, sizeBytes: number): ElfSegment {
    const last = this.#lastSegment;
    if (last !== undefined && vaddr >= last.vaddr && sizeBytes <= last.fileSizeBytes - (vaddr - last.vaddr))
      return last;
    const segment = this.#elf.segmentAt(vaddr, sizeBytes);
    if (segment === undefined) {
      const what = `${hex(sizeBytes)} bytes at the linked address ${hex(vaddr)} are not in the file`;
      throw new BinaryError(what, { file: this.path, section: 'image', offset: vaddr });
    }
    this.#lastSegment = segment;
    return segment;
  }

  #block(segment: ElfSegment, start: number): Uint8Array {
    let block = this.#blocks.get(start);
    if (block === undefined) {
      const isInRow = this.#blocks.has(start - blockBytes) && this.#blocks.has(start - 2 * blockBytes);
      const wantedBytes = isInRow ? blockBytes * blocksInRow : blockBytes;
      const row = this.#relocated(start, Math.min(wantedBytes, segment.vaddr + segment.fileSizeBytes - start));
      block = row.subarray(0, blockBytes);
      for (let at = 0; at < row.length; at += blockBytes) this.#keep(start + at, row.subarray(at, at + blockBytes));
    }
    this.#lastStart = start;
    this.#lastBlock = block;
    return block;
  }

  #keep(start: number, block: Uint8Array): void {
    const oldest = this.#blocks.keys().next();
    if (this.#blocks.size >= maxBlocks && !oldest.done) this.#blocks.delete(oldest.value);
    this.#blocks.set(start, block);
  }

  #relocated(vaddr: number, sizeBytes: number): Uint8Array {
    const bytes = this.#elf.read(vaddr, sizeBytes);
    applyRelocations(this.relocations, vaddr, bytes);
    return bytes;
  }
}
