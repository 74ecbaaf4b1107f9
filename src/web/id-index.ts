/**
 * Finds the slot of a trace by its id. A Map would keep a string for each trace and make its table anew every few
 * thousand: objects of just the age that is dear to collect. Here all is in arrays made once.
 */
export interface IdIndex {
  /** The slot that has the id of 16 bytes at this place; NO_SLOT if none has. */
  slotOf(bytes: Buffer, at: number): number;
  /** The slot must be free, and no other have this id. */
  put(slot: number, bytes: Buffer, at: number): void;
  /** Frees a slot. */
  remove(slot: number): void;
  /** 32 hex digits. */
  idAt(slot: number): string;
}

export const NO_SLOT = -1;

/** Of a trace id. */
const ID_BYTES = 16;

/** @param slotCount slots are 0 to this. */
export function newIdIndex(slotCount: number): IdIndex {
  // Half full at most, so that a search ends soon. Linear probing: what does not fit stands in a place after its own.
  const places = new Int32Array(2 ** Math.ceil(Math.log2(slotCount * 2))).fill(NO_SLOT);
  const mask = places.length - 1;
  const hashes = new Int32Array(slotCount);
  const ids = Buffer.alloc(slotCount * ID_BYTES);
  // Requests may bring trace ids of somebody's choice: not of one hash.
  const seed = Math.floor(Math.random() * 2 ** 32);

  function hashOf(bytes: Buffer, at: number): number {
    let hash = seed;
    for (let index = at; index < at + ID_BYTES; index += 4) {
      hash = Math.imul(hash ^ bytes.readInt32LE(index), 0x9e3779b1);
      // The low bits, which choose the place, have not seen the high ones yet.
      hash ^= hash >>> 15;
    }
    return hash | 0;
  }

  function hasId(slot: number, bytes: Buffer, at: number): boolean {
    const start = slot * ID_BYTES;
    for (let index = 0; index < ID_BYTES; index += 4) {
      if (ids.readInt32LE(start + index) !== bytes.readInt32LE(at + index)) return false;
    }
    return true;
  }

  const slotAt = (place: number) => places[place] ?? NO_SLOT;
  const homeOf = (slot: number) => (hashes[slot] ?? 0) & mask;

  return {
    slotOf(bytes, at) {
      const hash = hashOf(bytes, at);
      for (let place = hash & mask; ; place = (place + 1) & mask) {
        const slot = slotAt(place);
        if (slot === NO_SLOT || (hashes[slot] === hash && hasId(slot, bytes, at))) return slot;
      }
    },
    put(slot, bytes, at) {
      const hash = hashOf(bytes, at);
      hashes[slot] = hash;
      const start = slot * ID_BYTES;
      for (let index = 0; index < ID_BYTES; index += 4) ids.writeInt32LE(bytes.readInt32LE(at + index), start + index);
      let place = hash & mask;
      while (slotAt(place) !== NO_SLOT) place = (place + 1) & mask;
      places[place] = slot;
    },
    remove(slot) {
      let gap = homeOf(slot);
      while (slotAt(gap) !== slot) gap = (gap + 1) & mask;
      // What stands after the gap and would be searched for across it moves into it.
      for (let place = (gap + 1) & mask; slotAt(place) !== NO_SLOT; place = (place + 1) & mask) {
        const fromHome = (place - homeOf(slotAt(place))) & mask;
        if (fromHome < ((place - gap) & mask)) continue;
        places[gap] = slotAt(place);
        gap = place;
      }
      places[gap] = NO_SLOT;
    },
    idAt: (slot) => ids.toString('hex', slot * ID_BYTES, (slot + 1) * ID_BYTES),
  };
}
