/** What a function is, as its linker name tells: `pkg.(*T).M`, `pkg.f.func1`, `pkg.init.0`, `pkg.(*T).M-fm` … */
export type FunctionRole =
  | 'function'
  | 'method'
  | 'closure'
  /** `x.Method` as a value: the closure that keeps the receiver. */
  | 'method value'
  /** `defer f(x)` or `go f(x)`: the closure that keeps the arguments. */
  | 'deferred call'
  | 'go statement'
  /** The body of a loop over an iterator function. */
  | 'loop body'
  /** A package's initialisation: `init.0`, `init` of its variables. */
  | 'init'
  /** Made by the compiler: `type:.eq.T`, `go:…`. */
  | 'generated';

export interface FunctionName {
  readonly role: FunctionRole;
  /** As types have it: `gopkg.in/yaml.v3`, where the linker writes `gopkg.in/yaml%2ev3`. */
  readonly packagePath: string;
  /** Of a method: its receiver's type as a type's name, `*main.Cart`, `main.Pair[int]`. */
  readonly receiver?: string | undefined;
  /** In brackets, of the function or its receiver; empty if it has none. `[...]` up to Go 1.20. */
  readonly typeArguments: string;
  /** Compiled once for all type arguments of the same shape: it has a dictionary among its parameters. */
  readonly isShaped: boolean;
  /** It, or what it belongs to, has type arguments. */
  readonly isGeneric: boolean;
}

/** What all of the following end with: most names are none of them. */
const innerEnd = /[\dm]$/;

/** Names that the compiler gives to what stands within a function. Go programs may, but don't, use them as methods. */
const innerRoles: readonly { readonly pattern: RegExp; readonly role: FunctionRole }[] = [
  { pattern: /-fm$/, role: 'method value' },
  { pattern: /-range\d+$/, role: 'loop body' },
  { pattern: /\.gowrap\d+$/, role: 'go statement' },
  { pattern: /\.deferwrap\d+$|·dwrap·\d+$/, role: 'deferred call' },
  { pattern: /\.func\d+(\.\d+)*$/, role: 'closure' },
];

let last: { readonly text: string; readonly name: FunctionName } | undefined;

/** Reads a function's name as pclntab has it. Never fails: what it can't place is a `function`. */
export function functionName(name: string): FunctionName {
  // Asked by the one who lists functions, and again by the one who finds the types of each.
  if (last?.text !== name) last = { text: name, name: read(name) };
  return last.name;
}

function read(name: string): FunctionName {
  const isGeneric = name.includes('[');
  const plain = isGeneric ? withoutTypeArguments(name) : name;
  const dot = endOfPackage(plain);
  const packagePath = plain.slice(0, dot).replaceAll('%2e', '.');
  const typeArguments = isGeneric ? typeArgumentsOf(name) : '';
  const isShaped = name.includes('[go.shape.') || name.includes('[...]');
  const base = { packagePath, typeArguments, isShaped, isGeneric };
  if (/^(type|go):|^type\.\./.test(name)) return { ...base, role: 'generated' };
  const rest = plain.slice(dot + 1);
  const inner = innerEnd.test(rest) ? innerRoles.find(({ pattern }) => pattern.test(`.${rest}`)) : undefined;
  if (inner !== undefined) return { ...base, role: inner.role };
  if (/^init(\.\d+)?$/.test(rest)) return { ...base, role: 'init' };
  const method = /^(?:\(\*([^().]+)\)|([^().]+))\.[^.]+$/.exec(rest);
  if (method === null) return { ...base, role: 'function' };
  const isPointer = method[1] !== undefined;
  const receiver = `${isPointer ? '*' : ''}${packagePath}.${method[1] ?? method[2]}${typeArguments}`;
  return { ...base, role: 'method', receiver };
}

/** Index of the dot behind the package's path: the first one behind the path's last slash. */
function endOfPackage(plain: string): number {
  const bracket = plain.search(/[([]/);
  const path = bracket < 0 ? plain : plain.slice(0, bracket);
  const dot = plain.indexOf('.', path.lastIndexOf('/') + 1);
  return dot < 0 ? plain.length : dot;
}

/** The name without its first bracket and what is in it: `[…]` behind the function's or the receiver's type's name. */
function withoutTypeArguments(name: string): string {
  const text = typeArgumentsOf(name);
  return text === '' ? name : name.replace(text, () => '');
}

function typeArgumentsOf(name: string): string {
  const start = name.indexOf('[');
  if (start < 0) return '';
  let depth = 0;
  for (let at = start; at < name.length; at++) {
    if (name[at] === '[') depth++;
    else if (name[at] === ']' && --depth === 0) return name.slice(start, at + 1);
  }
  return '';
}
