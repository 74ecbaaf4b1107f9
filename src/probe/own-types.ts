import type { GoBinary } from '../binary/go-binary.ts';
import type { GoType } from '../binary/go-type.ts';
import { functionName } from './function-name.ts';

/** Programs have some thousands; each costs about 0.1 ms to plan, and some of the kernel's steps. */
const maxOwnTypes = 300;

interface OwnType {
  readonly type: GoType;
  readonly typeVaddr: number;
}

/**
 * What an `any` of a program holds besides what signatures name: types of its own packages (main, the main module's, those
 * of traced functions), the nearest to what is traced first.
 * @param traced names of the traced functions
 */
export function ownTypes(binary: GoBinary, traced: readonly string[]): readonly OwnType[] {
  const tracedPackages = new Set(traced.map((name) => functionName(name).packagePath));
  const module = binary.buildInfo.module.path;
  const isOfModule = (path: string) =>
    module !== '' && (path === module || path.startsWith(`${module}/`)) && !path.includes('/vendor/');
  const ranked: OwnType[][] = [[], [], []];
  const rank = (path: string) =>
    path === 'main' ? 0 : tracedPackages.has(path) ? 1 : isOfModule(path) ? 2 : undefined;
  for (const { packagePath, ...found } of binary.runtimeTypesOf((path) => rank(path) !== undefined)) {
    const list = ranked[rank(packagePath) ?? 0];
    if (list !== undefined && list.length < maxOwnTypes) list.push(found);
  }
  return ranked.flat().slice(0, maxOwnTypes);
}
