import { readFileSync } from 'node:fs';
import type { HrTime } from '@opentelemetry/api';
import type { BootTime } from '../event/call.ts';

/** Of clock_gettime(2). */
export const CLOCK_REALTIME = 0;
export const CLOCK_BOOTTIME = 7;

/** clock_gettime(2) by a native call: nanoseconds of that clock. */
export type ReadClock = (clock: typeof CLOCK_REALTIME | typeof CLOCK_BOOTTIME) => bigint;

/** Turns the kernel's times into times of day. */
export interface BootClock extends Disposable {
  wallTime(time: BootTime): HrTime;
  /** Measures the difference of the two clocks anew. */
  refresh(): void;
}

/** The time of day may be stepped or slewed (by 0.5 ms a second at most, adjtimex(2)); spans follow within this. */
const REFRESH_MS = 10_000;
const NS_PER_SECOND = 1_000_000_000;

/** @param readClock absent: the difference is found without native calls, to 1 us on a machine that was never suspended. */
export function createBootClock(readClock?: ReadClock): BootClock {
  const measure = readClock ? () => offsetByClocks(readClock) : offsetByNode;
  let offsetSeconds = 0;
  let offsetNs = 0;

  function refresh(): void {
    const offset = measure();
    offsetSeconds = Number(offset / 1_000_000_000n);
    offsetNs = Number(offset % 1_000_000_000n);
    // A time of day before 1970 plus uptime: keep the nanoseconds positive, the carry below relies on it.
    if (offsetNs < 0) {
      offsetNs += NS_PER_SECOND;
      offsetSeconds--;
    }
  }

  refresh();
  const timer = setInterval(refresh, REFRESH_MS).unref();
  return {
    wallTime(time) {
      const ns = time[1] + offsetNs;
      return ns >= NS_PER_SECOND ? [time[0] + offsetSeconds + 1, ns - NS_PER_SECOND] : [time[0] + offsetSeconds, ns];
    },
    refresh,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** A reading that the scheduler interrupts is off by the interruption: the quickest of so many is used. */
const READINGS = 5;

/** CLOCK_REALTIME - CLOCK_BOOTTIME in ns. */
function offsetByClocks(readClock: ReadClock): bigint {
  let best = 0n;
  let bestGap: bigint | undefined;
  for (let i = 0; i < READINGS; i++) {
    const before = readClock(CLOCK_BOOTTIME);
    const wall = readClock(CLOCK_REALTIME);
    const gap = readClock(CLOCK_BOOTTIME) - before;
    if (bestGap !== undefined && gap >= bestGap) continue;
    bestGap = gap;
    best = wall - before - gap / 2n;
  }
  return best;
}

/** CLOCK_BOOTTIME counts suspended time, CLOCK_MONOTONIC doesn't; below this they are taken to be the same. */
const SUSPENDED_FROM_NS = 50_000_000n;
/** Each waits for the next millisecond. */
const TICKS = 3;

/**
 * The same from what Node has: process.hrtime is CLOCK_MONOTONIC, and /proc/uptime (10 ms) tells whether the machine
 * was ever suspended. Date.now has milliseconds, so the clocks are compared where it changes; a change can only be
 * noticed late, so the largest difference is the truest.
 */
function offsetByNode(): bigint {
  const uptime = parseUptimeNs(readFileSync('/proc/uptime', 'latin1'));
  const behind = uptime - process.hrtime.bigint();
  const suspended = behind < SUSPENDED_FROM_NS ? 0n : behind;
  let best: bigint | undefined;
  for (let i = 0; i < TICKS; i++) {
    const start = Date.now();
    let now = start;
    while (now === start) now = Date.now();
    const offset = BigInt(now) * 1_000_000n - process.hrtime.bigint();
    if (best === undefined || offset > best) best = offset;
  }
  return (best ?? 0n) - suspended;
}

/** The first number of /proc/uptime, seconds since boot with two decimals (proc_uptime(5)). */
export function parseUptimeNs(text: string): bigint {
  const match = /^(\d{1,12})\.(\d{2}) /.exec(text);
  if (!match) throw new TypeError(`/proc/uptime: expected "seconds.hundredths idle", found ${JSON.stringify(text)}`);
  return BigInt(match[1] ?? 0) * 1_000_000_000n + BigInt(match[2] ?? 0) * 10_000_000n;
}
