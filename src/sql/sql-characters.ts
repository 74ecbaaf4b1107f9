/** Code units. */
export const char = {
  lineFeed: 0x0a,
  return: 0x0d,
  doubleQuote: 0x22,
  hash: 0x23,
  dollar: 0x24,
  quote: 0x27,
  star: 0x2a,
  plus: 0x2b,
  dash: 0x2d,
  dot: 0x2e,
  slash: 0x2f,
  colon: 0x3a,
  question: 0x3f,
  at: 0x40,
  openBracket: 0x5b,
  backslash: 0x5c,
  backtick: 0x60,
  e: 0x65,
} as const;

export function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** Every dialect counts all letters beyond ASCII to names. */
export function isWordStart(c: number): boolean {
  const lower = c | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || c === 0x5f || (c >= 0x80 && !isSpace(c));
}

export function isWordPart(c: number): boolean {
  return isWordStart(c) || isDigit(c) || c === char.dollar;
}

/** Some dialects count Unicode's spaces to names; a number behind one must not pass as part of a name. */
export function isSpace(c: number): boolean {
  if (c < 0x80) return c <= 0x20 || c === 0x7f;
  return c === 0x85 || (c >= 0xa0 && /\s/.test(String.fromCharCode(c)));
}
