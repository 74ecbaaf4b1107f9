import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';

/** A BPF array map whose entries are lent out in ranges: processes come and go, each brings its own. */
export interface ArrayTable {
  readonly name: string;
  readonly entries: number;
  /** Lends `count` consecutive entries; the first one's index. Throws BpfError when there is no such range. */
  lend(count: number): number;
  /** Takes a range back, zeroed: a zero entry means nothing to the programs. */
  giveBack(first: number, count: number): void;
  /** Writes whole entries from `first` on. */
  write(first: number, entries: Uint8Array): void;
}

/**
 * @param reserved entries at the start that are never lent
 * @param remedy what to do when the table is full
 */
export function arrayTable(
  libbpf: Libbpf,
  fd: number,
  shape: { name: string; entries: number; entryBytes: number; reserved?: number; remedy: string },
): ArrayTable {
  const { name, entries, entryBytes, remedy } = shape;
  /** Free ranges in order, never adjacent. */
  let free = [{ first: shape.reserved ?? 0, count: entries - (shape.reserved ?? 0) }];

  function write(first: number, bytes: Uint8Array): void {
    const count = bytes.length / entryBytes;
    if (first + count > entries)
      throw new BpfError(`Entry ${first + count - 1} of the BPF table ${name} with ${entries}`);
    const key = new Uint32Array(1);
    const keyBytes = new Uint8Array(key.buffer);
    for (let index = 0; index < count; index++) {
      key[0] = first + index;
      const value = bytes.slice(index * entryBytes, (index + 1) * entryBytes);
      const result = libbpf.updateElement(fd, keyBytes, value, 0);
      if (result !== 0) throw new BpfError(`Writing to the BPF table ${name}`, -result);
    }
  }

  return {
    name,
    entries,
    lend(count) {
      const range = free.find((candidate) => candidate.count >= count);
      if (range === undefined) {
        throw new BpfError(`No room for ${count} more entries in the BPF table ${name} of ${entries}`, 0, { remedy });
      }
      const first = range.first;
      range.first += count;
      range.count -= count;
      free = free.filter((candidate) => candidate.count > 0);
      return first;
    },
    giveBack(first, count) {
      write(first, new Uint8Array(count * entryBytes));
      free.push({ first, count });
      free.sort((a, b) => a.first - b.first);
      const merged: typeof free = [];
      for (const range of free) {
        const last = merged.at(-1);
        if (last !== undefined && last.first + last.count === range.first) last.count += range.count;
        else merged.push(range);
      }
      free = merged;
    },
    write,
  };
}
