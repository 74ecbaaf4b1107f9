import { BinaryError } from './binary-error.ts';
import type { TypeDescriptor, TypeReader } from './type-descriptor.ts';

/**
 * Types that one unnamed type is composed of: source code has a handful, generated code some hundreds. A damaged file
 * may have a circle, or members that each have as many members.
 */
const maxParts = 4096;
const maxNesting = 200;

/** abi.ChanDir: RecvDir, SendDir. */
const channelWords: Readonly<Record<number, string>> = { 1: '<-chan ', 2: 'chan<- ', 3: 'chan ' };

/**
 * A type's name as in Go source, but with full package paths, as DWARF and pclntab write them. The descriptor's own
 * string has only the package's name, by which `text/template.Template` and `html/template.Template` are the same.
 */
export function typeName(types: TypeReader, vaddr: number): string {
  let left = maxParts;
  let nesting = 0;
  const nameOf = (part: number): string => {
    const type = types.descriptor(part);
    left -= type.named ? 1 : 1 + types.memberCount(type);
    if (left < 0 || nesting > maxNesting) {
      const place = { file: types.image.path, section: 'types', offset: vaddr };
      throw new BinaryError(`the type is composed of more than ${maxParts} others, or of itself`, place);
    }
    if (type.named) return qualifiedName(types, type);
    nesting++;
    const name = composedName(types, type, nameOf);
    nesting--;
    return name;
  };
  return nameOf(vaddr);
}

function composedName(types: TypeReader, type: TypeDescriptor, nameOf: (vaddr: number) => string): string {
  const [first, second, third] = type.words;
  switch (type.kind) {
    case 'pointer':
      return `*${nameOf(first)}`;
    case 'slice':
      return `[]${nameOf(first)}`;
    case 'array':
      return `[${third}]${nameOf(first)}`;
    case 'map':
      return `map[${nameOf(first)}]${nameOf(second)}`;
    case 'chan': {
      const elem = nameOf(first);
      return `${channelWords[second] ?? 'chan '}${elem.startsWith('<-') ? `(${elem})` : elem}`;
    }
    case 'func':
      return `func${functionSuffix(types, type, nameOf)}`;
    case 'struct': {
      const fields = types.fields(type).map(({ name, embedded, typeVaddr }) => {
        const fieldType = nameOf(typeVaddr);
        return embedded ? fieldType : `${name} ${fieldType}`;
      });
      return fields.length === 0 ? 'struct {}' : `struct { ${fields.join('; ')} }`;
    }
    case 'interface': {
      const methods = types.interfaceMethods(type).map(({ name, typeVaddr }) => {
        return typeVaddr === 0 ? `${name}()` : name + nameOf(typeVaddr).replace(/^func/, '');
      });
      return methods.length === 0 ? 'interface {}' : `interface { ${methods.join('; ')} }`;
    }
    default:
      return types.string(type);
  }
}

/** Of a named type: `net/http.Request`; `error` and other predeclared types have no package. */
export function qualifiedName(types: TypeReader, type: TypeDescriptor): string {
  const text = types.string(type);
  const path = types.packagePath(type);
  // Of the compiler's shapes of type arguments the path is the name's own beginning: `go.shape.int`.
  return path === '' || text.startsWith(`${path}.`) ? text : path + text.slice(text.indexOf('.'));
}

/**
 * The string that the descriptor of a type most likely has: a package's name is nearly always the last element of its
 * path, without a major version. Type arguments keep their paths.
 */
export function likelyString(name: string): string {
  const generic = /\w\[/.exec(name.replaceAll('map[', 'map<'))?.index ?? name.length;
  return name.slice(0, generic).replace(/[\w~%/.-]+/g, shortName) + name.slice(generic);
}

function shortName(qualified: string): string {
  const dot = qualified.lastIndexOf('.');
  if (dot === -1) return qualified;
  const elements = qualified.slice(0, dot).split('/');
  if (elements.length > 1 && /^v\d+$/.test(elements.at(-1) ?? '')) elements.pop();
  return (elements.at(-1) ?? '').replace(/\.v\d+$/, '') + qualified.slice(dot);
}

function functionSuffix(types: TypeReader, type: TypeDescriptor, nameOf: (vaddr: number) => string): string {
  const { parameters, results, variadic } = types.functionTypes(type);
  const names = parameters.map(nameOf);
  const last = names.pop();
  if (last !== undefined) names.push(variadic ? last.replace(/^\[\]/, '...') : last);
  const resultNames = results.map(nameOf);
  const suffix =
    resultNames.length > 1 ? ` (${resultNames.join(', ')})` : resultNames.map((name) => ` ${name}`).join('');
  return `(${names.join(', ')})${suffix}`;
}
