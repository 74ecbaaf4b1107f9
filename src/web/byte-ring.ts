/**
 * Records of bytes one after the other in a fixed piece of memory; new ones take the place of the oldest. A position
 * counts all bytes ever written, so that an old record can be told from a new one at the same place. Each record names
 * one before it, so that records that belong together make a chain.
 */
export interface ByteRing {
  /**
   * Copies a record, which is a label and the first `sizeBytes` of `memory`; returns its position. `previous`: the
   * position of the one before it in its chain, or NONE.
   */
  append(label: number, memory: Uint8Array, sizeBytes: number, previous: number): number;
  /**
   * The records of the chain that ends at this position, from the first: 4 bytes of label (little-endian), then the bytes.
   * Views, valid until overwritten.
   */
  chain(last: number): Buffer[];
  /** Records before this position are overwritten. */
  oldest(): number;
  sizeBytes(): number;
}

export const NONE = -1;

/** f64 previous position, u32 length, u32 label, which is the first of what is read. */
const PREFIX_BYTES = 16;
const LABEL_BYTES = 4;

/** @param capacityBytes at least the longest record and its prefix. */
export function newByteRing(capacityBytes: number): ByteRing {
  // The system gives zeroed pages as they are first written: a ring that is not full yet costs what is in it.
  const buffer = Buffer.alloc(capacityBytes);
  const view = new DataView(buffer.buffer, buffer.byteOffset, capacityBytes);
  let end = 0;

  return {
    append(label, memory, sizeBytes, previous) {
      const needed = sizeBytes + PREFIX_BYTES;
      if (needed > capacityBytes) throw new RangeError(`a record of ${sizeBytes} bytes in a ring of ${capacityBytes}`);
      const offset = end % capacityBytes;
      // A record is in one piece: what is left at the memory's end stays unused this time round.
      const position = offset + needed > capacityBytes ? end + capacityBytes - offset : end;
      const start = position % capacityBytes;
      view.setFloat64(start, previous, true);
      view.setUint32(start + 8, sizeBytes, true);
      view.setUint32(start + 12, label, true);
      buffer.set(memory.subarray(0, sizeBytes), start + PREFIX_BYTES);
      end = position + needed;
      return position;
    },
    chain(last) {
      const records: Buffer[] = [];
      for (let position = last; position !== NONE; ) {
        const start = position % capacityBytes;
        const content = start + PREFIX_BYTES;
        records.push(buffer.subarray(content - LABEL_BYTES, content + view.getUint32(start + 8, true)));
        position = view.getFloat64(start, true);
      }
      return records.reverse();
    },
    oldest: () => Math.max(0, end - capacityBytes),
    sizeBytes: () => Math.min(end, capacityBytes),
  };
}
