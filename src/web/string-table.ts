/** Numbers for strings that come again and again: names, attribute keys, Go types. 0 means: not in the table. */
export interface StringTable {
  /** Puts the string in if there is room. */
  numberOf(text: string): number;
  textOf(number: number): string;
}

/** Together 4 MB at most, and far less in practice; what comes after that is written out each time. */
const MAX_STRINGS = 8192;
const MAX_LENGTH = 256;

export function newStringTable(): StringTable {
  const numbers = new Map<string, number>();
  const texts: string[] = [''];

  return {
    numberOf(text) {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      if (texts.length >= MAX_STRINGS || text.length > MAX_LENGTH) return 0;
      const number = texts.push(text) - 1;
      numbers.set(text, number);
      return number;
    },
    textOf: (number) => texts[number] ?? '',
  };
}
