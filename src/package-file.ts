import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Path of a file that the package brings, given from the package's root; the file need not be there. Our own code lies at
 * various depths: as modules below src/ in a checkout, bundled below dist/ in a package.
 */
export function packageFile(...names: readonly string[]): string {
  root ??= folderAbove(import.meta.dirname, 'package.json');
  return join(root, ...names);
}

let root: string | undefined;

function folderAbove(folder: string, file: string): string {
  if (existsSync(join(folder, file))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`Sidespan's package is damaged: there is no ${file} above its code.`);
  return folderAbove(parent, file);
}
