import { dictionaryParameter, takesDictionaryFirst } from '../../binary/dwarf/dictionary.ts';
import type { GoBinary, GoFunction } from '../../binary/go-binary.ts';
import type { GoParameter, GoSignature, GoType } from '../../binary/go-type.ts';
import type { FunctionName } from '../function-name.ts';
import { createTemplates, receiverTemplate } from './generic-templates.ts';
import { resolveType, UnresolvedType } from './resolve-type.ts';
import { shapesOf } from './type-parameters.ts';
import type { ParameterSyntax, SignatureSyntax } from './type-syntax.ts';

/**
 * The signature that a user wrote, with the binary's types: receiver and dictionary of generic code, which nobody writes,
 * are put in front. Throws an UnresolvedType.
 */
export function writtenSignature(binary: GoBinary, name: FunctionName, written: SignatureSyntax): GoSignature {
  const shapes = written.typeParameters && shapesOf(binary, name, written.typeParameters);
  const templateOf = createTemplates(binary, name, written, shapes);
  const resolve = ({ name: own, type }: ParameterSyntax): GoParameter => ({
    // A blank name is none.
    name: own === '_' ? '' : own,
    type: resolveType(binary, type, name.packagePath, shapes),
    ...templateOf(type),
  });
  const { receiver } = name;
  if (name.role === 'method' && receiver !== undefined && receiverType(binary, receiver) === undefined) {
    throw new UnresolvedType(`the binary has no descriptor of the receiver's type ${receiver}`);
  }
  return {
    parameters: [...hiddenParameters(binary, name), ...written.parameters.map(resolve)],
    results: written.results.map(resolve),
  };
}

/** What is passed in front of the parameters that stand between the parentheses, up to a receiver of unknown type. */
export function hiddenParameters(binary: GoBinary, name: FunctionName): readonly GoParameter[] {
  const { role, receiver, isShaped } = name;
  const dictionary = isShaped && (role === 'function' || role === 'method') ? [dictionaryParameter] : [];
  if (role !== 'method' || receiver === undefined) return dictionary;
  const type = receiverType(binary, receiver);
  const own = type === undefined ? [] : [{ name: '', type, ...receiverTemplate(binary, name) }];
  if (takesDictionaryFirst(binary.buildInfo.goVersion)) return [...dictionary, ...own];
  return type === undefined ? [] : [...own, ...dictionary];
}

/** Of a receiver that is a pointer its size is known, whatever it points to. */
export function receiverType(binary: GoBinary, name: string): GoType | undefined {
  const known = binary.runtimeType(name);
  if (known !== undefined || !name.startsWith('*')) return known;
  return { kind: 'pointer', name, sizeBytes: 8, alignBytes: 8 };
}

/** Types of a method by its receiver's descriptor; without names. */
export function runtimeSignature(binary: GoBinary, fn: GoFunction, name: FunctionName): GoSignature | undefined {
  // Of what is compiled once for many types, the descriptors have the wrappers.
  if (name.role !== 'method' || name.receiver === undefined || name.isShaped) return undefined;
  const types = binary.methodTypes(name.receiver, fn).value;
  const receiver = types && receiverType(binary, name.receiver);
  if (types === undefined || receiver === undefined) return undefined;
  const unnamed = (type: GoType): GoParameter => ({ name: '', type });
  return { parameters: [receiver, ...types.parameters].map(unnamed), results: types.results.map(unnamed) };
}
