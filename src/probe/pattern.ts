/**
 * Patterns of SIDESPAN_FUNCTIONS: names or globs, separated by `;` or newlines. `*` is any run of characters, `?` any one;
 * everything else stands for itself. So `net/http.(*conn).serve` is a name as it is (its `*` matches the literal `*`) and
 * `main.(*Cart).*` is every method of *Cart. `main.Map[...]` is every instance of a generic function.
 */
export interface FunctionPattern {
  readonly text: string;
  /** Without wildcards other than the `(*` of a pointer receiver: names one function. */
  readonly exact: boolean;
  readonly matches: (name: string) => boolean;
}

/** Longest pattern: far longer than any Go symbol that is not generated. */
const maxPatternLength = 4096;

/** The patterns of a setting, in order, without empty ones and repetitions. */
export function parsePatterns(setting: string): FunctionPattern[] {
  const texts = setting
    .split(/[;\n]/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  return [...new Set(texts)].map(functionPattern);
}

/** One pattern. */
export function functionPattern(text: string): FunctionPattern {
  if (text.length > maxPatternLength)
    throw new RangeError(`function pattern longer than ${maxPatternLength} characters`);
  // The star in front of a receiver's type stands for itself when there is no other.
  const exact = !/[*?]/.test(text.replaceAll(/\(\*(?=[^)*?])/g, '('));
  // As the runtime prints a generic function: all its instances.
  const glob = text.replaceAll('[...]', '[*]');
  if (exact && glob === text) return { text, exact, matches: (name) => name === text };
  return { text, exact: exact && glob === text, matches: globMatcher(glob) };
}

/** Matches from the left with one point to return to: linear for the usual globs, never exponential. */
function globMatcher(glob: string): (name: string) => boolean {
  const prefix = glob.slice(0, glob.search(/[*?]/));
  const pieces = glob.split('*');
  if (pieces.length === 2 && !glob.includes('?')) {
    const [head, tail] = pieces as [string, string];
    return (name) => name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
  }
  return (name) => name.startsWith(prefix) && matchFrom(glob, name, prefix.length);
}

function matchFrom(glob: string, name: string, start: number): boolean {
  let g = start;
  let n = start;
  let starAt = -1;
  let retryAt = 0;
  while (n < name.length) {
    const c = glob.charCodeAt(g);
    if (g < glob.length && c === asterisk) {
      starAt = g;
      g += 1;
      retryAt = n;
    } else if (g < glob.length && (c === questionMark || c === name.charCodeAt(n))) {
      g += 1;
      n += 1;
    } else if (starAt >= 0) {
      retryAt += 1;
      g = starAt + 1;
      n = retryAt;
    } else {
      return false;
    }
  }
  while (g < glob.length && glob.charCodeAt(g) === asterisk) g += 1;
  return g === glob.length;
}

const asterisk = 0x2a;
const questionMark = 0x3f;
