/**
 * Finds the slot of a trace by its id. A Map would keep a string for each trace and make its table anew every few
 * thousand: objects of just the age that is dear to collect. Here all is in arrays made once.
 */
export interface IdIndex {
  /** The slot that has this id; NO_SLOT if none has. */
  slotOf(id: string): number;
  /** The slot must be free, and no other have this id. */
  put(slot: number, id: string): void;
  /** Frees a slot. */
  remove(slot: number): void;
  idAt(slot: number): string;
}

export const NO_SLOT = -1;

/** Hex digits of a trace id. */
const ID_LENGTH = 32;

/** @param slotCount slots are 0 to this. */
export function newIdIndex(slotCount: number): IdIndex {
  // Half full at most, so that a search ends soon. Linear probing: what does not fit stands in a place after its own.
  const places = new Int32Array(2 ** Math.ceil(Math.log2(slotCount * 2))).fill(NO_SLOT);
  const mask = places.length - 1;
  const hashes = new Int32Array(slotCount);
  const ids = Buffer.alloc(slotCount * ID_LENGTH);
  // Requests may bring trace ids of somebody's choice: not of one hash.
  const seed = Math.floor(Math.random() * 2 ** 32);

  function hashOf(id: string): number {
    let hash = seed;
    for (let index = 0; index < ID_LENGTH; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
    // The low bits, which choose the place, have not seen the high ones yet.
    return hash ^ (hash >>> 15);
  }

  function hasId(slot: number, id: string): boolean {
    const start = slot * ID_LENGTH;
    for (let index = 0; index < ID_LENGTH; index++) if (ids[start + index] !== id.charCodeAt(index)) return false;
    return true;
  }

  const slotAt = (place: number) => places[place] ?? NO_SLOT;
  const homeOf = (slot: number) => (hashes[slot] ?? 0) & mask;

  return {
    slotOf(id) {
      const hash = hashOf(id);
      for (let place = hash & mask; ; place = (place + 1) & mask) {
        const slot = slotAt(place);
        if (slot === NO_SLOT || (hashes[slot] === hash && hasId(slot, id))) return slot;
      }
    },
    put(slot, id) {
      const hash = hashOf(id);
      hashes[slot] = hash;
      ids.write(id, slot * ID_LENGTH, ID_LENGTH, 'latin1');
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
    idAt: (slot) => ids.toString('latin1', slot * ID_LENGTH, (slot + 1) * ID_LENGTH),
  };
}
