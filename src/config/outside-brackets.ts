/**
 * The parts between `;` and newlines that stand in no brackets, without space around them and without empty ones: function
 * patterns may hold a signature (`main.f(o struct{ID int; Name string})`) or type arguments. Where brackets are not closed,
 * the rest is one part.
 */
export function splitOutsideBrackets(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === undefined || (depth === 0 && (character === ';' || character === '\n'))) {
      const part = text.slice(start, at).trim();
      if (part !== '') parts.push(part);
      start = at + 1;
    } else if ('([{'.includes(character)) {
      depth++;
    } else if (')]}'.includes(character)) {
      depth = Math.max(0, depth - 1);
    }
  }
  return parts;
}
