import type { GoBinary } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import { nearestNames } from '../name-suggestion.ts';
import { structLayout } from '../struct-layout.ts';
import { predeclaredType, predeclaredTypeNames } from './predeclared.ts';
import type { FieldSyntax, TypeSyntax } from './type-syntax.ts';

/** Types of different packages that a short name may mean, as they are named in a message. */
const maxCandidatesShown = 5;

/** Go's linker refuses objects of more (cmd/link, cutoff); beyond 2^53 sizes would be rounded. */
const maxTypeBytes = 2e9;
/** A struct that is written out has a name as long as all in it: within each other they double it at each step. */
const maxNameLength = 20_000;

const word = { sizeBytes: 8, alignBytes: 8 } as const;

/** What stands in the way of a written type, which is named. */
export class UnresolvedType extends Error {
  override readonly name = 'UnresolvedType';
  readonly #advise: () => string;

  /** @param advise what to do, to be put behind the reason. It may take a look at all names, so it is asked for users only. */
  constructor(reason: string, advise: () => string = () => '') {
    super(reason);
    this.#advise = advise;
  }

  /** The reason, and what to do. */
  get advice(): string {
    return this.message + this.#advise();
  }
}

/**
 * The type that was written, out of the binary's run-time type descriptors: by its name if it has one, part by part where
 * the binary has no descriptor of the whole. Throws an UnresolvedType for a name that the binary lacks, or has twice.
 * @param packagePath of the function, where unqualified names are looked up first
 * @param typeParameters of the function, by their names
 */
export function resolveType(
  binary: GoBinary,
  syntax: TypeSyntax,
  packagePath: string,
  typeParameters: ReadonlyMap<string, GoType> = new Map(),
): GoType {
  const inner = (part: TypeSyntax) => resolveType(binary, part, packagePath, typeParameters);
  switch (syntax.kind) {
    case 'name':
      return (
        (syntax.arguments.length === 0 && typeParameters.get(syntax.name)) ||
        namedType(binary, syntax, packagePath, inner)
      );
    case 'pointer': {
      const generic = typeParameters.size > 0 ? genericName(syntax.elem, packagePath, inner) : undefined;
      if (generic !== undefined) return { kind: 'pointer', name: `*${generic}`, ...word };
      const elem = inner(syntax.elem);
      return described(binary, { kind: 'pointer', name: `*${elem.name}`, ...word, elem });
    }
    case 'slice': {
      const elem = inner(syntax.elem);
      return described(binary, { kind: 'slice', name: `[]${elem.name}`, sizeBytes: 24, alignBytes: 8, elem });
    }
    case 'array': {
      const elem = inner(syntax.elem);
      const { length } = syntax;
      const name = `[${length}]${elem.name}`;
      const sizeBytes = soundSize(length * elem.sizeBytes, name);
      return described(binary, { kind: 'array', name, sizeBytes, alignBytes: elem.alignBytes, elem, length });
    }
    case 'map': {
      const key = inner(syntax.key);
      const elem = inner(syntax.elem);
      return described(binary, { kind: 'map', name: `map[${key.name}]${elem.name}`, ...word, key, elem });
    }
    case 'chan': {
      const elem = inner(syntax.elem);
      const elemName = elem.name.startsWith('<-') ? `(${elem.name})` : elem.name;
      return described(binary, { kind: 'chan', name: syntax.word + elemName, ...word, elem });
    }
    case 'func': {
      const types = (list: typeof syntax.parameters) => list.map(({ type }) => inner(type).name);
      const results = types(syntax.results);
      const suffix = results.length > 1 ? ` (${results.join(', ')})` : results.map((name) => ` ${name}`).join('');
      return { kind: 'func', name: `func(${types(syntax.parameters).join(', ')})${suffix}`, ...word };
    }
    case 'interface': {
      const name = syntax.hasMethods ? 'interface {…}' : 'interface {}';
      return { kind: 'interface', name, sizeBytes: 16, alignBytes: 8, hasMethods: syntax.hasMethods };
    }
    case 'struct':
      return structType(syntax.fields, inner);
  }
}

/** The binary's own descriptor of the type, which knows more (how a map lies in memory), or the composed one. */
function described(binary: GoBinary, composed: GoType): GoType {
  const known = binary.runtimeType(composed.name);
  return known?.kind === composed.kind ? known : composed;
}

