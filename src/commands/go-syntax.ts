import type { GoParameter, GoSignature } from '../binary/go-type.ts';

/**
 * A signature as in Go source: `func (c *shop.Cart) Add(item string, n int) (total int, err error)`. Package paths are
 * cut down to their last part, as source has them.
 * @param functionName as in pclntab: `github.com/acme/shop.(*Cart).Add`
 */
export function goSyntax(functionName: string, { parameters: all, results }: GoSignature): string {
  // The dictionary of generic code stands in no source.
  const parameters = all.filter(({ name }) => name !== '.dict');
  const { owner, name } = splitName(functionName);
  const [first, ...rest] = parameters;
  const isMethod = first !== undefined && owner !== '' && receiverName(owner) === first.type.name;
  const receiver = isMethod ? `(${parameterText(first)}) ` : '';
  const list = parameterList(isMethod ? rest : parameters);
  return `func ${receiver}${name}(${list})${resultText(results)}`;
}

/** Most parameters of a program have one of few types. */
const shortNames = new Map<string, string>();
const maxShortNames = 4096;

/** `github.com/acme/shop.Order` -> `shop.Order`, everywhere in a type's name; `any` for the empty interface. */
export function shortTypeName(name: string): string {
  let short = shortNames.get(name);
  if (short === undefined) {
    short = shortened(name);
    if (shortNames.size === maxShortNames) shortNames.clear();
    shortNames.set(name, short);
  }
  return short;
}

function shortened(name: string): string {
  const short = name.includes('/') ? withoutPaths(name) : name;
  return short.includes('interface {}') ? short.replaceAll('interface {}', 'any') : short;
}

function withoutPaths(name: string): string {
  return name.replace(/(?:[\w.~%-]+\/)+(?=[\w~%-]+[^/]*)/g, '');
}

/**
 * The part before the last dot that isn't within brackets (`[go.shape.int]`), and the part behind it. A number is no name of
 * its own: `init.0`, `func2.1`.
 */
function splitName(functionName: string): { readonly owner: string; readonly name: string } {
  let depth = 0;
  for (let at = functionName.length - 1; at >= 0; at--) {
    const character = functionName[at];
    if (character === ']') depth += 1;
    else if (character === '[') depth -= 1;
    else if (character === '.' && depth === 0 && !/^\d+$/.test(functionName.slice(at + 1)))
      return { owner: functionName.slice(0, at), name: functionName.slice(at + 1) };
    else if (character === '/' && depth === 0) break;
  }
  return { owner: '', name: functionName };
}

/** `github.com/acme/shop.(*Cart)` -> `*github.com/acme/shop.Cart`: how the receiver's type is called. */
function receiverName(owner: string): string {
  const pointer = owner.endsWith(')') ? /^(.*)\.\(\*(.+)\)$/.exec(owner) : null;
  // The symbol's package path has its dots after the last slash escaped, the type's name hasn't.
  const plain = (path: string) => (path.includes('%') ? path.replaceAll('%2e', '.') : path);
  return pointer ? `*${plain(pointer[1] ?? '')}.${pointer[2]}` : plain(owner);
}

/** A list in which either all or none have a name: `_` stands for a missing one. */
function parameterList(parameters: readonly GoParameter[]): string {
  const named = parameters.some(({ name }) => name !== '');
  return parameters
    .map((parameter) => parameterText(named && parameter.name === '' ? { ...parameter, name: '_' } : parameter))
    .join(', ');
}

function parameterText({ name, type }: GoParameter): string {
  const typeName = shortTypeName(type.name);
  return name === '' ? typeName : `${name} ${typeName}`;
}

/** Results named ~r0, ~r1 … have no name in the source. */
function resultText(results: readonly GoParameter[]): string {
  const inSource = results.map((result) => (result.name.startsWith('~') ? { ...result, name: '' } : result));
  if (inSource.length === 0) return '';
  const text = parameterList(inSource);
  return inSource.length === 1 && inSource[0]?.name === '' ? ` ${text}` : ` (${text})`;
}
