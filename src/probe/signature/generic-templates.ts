import { splitList } from '../../binary/generic-type.ts';
import type { GoBinary } from '../../binary/go-binary.ts';
import type { GenericSignature, GenericType, GoType } from '../../binary/go-type.ts';
import type { FunctionName } from '../function-name.ts';
import { resolveType, UnresolvedType } from './resolve-type.ts';
import { shapesOf } from './type-parameters.ts';
import type { SignatureSyntax, TypeSyntax } from './type-syntax.ts';
import { listsUnnamed } from './unnamed-parameters.ts';

/** What the dictionary tells of each written type: nothing of those without type parameters. */
export function createTemplates(
  binary: GoBinary,
  name: FunctionName,
  { parameters, results }: SignatureSyntax,
  shapes: ReadonlyMap<string, GoType> | undefined,
): (type: TypeSyntax) => { readonly genericType?: GenericType } {
  // Before, parameters without a name are not among the dictionary's types, and which have one nobody knows.
  if (shapes === undefined || !listsUnnamed(binary.buildInfo)) return () => ({});
  const named = placeholders(shapes);
  const templateOf = (type: TypeSyntax) => resolveType(binary, type, name.packagePath, named).name;
  const templates = [...parameters, ...results].map(({ type }) => templateOf(type));
  const signature = genericSignature(shapes.values(), name, templates);
  return (type) => {
    const template = templateOf(type);
    return isTemplate(template) ? { genericType: { template, signature } } : {};
  };
}

/** A receiver's real type is told by its dictionary alone. */
export function receiverTemplate(binary: GoBinary, name: FunctionName): { readonly genericType?: GenericType } {
  if (!name.isShaped || name.typeArguments === '[...]' || !listsUnnamed(binary.buildInfo)) return {};
  try {
    const names = splitList(name.typeArguments.slice(1, -1)).map((_, index) => String(index));
    const signature = genericSignature(shapesOf(binary, name, names).values(), name, []);
    const typeArguments = names.map((index) => `$${index}`).join(',');
    const star = name.receiver?.startsWith('*') ? '*' : '';
    return { genericType: { template: `${star}${signature.receiver}[${typeArguments}]`, signature } };
  } catch (error) {
    // A shape of types that the binary has no descriptor of.
    if (error instanceof UnresolvedType) return {};
    throw error;
  }
}

/** The same types under the names that templates have for them (GenericSignature). */
function placeholders(shapes: ReadonlyMap<string, GoType>): Map<string, GoType> {
  return new Map([...shapes].map(([name, shape], index) => [name, { ...shape, name: `$${index}` }]));
}

/** What a dictionary is compared with. @param templates names of all types of parameters and results, with placeholders */
function genericSignature(
  shapes: Iterable<GoType>,
  { role, receiver }: FunctionName,
  templates: readonly string[],
): GenericSignature {
  return {
    receiver: role === 'method' ? receiver?.replace(/^\*/, '').replace(/\[.*$/s, '') : undefined,
    typeParameters: [...shapes].map(({ kind, sizeBytes }) => ({ kind, sizeBytes })),
    templates: templates.filter(isTemplate),
  };
}

/** Whether the type's name has a placeholder. */
function isTemplate(typeName: string): boolean {
  return typeName.includes('$');
}
