import { BpfError } from './bpf-error.ts';
import type { Libbpf } from './libbpf.ts';

/** Of keys that have no bucket of the kernel's table in common more than this many: it says ENOSPC then. */
const batchKeys = 512;
/** Of large values fewer are read at once. */
const batchBytes = 1 << 24;
const fewestKeys = 64;
const noEntry = 2;

/** What a batch is read into. Kept by who reads often. */
export interface BatchRoom {
  readonly entries: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

export function batchRoom(keyBytes: number, valueBytes: number): BatchRoom {
  const entries = Math.max(fewestKeys, Math.min(batchKeys, Math.floor(batchBytes / valueBytes)));
  return { entries, keys: new Uint8Array(entries * keyBytes), values: new Uint8Array(entries * valueBytes) };
}

/**
 * Reads a hash table, many entries by one system call. Keys and values are valid only while they are handed out; what is
 * changed meanwhile may be missed or come twice.
 * @throws BpfError
 */
export function readBatches(
  libbpf: Libbpf,
  fd: number,
  table: string,
  { entries, keys, values }: BatchRoom,
  onEntry: (key: Uint8Array, value: DataView) => void,
): void {
  const keyBytes = keys.length / entries;
  const valueBytes = values.length / entries;
  const position = new Uint8Array(8);
  const count = new Uint32Array(1);
  for (let first = true; ; first = false) {
    count[0] = entries;
    const result = libbpf.lookupBatch(fd, first ? null : position, position, keys, values, count);
    if (result !== 0 && result !== -noEntry) throw new BpfError(`Reading the BPF table ${table}`, -result);
    for (let index = 0; index < count[0]; index++) {
      const start = index * keyBytes;
      onEntry(keys.subarray(start, start + keyBytes), new DataView(values.buffer, index * valueBytes, valueBytes));
    }
    if (result !== 0) break;
  }
}
