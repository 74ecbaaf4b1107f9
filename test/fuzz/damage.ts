import { ElfFile } from '../../src/binary/elf-file.ts';
import { type Range, tables } from '../binary/table-ranges.ts';
import { createDice, oneOf } from '../truth/dice.ts';

export interface Patch {
  readonly fileOffset: number;
  readonly bytes: Uint8Array;
}

/** What counts, sizes and offsets go wrong at, in the sizes that tables have. */
const oddNumbers: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  2n ** 16n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 62n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const maxPatches = 8;
const maxRandomBytes = 16;

/** Of an executable: its tables, its debug information and, as code is decoded too, its text. */
export function damageableRanges(path: string): readonly Range[] {
  using elf = new ElfFile(path);
  const sections = elf.sections
    .filter(({ name, sizeBytes }) => /^\.z?debug_|^\.text$/.test(name) && sizeBytes > 0)
    .map(({ fileOffset, sizeBytes }): Range => [fileOffset, sizeBytes]);
  return [...tables(path).ranges, ...sections];
}

/** One to eight patches that a seed determines. */
export function damage(ranges: readonly Range[], seed: number): Patch[] {
  const dice = createDice(seed);
  return Array.from({ length: 1 + dice.below(maxPatches) }, () => {
    const [start, sizeBytes] = oneOf(dice, ranges);
    const at = dice.below(sizeBytes);
    if (dice.below(2) === 0) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(oneOf(dice, oddNumbers));
      const width = oneOf(dice, [1, 2, 4, 8]);
      return { fileOffset: start + at - (at % width), bytes: bytes.subarray(0, width) };
    }
    const length = Math.min(1 + dice.below(maxRandomBytes), sizeBytes - at);
    return { fileOffset: start + at, bytes: Uint8Array.from({ length }, () => dice.below(256)) };
  });
}
