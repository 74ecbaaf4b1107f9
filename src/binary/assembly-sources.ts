import type { Image } from './image.ts';
import type { ModuleData } from './module-data.ts';
import { filePath, firstPcValue } from './source-lines.ts';

/**
 * Tells functions written in assembly by their file's name: until Go 1.17 their records have no flag for it.
 * @returns a function of a record's pcfile and cuOffset.
 */
export function assemblySources(image: Image, module: ModuleData): (pcFile: number, unit: number) => boolean {
  const known = new Map<number, boolean>();
  return (pcFile, unit) => {
    const fileNumber = firstPcValue(image, module, pcFile);
    if (fileNumber === undefined || fileNumber < 0) return false;
    const index = unit + fileNumber;
    let assembly = known.get(index);
    if (assembly === undefined) {
      assembly = filePath(image, module, index)?.endsWith('.s') ?? false;
      known.set(index, assembly);
    }
    return assembly;
  };
}
