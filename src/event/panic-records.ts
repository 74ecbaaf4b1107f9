import type { PlannedProbe } from '../probe/probe-plan.ts';
import { probeFlag } from '../probe/wire.ts';
import type { Call } from './call.ts';
import type { CallDecoderOptions } from './call-decoder.ts';
import { bootTime, readSafe } from './call-record.ts';
import { ChunkReader } from './chunk-reader.ts';
import { callRecordLayout, panicRecordLayout, recordHeaderLayout, recordKind } from './layout.ts';
import { createOpenPanics } from './open-panics.ts';
import { decodePanic, type Panic } from './panic.ts';

/** Panics by their records, until the calls that they end have ended. */
export interface PanicRecords {
  readonly isEmpty: boolean;
  /** Takes a record of a panic, or of a recovery. @throws what decoding damaged chunks throws */
  hold(view: DataView, offset: number, length: number): void;
  /** What the call whose record is there was unwound by; of a server's other calls, what they recovered from. */
  of(probe: PlannedProbe, view: DataView, offset: number, end: Call['end']): readonly Panic[];
}

export function createPanicRecords(meaningOf: CallDecoderOptions['meaningOf']): PanicRecords {
  const panics = createOpenPanics();
  return {
    get isEmpty() {
      return panics.isEmpty;
    },
    hold(view, offset, length) {
      const goroutine = goroutineAt(view, offset, panicRecordLayout.goid);
      const depth = view.getUint32(offset + panicRecordLayout.depth, true);
      if (view.getUint32(offset, true) === recordKind.recovery) {
        panics.recover(goroutine, depth);
        return;
      }
      const slot = view.getUint32(offset + recordHeaderLayout.process_slot, true);
      const meaning = meaningOf(slot, view.getUint32(offset + recordHeaderLayout.probe, true));
      if (meaning === undefined) return;
      const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
      const start = panicRecordLayout.sizeBytes;
      const end = Math.min(length, start + view.getUint32(offset + recordHeaderLayout.capture_bytes, true));
      const frames = Math.min(view.getUint32(offset + panicRecordLayout.frames, true), (length - end) >>> 3);
      const record = {
        goid: readSafe(view, offset + panicRecordLayout.goid),
        time: bootTime(view, offset + panicRecordLayout.time_ns),
        addresses: Array.from({ length: frames }, (_, n) => readSafe(view, offset + end + 8 * n)),
      };
      const chunks = new ChunkReader(bytes).start(start, end);
      panics.add(goroutine, { depth, panic: decodePanic(record, meaning.panicValue, chunks, meaning.context) });
    },
    of({ flags }, view, offset, end) {
      const goroutine = goroutineAt(view, offset, callRecordLayout.goid);
      const current = end === 'panic' ? panics.current(goroutine) : undefined;
      const isServer = (flags & probeFlag.server) !== 0;
      const found = current !== undefined ? [current] : isServer ? [...panics.recovered(goroutine)] : [];
      if (view.getUint32(offset + callRecordLayout.frame_index, true) === 0) panics.forget(goroutine);
      const start = bootTime(view, offset + callRecordLayout.start_ns);
      return found.filter(({ time }) => time[0] > start[0] || (time[0] === start[0] && time[1] >= start[1]));
    },
  };
}

/** Of all processes. */
function goroutineAt(view: DataView, offset: number, goid: number): string {
  return `${view.getUint32(offset + recordHeaderLayout.process_slot, true)}:${readSafe(view, offset + goid)}`;
}
