import { unlessDamaged } from './binary-error.ts';
import type { PackageType } from './go-binary.ts';
import type { TypeDescriptor, TypeReader } from './type-descriptor.ts';
import { rootTypes } from './type-walk.ts';

/**
 * The named types of packages, pointers to them, and slices and maps of both, as far as the linker lists them: what is
 * used by reflection or put into an interface, it does. A damaged descriptor is left out.
 * @param isWanted whether it is one of the packages, by its import path: `main`, `net/http`
 */
export function* typesOfPackages(
  types: TypeReader,
  isWanted: (packagePath: string) => boolean,
): Generator<PackageType> {
  // By the place of the path's text: there are some hundred packages to tens of thousands of types.
  const paths = new Map<number, string | undefined>();
  const wantedPackage = (vaddr: number): string | undefined => {
    const type = types.descriptor(vaddr);
    const place = type.named ? types.uncommon(type)?.packagePathOffset : undefined;
    if (place === undefined) return undefined;
    if (!paths.has(place)) {
      const path = types.packagePath(type);
      paths.set(place, isWanted(path) ? path : undefined);
    }
    return paths.get(place);
  };
  const yielded = new Set<number>();
  for (const root of rootTypes(types)) {
    const found = unlessDamaged((): PackageType[] => {
      const type = types.descriptor(root);
      const part = type.named ? root : innerPart(types, type);
      const packagePath = part === undefined ? undefined : wantedPackage(part);
      if (part === undefined || packagePath === undefined) return [];
      // The list of before Go 1.27 has no named types.
      const listed = type.kind === 'pointer' ? [part, root] : [root];
      return listed.map((typeVaddr) => ({ packagePath, typeVaddr }));
    });
    for (const type of found ?? []) {
      if (yielded.has(type.typeVaddr)) continue;
      yielded.add(type.typeVaddr);
      yield type;
    }
  }
}

/** What a pointer leads to; of a slice or map the elements, or what they point to. */
function innerPart(types: TypeReader, { kind, words }: TypeDescriptor): number | undefined {
  const [first, second] = words;
  if (kind === 'pointer') return first;
  if (kind !== 'slice' && kind !== 'map') return undefined;
  const elem = kind === 'map' ? second : first;
  const type = types.descriptor(elem);
  return type.named || type.kind !== 'pointer' ? elem : type.words[0];
}
