import type { ElfSegment } from './elf-header.ts';
import type { AddressRange } from './go-binary.ts';

/**
 * Where the program keeps what is never written: the loaded segments in front of the first that is writable. Linkers put
 * code and constants there, next to each other.
 */
export function constantRange(segments: readonly ElfSegment[]): AddressRange {
  const loads = segments.filter(({ type }) => type === 'load').sort((a, b) => a.vaddr - b.vaddr);
  const writable = loads.findIndex((segment) => segment.writable);
  const constant = writable < 0 ? loads : loads.slice(0, writable);
  const [first, last] = [constant.at(0), constant.at(-1)];
  if (first === undefined || last === undefined) return { vaddr: 0, sizeBytes: 0 };
  return { vaddr: first.vaddr, sizeBytes: last.vaddr + last.fileSizeBytes - first.vaddr };
}
