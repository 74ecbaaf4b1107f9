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

/** Whether this is a checkout: its TypeScript runs as it is. A package has all of it bundled below dist/. */
export function isCheckout(): boolean {
  return existsSync(packageFile('src'));
}

/**
 * Where Node keeps what it made of a checkout's TypeScript: without, that is half of the time of a start. Undefined: in a
 * package, which has little to compile, and where coverage is measured, which needs all compiled anew.
 */
export function compileCache(): string | undefined {
  return isCheckout() && process.env['NODE_V8_COVERAGE'] === undefined ? packageFile('.cache', 'compiled') : undefined;
}

let root: string | undefined;

function folderAbove(folder: string, file: string): string {
  if (existsSync(join(folder, file))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`Sidespan's package is damaged: there is no ${file} above its code.`);
  return folderAbove(parent, file);
}
