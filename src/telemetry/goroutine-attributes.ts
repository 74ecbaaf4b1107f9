import type { Attributes } from '@opentelemetry/api';
import { goroutineActivity } from '../probe/wire.ts';

const names: readonly (readonly [activity: number, attribute: string])[] = [
  [goroutineActivity.running, 'sidespan.goroutine.running'],
  [goroutineActivity.runnable, 'sidespan.goroutine.runnable'],
  [goroutineActivity.syscall, 'sidespan.goroutine.syscall'],
  [goroutineActivity.waitsChannel, 'sidespan.goroutine.blocked.channel'],
  [goroutineActivity.waitsLock, 'sidespan.goroutine.blocked.lock'],
  [goroutineActivity.waitsNetwork, 'sidespan.goroutine.blocked.network'],
  [goroutineActivity.waitsSleep, 'sidespan.goroutine.blocked.sleep'],
  [goroutineActivity.waitsOther, 'sidespan.goroutine.blocked.other'],
];

/** Seconds that the call's goroutine spent with each; together they are the span's duration. What it never did is left out. */
export function addGoroutineAttributes(activityNs: readonly number[], attributes: Attributes): void {
  for (const [activity, name] of names) {
    const ns = activityNs[activity] ?? 0;
    if (ns > 0) attributes[name] = ns / 1e9;
  }
}
