import { anyPointerShape } from '../../binary/any-pointer-shape.ts';
import { splitList } from '../../binary/generic-type.ts';
import type { GoBinary } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import type { FunctionName } from '../function-name.ts';
import { parseShape } from './parse-signature.ts';
import { resolveType, UnresolvedType } from './resolve-type.ts';
import { SignatureError } from './signature-error.ts';

const shapePrefix = 'go.shape.';

/**
 * Names of the type parameters that a name declares as Go source does: K and V of `main.Map[K comparable, V any]`, T of
 * `main.(*List[T any]).Push`. Undefined if what is in its brackets are types.
 */
export function declaredTypeParameters(name: string): { names: string[]; nameWithout: string } | undefined {
  const start = name.indexOf('[');
  let end = name.lastIndexOf(']');
  const paren = name.indexOf(').', start);
  if (start >= 0 && paren > start && name[paren - 1] === ']') end = paren - 1;
  if (start < 0 || end < start) return undefined;
  const items = splitList(name.slice(start + 1, end));
  const names = items.map((item) => /^[\p{L}_][\p{L}\p{N}_]*/u.exec(item)?.[0] ?? '');
  // `K, V any`: the last one has a constraint, those before it may share it.
  const declares = items.every((item, index) => {
    const constraint = item.slice(names[index]?.length ?? 0);
    return names[index] !== '' && (constraint === '' || /^\s+\S/.test(constraint));
  });
  const last = items.at(-1) ?? '';
  const isType = /^(struct|chan|func|interface|map)\b/.test(last);
  if (!declares || isType || !/\s/.test(last)) return undefined;
  return { names, nameWithout: `${name.slice(0, start)}[...]${name.slice(end + 1)}` };
}

/** Types that the type parameters stand for in one function's code: shapes, which its name tells since Go 1.21. */
export function shapesOf(binary: GoBinary, name: FunctionName, names: readonly string[]): Map<string, GoType> {
  if (name.typeArguments === '[...]') {
    throw new UnresolvedType(
      "functions of Go 1.20 and older don't tell the shapes of their type parameters: write the types that are meant",
    );
  }
  const list = splitList(name.typeArguments.slice(1, -1));
  if (list.length !== names.length) {
    throw new UnresolvedType(`it has ${list.length} type parameters, and not ${names.length}`);
  }
  return new Map(names.map((own, index) => [own, shapeType(binary, list[index] ?? '', name.packagePath)]));
}

function shapeType(binary: GoBinary, shape: string, packagePath: string): GoType {
  const text = shape.startsWith(shapePrefix) ? shape.slice(shapePrefix.length) : shape;
  try {
    const { kind, sizeBytes, alignBytes, elem, key, group, length, fields, hasMethods } = resolveType(
      binary,
      parseShape(text),
      packagePath,
    );
    const known = { kind, name: shape, sizeBytes, alignBytes, key, group, length, fields, hasMethods };
    return anyPointerShape.test(shape) ? known : { ...known, elem };
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new UnresolvedType(`the shape ${shape} of its type parameter can't be read`);
  }
}
