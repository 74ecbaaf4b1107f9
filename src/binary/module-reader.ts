import type { Image } from './image.ts';

/** A Go slice in the image: linked address and number of elements. */
export interface ImageSlice {
  readonly vaddr: number;
  readonly length: number;
}

/** Reads fields of a supposed moduledata; what can't be right, or is not in the file, is undefined. */
export class ModuleReader {
  readonly image: Image;
  readonly #vaddr: number;

  constructor(image: Image, vaddr: number) {
    this.image = image;
    this.#vaddr = vaddr;
  }

  word(offset: number): number | undefined {
    if (!this.image.has(this.#vaddr + offset, 8)) return undefined;
    const cursor = this.image.cursor(this.#vaddr + offset, 8);
    const low = cursor.u32();
    const high = cursor.u32();
    return high > 0x1fffff ? undefined : high * 0x1_0000_0000 + low;
  }

  /** A slice whose length is its capacity, as the linker writes them, and whose elements are in the file. */
  slice(offset: number, elementBytes: number): ImageSlice | undefined {
    const vaddr = this.word(offset);
    const length = this.word(offset + 8);
    const capacity = this.word(offset + 16);
    if (vaddr === undefined || length === undefined || length !== capacity) return undefined;
    return length === 0 || this.image.has(vaddr, length * elementBytes) ? { vaddr, length } : undefined;
  }
}
