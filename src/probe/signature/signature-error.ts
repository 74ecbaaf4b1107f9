/** Characters of the text that are shown around the place of an error. */
const shownCharacters = 100;

/** A signature in a function pattern that can't be read, or that the binary contradicts: what, where, what to do. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  /** Index in the pattern, from 0. */
  readonly at: number;
  /** The message without the picture of the place. */
  readonly what: string;

  /**
   * @param text the whole pattern
   * @param at where in it
   * @param what what is wrong there and what is expected, without a full stop
   */
  constructor(text: string, at: number, what: string) {
    super(`The signature in a function pattern can't be read, column ${at + 1}: ${what}.\n${placeOf(text, at)}`);
    this.at = at;
    this.what = what;
  }
}

/** The text and below it a caret at the place; of a long text the part around it. */
function placeOf(text: string, at: number): string {
  const start = text.length <= shownCharacters ? 0 : Math.max(0, at - shownCharacters / 2);
  const end = Math.min(text.length, start + shownCharacters);
  const before = start > 0 ? '…' : '';
  const line = `${before}${text.slice(start, end)}${end < text.length ? '…' : ''}`.replaceAll(/\s/g, ' ');
  return `${line}\n${' '.repeat(before.length + at - start)}^`;
}
