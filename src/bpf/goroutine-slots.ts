import { mapShared, protection } from './libc.ts';
import { goroutineSlotLayout as layout, scratchBuffers } from './map-layout.ts';

/**
 * Most slots: 6 MB of kernel memory. Goroutines within a traced call are seldom as many; those beyond cost a look-up
 * in a hash table.
 */
const mostSlots = 4096;
const pageBytes = 4096;
const processShift = 55n;
const processMask = 255n;

export interface GoroutineTableSizes {
  /** Slots that goroutines own: a power of two. */
  readonly owned: number;
  /** Entries of the map `goroutine_slots`: the owned ones and the programs' working copies. */
  readonly slots: number;
  /** Entries of the map `goroutines`: for those whose slot is another's. */
  readonly elsewhere: number;
}

/**
 * Where `maxGoroutines` goroutines find room.
 * @param maxGoroutines 2 at least
 * @param owned slots that they can own, a power of two; half of what there is room for, if that is not too much
 */
export function goroutineTableSizes(
  maxGoroutines: number,
  cpus: number,
  owned = Math.min(mostSlots, 2 ** Math.floor(Math.log2(maxGoroutines / 2))),
): GoroutineTableSizes {
  return { owned, slots: owned + cpus * scratchBuffers, elsewhere: maxGoroutines - owned };
}

/** The slots, mapped into this process while they are looked at. */
export interface GoroutineSlots extends Disposable {
  /** Struct goroutine of each goroutine of the process that owns a slot. */
  owned(processSlot: number): { readonly slot: number; readonly goroutine: DataView }[];
  /** Hands out copies of struct goroutine and of the kept arguments; one after the other in the same memory. */
  copyOwned(onGoroutine: (processSlot: number, goroutine: DataView, kept: Uint8Array) => void): void;
  /** Frees a slot whose process can't reach it any more: its probes are gone. */
  free(slot: number): void;
  /** Says that a goroutine whose entry was elsewhere is gone. */
  leftElsewhere(processSlot: number, goid: bigint): void;
}

/** @throws BpfError if the map cannot be mapped */
export function openGoroutineSlots(mapFd: number, { owned, slots }: GoroutineTableSizes): GoroutineSlots {
  const sizeBytes = Math.ceil((slots * layout.sizeBytes) / pageBytes) * pageBytes;
  const mapping = mapShared(mapFd, 0, sizeBytes, protection.read | protection.write, "Mapping the goroutines' slots");
  const owners = new BigInt64Array(mapping.bytes);
  const counts = new Int32Array(mapping.bytes);
  const at = (slot: number) => slot * layout.sizeBytes;
  return {
    owned(processSlot) {
      const found: { slot: number; goroutine: DataView }[] = [];
      for (let slot = 0; slot < owned; slot++) {
        const owner = Atomics.load(owners, (at(slot) + layout.owner) / 8);
        if (owner === 0n || Number((owner >> processShift) & processMask) !== processSlot) continue;
        found.push({ slot, goroutine: new DataView(mapping.bytes, at(slot) + layout.goroutine) });
      }
      return found;
    },
    copyOwned(onGoroutine) {
      const copy = new Uint8Array(layout.sizeBytes);
      const goroutine = new DataView(copy.buffer, layout.goroutine, layout.kept - layout.goroutine);
      const kept = copy.subarray(layout.kept);
      for (let slot = 0; slot < owned; slot++) {
        const ownerAt = (at(slot) + layout.owner) / 8;
        const owner = Atomics.load(owners, ownerAt);
        if (owner === 0n) continue;
        copy.set(new Uint8Array(mapping.bytes, at(slot), layout.sizeBytes));
        // Else it is another goroutine's by now.
        if (Atomics.load(owners, ownerAt) === owner) {
          onGoroutine(Number((owner >> processShift) & processMask), goroutine, kept);
        }
      }
    },
    free: (slot) => void Atomics.store(owners, (at(slot) + layout.owner) / 8, 0n),
    leftElsewhere: (processSlot, goid) =>
      void Atomics.sub(counts, (at(slotOf(processSlot, goid, owned)) + layout.elsewhere) / 4, 1),
    [Symbol.dispose]: () => mapping[Symbol.dispose](),
  };
}

/** slot_index of bpf/goroutine-slot.h. */
function slotOf(processSlot: number, goid: bigint, owned: number): number {
  const word = BigInt.asUintN(64, goid) ^ (BigInt(processSlot) << processShift);
  return Number(BigInt.asUintN(64, word * 0x9e3779b97f4a7c15n) >> 32n) & (owned - 1);
}
