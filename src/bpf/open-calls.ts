import type { GoroutineSlots } from './goroutine-slots.ts';
import type { Libbpf } from './libbpf.ts';
import {
  frameFlag,
  frameLayout,
  goroutineKeyLayout,
  goroutineLayout,
  inlineFrames,
  keptCallKeyLayout,
  keptCallLayout,
  overflowKeyLayout,
} from './map-layout.ts';

/** Calls that are open now: how many of each probe, and the keys of their goroutines. */
export interface OpenCalls {
  readonly byProbe: ReadonlyMap<number, number>;
  readonly goroutines: number;
}

/** Entries of the larger map at its largest setting. */
const walkLimit = 8_388_608;

/**
 * Walks the goroutines of a process and counts its open calls: those in slots, then those elsewhere, then those kept by
 * an object. Meant for a process whose probes are detached: under load the walk may miss or repeat some.
 * @param forget also delete the entries
 */
export function openCalls(
  libbpf: Libbpf,
  slots: GoroutineSlots,
  fds: { goroutines: number; overflowFrames: number; keptCalls: number },
  processSlot: number,
  forget: boolean,
): OpenCalls {
  const byProbe = new Map<number, number>();
  const count = (frame: DataView) => {
    if ((frame.getUint16(frameLayout.flags, true) & frameFlag.ended) !== 0) return;
    const probe = frame.getUint16(frameLayout.probe, true);
    byProbe.set(probe, (byProbe.get(probe) ?? 0) + 1);
  };
  const countFrames = (goroutine: DataView) => {
    const frames = Math.min(goroutine.getUint32(goroutineLayout.frames, true), inlineFrames);
    for (let index = 0; index < frames; index++) {
      const at = goroutine.byteOffset + goroutineLayout.frame + index * frameLayout.sizeBytes;
      count(new DataView(goroutine.buffer, at));
    }
  };

  const owned = slots.owned(processSlot);
  for (const { slot, goroutine } of owned) {
    countFrames(goroutine);
    if (forget) slots.free(slot);
  }
  let elsewhere = 0;
  eachEntry(fds.goroutines, goroutineKeyLayout, goroutineLayout.sizeBytes, (goroutine, key) => {
    elsewhere += 1;
    countFrames(goroutine);
    if (!forget || libbpf.deleteElement(fds.goroutines, key) !== 0) return;
    slots.leftElsewhere(processSlot, new DataView(key.buffer).getBigUint64(goroutineKeyLayout.goid, true));
  });
  eachEntry(fds.overflowFrames, overflowKeyLayout, frameLayout.sizeBytes, (frame, key) => {
    count(frame);
    if (forget) libbpf.deleteElement(fds.overflowFrames, key);
  });
  eachEntry(fds.keptCalls, keptCallKeyLayout, keptCallLayout.sizeBytes, (kept, key) => {
    count(new DataView(kept.buffer, keptCallLayout.frame));
    if (forget) libbpf.deleteElement(fds.keptCalls, key);
  });
  return { byProbe, goroutines: owned.length + elsewhere };

  /** Those of the process; the view is of the same bytes each time. */
  function eachEntry(
    fd: number,
    { sizeBytes, process_slot }: { readonly sizeBytes: number; readonly process_slot: number },
    valueBytes: number,
    onEntry: (value: DataView, key: Uint8Array) => void,
  ): void {
    const value = new Uint8Array(valueBytes);
    const view = new DataView(value.buffer);
    for (const key of keysOf(libbpf, fd, sizeBytes, processSlot, process_slot)) {
      if (libbpf.lookupElement(fd, key, value) === 0) onEntry(view, key);
    }
  }
}

function keysOf(libbpf: Libbpf, fd: number, keyBytes: number, processSlot: number, slotOffset: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  let first: Uint8Array | undefined;
  let key: Uint8Array | null = null;
  for (let step = 0; step < walkLimit; step++) {
    const next = new Uint8Array(keyBytes);
    if (libbpf.nextKey(fd, key, next) !== 0) break;
    // After a key that it doesn't find, because it went meanwhile, the kernel begins anew: without end, if need be.
    if (first !== undefined && Buffer.compare(next, first) === 0) break;
    first ??= next;
    if (new DataView(next.buffer).getUint32(slotOffset, true) === processSlot) keys.push(next);
    key = next;
  }
  return keys;
}
