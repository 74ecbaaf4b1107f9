import type { NameEnds } from '../binary/go-binary.ts';
import { parseSignature } from './signature/parse-signature.ts';
import { SignatureError } from './signature/signature-error.ts';
import { declaredTypeParameters } from './signature/type-parameters.ts';
import type { SignatureSyntax } from './signature/type-syntax.ts';

/**
 * A pattern of SIDESPAN_FUNCTIONS: a name or glob. `*` is any run of characters, `?` any one; everything else stands for
 * itself. So `net/http.(*conn).serve` is a name as it is (its `*` matches the literal `*`) and `main.(*Cart).*` is every
 * method of *Cart. `main.Map[...]` is every instance of a generic function, `main.Map[int]` that of one type.
 * A signature may follow: `main.(*Cart).Add(item main.Item, n int) error`, of generic code with its type parameters:
 * `main.Map[K comparable, V any](m map[K]V) []V`, `main.(*List[T any]).Push(item T)`.
 *
 * A pattern that matches no whole name is tried on `shortNames`: `http.(*conn).serve` is found as well.
 */
export interface FunctionPattern {
  /** As it was written. */
  readonly text: string;
  /** Without the signature. */
  readonly name: string;
  /** Parameters and results as they were written; absent: none were. */
  readonly signature?: SignatureSyntax | undefined;
  /** Without wildcards other than the `(*` of a pointer receiver: names one function. */
  readonly exact: boolean;
  readonly matches: (name: string) => boolean;
  /** Of all names that it matches. */
  readonly ends: NameEnds;
  /** Whether it matches one of the name's `shortNames`. */
  readonly matchesShort: (name: string) => boolean;
  readonly shortEnds: NameEnds;
}

/** Longest pattern: far longer than any Go symbol that is not generated. */
const maxPatternLength = 4096;

/** Parses one pattern. Throws a SignatureError if a signature follows the name and can't be read. */
export function functionPattern(text: string): FunctionPattern {
  if (text.length > maxPatternLength) {
    throw new SignatureError(text, maxPatternLength, `a pattern has at most ${maxPatternLength} characters`);
  }
  const start = signatureStart(text);
  const written = text.slice(0, start).trimEnd();
  const declared = declaredTypeParameters(written);
  const name = declared?.nameWithout ?? written;
  const parsed = start === undefined ? undefined : parseSignature(text, start);
  const signature = parsed && declared ? { ...parsed, typeParameters: declared.names } : parsed;
  // The star in front of a receiver's type stands for itself when there is no other.
  const hasNoWildcard = !/[*?]/.test(name.replaceAll(/\(\*(?=[^)*?])/g, '('));
  // As the runtime prints a generic function: all its instances.
  const glob = name.replaceAll('[...]', '[*]');
  const exact = hasNoWildcard && glob === name;
  const plain = withoutShapes(name);
  // Nobody writes type arguments as the compiler's shapes of them: `main.Map[int]` for `main.Map[go.shape.int]`.
  const isInstance = exact && name.includes('[');
  const matches = isInstance
    ? (own: string) => withoutShapes(own) === plain
    : exact
      ? (own: string) => own === name
      : globMatcher(glob);
  const ends: NameEnds = isInstance
    ? { prefix: '', ending: '' }
    : exact
      ? { prefix: name, ending: '' }
      : { prefix: glob.slice(0, glob.search(/[*?]/)), ending: glob.slice(glob.search(/[^*?]*$/)) };
  // Short ones end as the whole does; the path is written otherwise.
  const shortEnds: NameEnds = { prefix: '', ending: isInstance ? '' : glob.slice(glob.search(/[^*?./]*$/)) };
  const matchesShort = (own: string) => own.endsWith(shortEnds.ending) && shortNames(own).some(matches);
  return { text, name, signature, exact, matches, ends, matchesShort, shortEnds };
}

/**
 * Index of the `(` that begins the parameters: the first one that holds no receiver and stands in no type arguments.
 * A receiver stands behind a dot, or is followed by one: `main.(*Cart).Add`, `*(*Cart).*`.
 */
function signatureStart(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '[') depth++;
    else if (character === ']') depth--;
    else if (character === '(' && depth === 0) {
      const end = text.indexOf(')', at);
      const isReceiver = text[at - 1] === '.' || at === 0 || (end > 0 && text[end + 1] === '.');
      if (!isReceiver) return at;
    }
  }
  return undefined;
}

function withoutShapes(name: string): string {
  return name.replaceAll('go.shape.', '').replaceAll(', ', ',');
}

/**
 * What people write for a function instead of its whole name `gopkg.in/yaml%2ev3.(*parser).parse`: with the path as the
 * import says it, without its first elements, without a major version as last element (`caddy/v2`, `yaml.v3`).
 */
export function shortNames(name: string): string[] {
  // Type arguments have paths of their own.
  const bracket = name.search(/[[(]/);
  const lastSlash = name.lastIndexOf('/', bracket === -1 ? name.length : bracket);
  // A dot in the path's last element is written %2e.
  const dot = name.indexOf('.', lastSlash);
  if (dot === -1) return [];
  const elements = name.slice(0, dot).replaceAll('%2e', '.').split('/');
  const paths = elements.map((_, from) => elements.slice(from).join('/'));
  const last = elements.at(-1) ?? '';
  paths.push(/^v\d+$/.test(last) ? (elements.at(-2) ?? last) : last.replace(/\.v\d+$/, ''));
  return paths.map((path) => path + name.slice(dot));
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
