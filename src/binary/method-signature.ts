import type { GoType, MethodTypes } from './go-type.ts';
import type { TypeDescriptor, TypeReader } from './type-descriptor.ts';
import { methodBytes } from './type-layout.ts';

/**
 * Types of the method whose code begins at that offset of the text, out of its receiver's type descriptor (src/internal/abi/type.go,
 * `Method`: name, type, code for calls through an interface, code for direct calls). The linker leaves out methods that
 * no interface of the program and no reflection can reach: then undefined.
 */
export function methodTypes(
  types: TypeReader,
  receiver: TypeDescriptor,
  codeOffset: number,
  typeAt: (vaddr: number) => GoType,
): MethodTypes | undefined {
  const uncommon = types.uncommon(receiver);
  if (uncommon === undefined || uncommon.methodCount === 0) return undefined;
  const { methodsVaddr, methodCount } = uncommon;
  const cursor = types.image.cursor(methodsVaddr, methodCount * methodBytes);
  // -1 and 0 stand for code that was left out.
  if (codeOffset <= 0) return undefined;
  for (let index = 0; index < methodCount; index++) {
    const interfaceCode = cursor.seek(methodsVaddr + index * methodBytes + 8).i32();
    const directCode = cursor.i32();
    if (directCode !== codeOffset && interfaceCode !== codeOffset) continue;
    const typeVaddr = types.typeAtOffset(cursor.seek(methodsVaddr + index * methodBytes + 4).i32());
    if (typeVaddr === 0) continue;
    const type = types.descriptor(typeVaddr);
    if (type.kind !== 'func') continue;
    const { parameters, results, variadic } = types.functionTypes(type);
    return { parameters: parameters.map(typeAt), results: results.map(typeAt), variadic };
  }
  return undefined;
}
