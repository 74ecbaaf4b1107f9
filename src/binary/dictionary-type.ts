import { BinaryError } from './binary-error.ts';
import type { Found } from './go-binary.ts';
import type { GoType } from './go-type.ts';
import type { Image } from './image.ts';

const wordBytes = 8;

/** The compiler counts the words of a dictionary with 16 bits (DW_AT_go_dict_index is a uint16). */
export const maxDictionaryWords = 0x1_0000;

/**
 * The type that a dictionary of generic code has at one of its words: the address of the type's descriptor. Which word,
 * DW_AT_go_dict_index says; words that no parameter refers to are other things (dictionaries of functions that are called,
 * itabs), as measured in Go 1.18, 1.20, 1.26 and 1.27.
 * @param dictionaryVaddr linked address
 */
export function dictionaryType(
  image: Image,
  types: { at(vaddr: number): Found<GoType> },
  dictionaryVaddr: number,
  word: number,
): Found<GoType> {
  const vaddr = dictionaryVaddr + word * wordBytes;
  if (!(dictionaryVaddr > 0 && dictionaryVaddr % wordBytes === 0 && word >= 0 && word < maxDictionaryWords)) {
    return { unavailable: 'no address of a dictionary' };
  }
  if (!image.has(vaddr, wordBytes)) return { unavailable: 'its dictionary is not in the file' };
  try {
    return types.at(image.cursor(vaddr, wordBytes).u64());
  } catch (error) {
    if (error instanceof BinaryError) return { unavailable: `its dictionary can't be read: ${error.what}` };
    throw error;
  }
}
