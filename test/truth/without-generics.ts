/** Generic helpers as Go 1.17 and older can have them: one function for each type. */
export interface PlainHelpers {
  readonly source: string;
  /** Declarations of the functions that the source calls. */
  readonly declarations: string;
}

const helpers: Readonly<Record<string, (name: string, type: string) => string>> = {
  ptr: (name, type) => `func ${name}(value ${type}) *${type} { return &value }`,
  filled: (name, type) => `func ${name}(capacity int, values ...${type}) chan ${type} {
	channel := make(chan ${type}, capacity)
	for _, value := range values { channel <- value }
	return channel
}`,
};

/** @param known names of functions that were declared already, by call; what is new is added */
export function withoutGenerics(source: string, known: Map<string, string>): PlainHelpers {
  const declarations: string[] = [];
  let plain = '';
  let done = 0;
  for (const match of source.matchAll(/\b(ptr|filled)\[/g)) {
    const start = match.index + match[0].length;
    const end = endOfBracket(source, start);
    const [helper = '', type] = [match[1], source.slice(start, end)];
    const call = `${helper}[${type}]`;
    let name = known.get(call);
    if (name === undefined) {
      name = `${helper}${known.size}`;
      known.set(call, name);
      declarations.push(helpers[helper]?.(name, type) ?? '');
    }
    plain += source.slice(done, match.index) + name;
    done = end + 1;
  }
  return { source: plain + source.slice(done), declarations: declarations.join('\n') };
}

/** Index of the `]` that closes the bracket before `start`. */
function endOfBracket(source: string, start: number): number {
  let depth = 1;
  for (let at = start; at < source.length; at++) {
    if (source[at] === '[') depth++;
    else if (source[at] === ']' && --depth === 0) return at;
  }
  throw new Error(`no ] behind ${source.slice(start, start + 40)}`);
}
