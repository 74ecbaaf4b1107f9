import { timesRecordLayout } from './layout.ts';

/** What goroutines did while calls ran on them, until the records of these calls come, which follow at once. */
export interface GoroutineTimes {
  /** @param offset of a times_record */
  hold(view: DataView, offset: number): void;
  /** In ns, by goroutineActivity; undefined: nothing was said of the call. */
  take(spanId: bigint): readonly number[] | undefined;
  readonly isEmpty: boolean;
}

/** Calls whose own record found no room leave theirs behind: of more the oldest go. */
const maxHeld = 4096;
const activities = (timesRecordLayout.sizeBytes - timesRecordLayout.ns) / 8;

export function createGoroutineTimes(): GoroutineTimes {
  const held = new Map<bigint, readonly number[]>();
  return {
    hold(view, offset) {
      const at = offset + timesRecordLayout.ns;
      const ns = Array.from({ length: activities }, (_, n) => Number(view.getBigUint64(at + 8 * n, true)));
      held.set(view.getBigUint64(offset + timesRecordLayout.span_id, true), ns);
      for (const oldest of held.keys()) {
        if (held.size <= maxHeld) break;
        held.delete(oldest);
      }
    },
    take(spanId) {
      const ns = held.get(spanId);
      held.delete(spanId);
      return ns;
    },
    get isEmpty() {
      return held.size === 0;
    },
  };
}
