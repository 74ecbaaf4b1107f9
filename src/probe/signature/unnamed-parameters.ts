import type { BuildInfo } from '../../binary/go-binary.ts';

/**
 * The first release whose debug information and dictionaries have parameters and receivers without a name, and blank ones
 * (measured with 1.15 to 1.27, whatever is optimized).
 */
const firstListingUnnamed = 22;

/** Whether the compiler tells of them. Of an unknown version nobody knows. */
export function listsUnnamed({ goVersion }: BuildInfo): boolean {
  return Number(/\bgo1\.(\d+)/.exec(goVersion)?.[1] ?? 0) >= firstListingUnnamed;
}
