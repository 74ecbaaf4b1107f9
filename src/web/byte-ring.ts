/**
 * Records of bytes one after the other in a fixed piece of memory; new ones take the place of the oldest. A position
 * counts all bytes ever written, so that an old record can be told from a new one at the same place. Each record names
 * one before it, so that records that belong together make a chain.
 */
export interface ByteRing {
  /** Copies the record; returns its position. `previous`: the position of the one before it in its chain, or NONE. */
  append(record: Uint8Array, previous: number): number;
  /** The records of the chain that ends at this position, from the first; views, valid until overwritten. */
  chain(last: number): Buffer[];
  /** Records before this position are overwritten. */
  readonly oldest: number;
  readonly sizeBytes: number;
}

export const NONE = -1;

/** u32 length, f64 previous position. */
const PREFIX_BYTES = 12;

/** @param capacityBytes at least the longest record and its prefix. */
export function newByteRing(capacityBytes: number): ByteRing {
  // The system gives zeroed pages as they are first written: a ring that is not full yet costs what is in it.
  const buffer = Buffer.alloc(capacityBytes);
  const view = new DataView(buffer.buffer, buffer.byteOffset, capacityBytes);
  let end = 0;

  return {
    append(record, previous) {
      const needed = record.length + PREFIX_BYTES;
      if (needed > capacityBytes)
        throw new RangeError(`a record of ${record.length} bytes in a ring of ${capacityBytes}`);
      const offset = end % capacityBytes;
      // A record is in one piece: what is left at the memory's end stays unused this time round.
      const position = offset + needed > capacityBytes ? end + capacityBytes - offset : end;
      const start = position % capacityBytes;
      view.setUint32(start, record.length, true);
      view.setFloat64(start + 4, previous, true);
      buffer.set(record, start + PREFIX_BYTES);
      end = position + needed;
      return position;
    },
    chain(last) {
      const records: Buffer[] = [];
      for (let position = last; position !== NONE; ) {
        const start = position % capacityBytes;
        records.push(buffer.subarray(start + PREFIX_BYTES, start + PREFIX_BYTES + view.getUint32(start, true)));
        position = view.getFloat64(start + 4, true);
      }
      return records.reverse();
    },
    get oldest() {
      return Math.max(0, end - capacityBytes);
    },
    get sizeBytes() {
      return Math.min(end, capacityBytes);
    },
  };
}