function structType(syntax: readonly FieldSyntax[], inner: (part: TypeSyntax) => GoType): GoType {
  const members = syntax.map(({ name, type, embedded }) => ({ name, type: inner(type), embedded }));
  const layout = structLayout(members, (end) => soundSize(end, 'a struct'));
  const text = members.map(({ name, type, embedded }) => (embedded ? type.name : `${name} ${type.name}`)).join('; ');
  if (text.length > maxNameLength) throw new UnresolvedType('a struct that is written out has too many fields');
  return { kind: 'struct', name: text === '' ? 'struct {}' : `struct { ${text} }`, ...layout };
}

function soundSize(sizeBytes: number, name: string): number {
  if (sizeBytes <= maxTypeBytes) return sizeBytes;
  throw new UnresolvedType(`${name} would have more than ${maxTypeBytes} bytes`);
}

/** `main.List[go.shape.int]`, of the function's package: no program has a descriptor of it. */
function genericName(syntax: TypeSyntax, packagePath: string, inner: (part: TypeSyntax) => GoType): string | undefined {
  if (syntax.kind !== 'name' || syntax.arguments.length === 0 || syntax.name.includes('.')) return undefined;
  return `${packagePath}.${syntax.name}[${syntax.arguments.map((argument) => inner(argument).name).join(',')}]`;
}

function namedType(
  binary: GoBinary,
  { name: written, arguments: list }: TypeSyntax & { readonly kind: 'name' },
  packagePath: string,
  inner: (part: TypeSyntax) => GoType,
): GoType {
  const typeArguments = list.map((argument) => inner(argument).name);
  const name = list.length === 0 ? written : `${written}[${typeArguments.join(',')}]`;
  const isQualified = written.includes('.');
  if (!isQualified) {
    const own = binary.runtimeType(`${packagePath}.${name}`);
    if (own !== undefined) return own;
    const predeclared = predeclaredType(written);
    if (predeclared !== undefined && list.length === 0) return predeclared;
    throw lacks(binary, `${packagePath}.${name}`, written);
  }
  return byQualifiedName(binary, name, packagePath);
}

/** By its full path, else by its package's name: then only one package that can be imported may have such a type. */
function byQualifiedName(binary: GoBinary, name: string, packagePath: string): GoType {
  const exact = binary.runtimeType(name);
  if (exact !== undefined) return exact;
  const all = binary.runtimeTypesCalled(name);
  const importable = all.filter((type) => !hiddenPackage.test(type.name));
  const candidates = importable.length > 0 ? importable : all;
  const [first] = candidates;
  if (first === undefined) {
    const meant = standardAliases[name];
    const known = meant === undefined ? predeclaredType(name) : binary.runtimeType(meant);
    if (known !== undefined) return known;
    throw lacks(binary, name, name);
  }
  if (candidates.length === 1) return first;
  const own = candidates.find((type) => type.name.startsWith(`${packagePath}.`));
  if (own !== undefined) return own;
  const shown = candidates.slice(0, maxCandidatesShown).map((type) => type.name);
  const more = candidates.length > shown.length ? ` and ${candidates.length - shown.length} more` : '';
  throw new UnresolvedType(`${name} can be ${shown.join(', ')}${more}: write the package's whole path`);
}

/** Names of the standard library that stand for types of other packages, in some releases or all. */
const standardAliases: Readonly<Record<string, string>> = {
  'os.FileInfo': 'io/fs.FileInfo',
  'os.FileMode': 'io/fs.FileMode',
  'os.DirEntry': 'io/fs.DirEntry',
  'os.PathError': 'io/fs.PathError',
  'json.RawMessage': 'encoding/json/jsontext.Value',
  'encoding/json.RawMessage': 'encoding/json/jsontext.Value',
};

/** Packages that only their neighbours can import: not those that a user means, where there are others. */
const hiddenPackage = /(^|\/)(internal|vendor)\/|^go\.shape\./;

/** A word without a package may be a mistyped `error` or `string`. */
function nearestTypes(binary: GoBinary, wanted: string, written: string): readonly string[] {
  const own = written.includes('.') ? [] : nearestNames(written, predeclaredTypeNames());
  return [...own.slice(0, 1), ...nearestNames(wanted, binary.runtimeTypeNames())];
}

function lacks(binary: GoBinary, wanted: string, written: string): UnresolvedType {
  return new UnresolvedType(`the binary has no type ${written}`, () => {
    const nearest = nearestTypes(binary, wanted, written);
    const suggestion = nearest.length > 0 ? ` Nearest: ${nearest.join(', ')}.` : '';
    return `.${suggestion} A type that it never stores in an interface can be written out: struct{ID int; Name string}`;
  });
}
