import { batchRoom, readBatches } from './batch-read.ts';
import type { GoroutineSlots } from './goroutine-slots.ts';
import type { Libbpf } from './libbpf.ts';
import {
  entryLabels,
  frameFlag,
  frameLayout,
  goroutineKeyLayout,
  goroutineLayout,
  inlineFrames,
  overflowKeyLayout,
} from './map-layout.ts';

/** A call that is open now. */
export interface OpenFrame {
  readonly probe: number;
  /** It will have no record: its labels are what is known of it. */
  readonly isUnsampled: boolean;
  /** Of struct series_key. */
  readonly labels: Uint8Array;
  /** As the decoder knows it. */
  readonly spanId: bigint;
  /** What was captured at its entry and kept in the kernel; empty: it was sent, or there is nothing. */
  readonly kept: Uint8Array;
}

const wordBytes = 8;
const nothing = new Uint8Array(0);

/** Hands out the calls that are open. While the process runs it may miss some that begin or end just then. */
export function openFrames(
  libbpf: Libbpf,
  slots: GoroutineSlots,
  fds: { readonly goroutines: number; readonly overflowFrames: number },
  onFrame: (processSlot: number, frame: OpenFrame) => void,
): void {
  const hand = (processSlot: number, view: DataView, at: number, kept: Uint8Array | undefined) => {
    const flags = view.getUint16(at + frameLayout.flags, true);
    if ((flags & frameFlag.ended) !== 0) return;
    const keptAt = wordBytes * view.getUint8(at + frameLayout.kept_at);
    const keptBytes = wordBytes * view.getUint8(at + frameLayout.kept_words);
    onFrame(processSlot, {
      probe: view.getUint16(at + frameLayout.probe, true),
      isUnsampled: (flags & frameFlag.unsampled) !== 0,
      labels: new Uint8Array(view.buffer, view.byteOffset + at + frameLayout.labels, entryLabels),
      spanId: view.getBigUint64(at + frameLayout.span_id, true),
      kept: kept?.subarray(keptAt, keptAt + keptBytes) ?? nothing,
    });
  };
  const handAll = (processSlot: number, goroutine: DataView, kept?: Uint8Array) => {
    const frames = Math.min(goroutine.getUint32(goroutineLayout.frames, true), inlineFrames);
    for (let index = 0; index < frames; index++) {
      hand(processSlot, goroutine, goroutineLayout.frame + index * frameLayout.sizeBytes, kept);
    }
  };

  slots.copyOwned(handAll);
  const goroutines = batchRoom(goroutineKeyLayout.sizeBytes, goroutineLayout.sizeBytes);
  readBatches(libbpf, fds.goroutines, 'goroutines', goroutines, (key, value) =>
    handAll(processSlotOf(key, goroutineKeyLayout.process_slot), value),
  );
  const overflow = batchRoom(overflowKeyLayout.sizeBytes, frameLayout.sizeBytes);
  readBatches(libbpf, fds.overflowFrames, 'overflow_frames', overflow, (key, value) =>
    hand(processSlotOf(key, overflowKeyLayout.process_slot), value, 0, undefined),
  );
}

function processSlotOf(key: Uint8Array, at: number): number {
  return new DataView(key.buffer, key.byteOffset).getUint32(at, true);
}
