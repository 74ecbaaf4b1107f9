import assert from 'node:assert/strict';
import { test } from 'node:test';
import koffi from 'koffi';
import { CLOCK_BOOTTIME, CLOCK_REALTIME, createBootClock, parseUptimeNs } from '../../src/telemetry/boot-clock.ts';

const clockGettime = koffi.load('libc.so.6').func('int clock_gettime(int clock, _Out_ int64_t *time)');

function nativeClock(clock: number): bigint {
  const time = new BigInt64Array(2);
  assert.equal(clockGettime(clock, time), 0);
  return (time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n);
}

function bootTime(ns: bigint): [number, number] {
  return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
}

test('adds the difference of the clocks and carries the nanoseconds', () => {
  using clock = createBootClock((id) => (id === CLOCK_BOOTTIME ? 2_000_000_000n : 1_700_000_002_600_000_001n));
  assert.deepEqual(clock.wallTime([10, 0]), [1_700_000_010, 600_000_001]);
  assert.deepEqual(clock.wallTime([10, 399_999_998]), [1_700_000_010, 999_999_999]);
  assert.deepEqual(clock.wallTime([10, 399_999_999]), [1_700_000_011, 0]);
  // 104 days of uptime: nanoseconds alone would pass 2^53.
  assert.deepEqual(clock.wallTime([20_000_000, 999_999_999]), [1_720_000_001, 600_000_000]);
});

test('a time of day before the boot stays valid', () => {
  using clock = createBootClock((id) => (id === CLOCK_BOOTTIME ? 5_500_000_000n : 1_200_000_000n));
  assert.deepEqual(clock.wallTime([5, 500_000_000]), [1, 200_000_000]);
});

test('of several readings the least interrupted one is used', () => {
  let reads = 0;
  let time = 1_000_000_000n;
  using clock = createBootClock((id) => {
    reads++;
    // The first two comparisons are interrupted for 80 ms before the time of day is read.
    time += id === CLOCK_REALTIME && reads < 6 ? 80_000_000n : 100n;
    return id === CLOCK_BOOTTIME ? time : time + 1_000_000_000_000n;
  });
  const [seconds, ns] = clock.wallTime([1, 0]);
  assert.equal(seconds, 1001);
  assert.ok(ns < 1000, `off by ${ns} ns`);
});

test('a step of the time of day shows after a refresh', () => {
  let offset = 1_000n;
  using clock = createBootClock((id) => (id === CLOCK_BOOTTIME ? 0n : offset * 1_000_000_000n));
  assert.deepEqual(clock.wallTime([1, 5]), [1001, 5]);
  offset = 2_000n;
  assert.deepEqual(clock.wallTime([1, 5]), [1001, 5]);
  clock.refresh();
  assert.deepEqual(clock.wallTime([1, 5]), [2001, 5]);
});

for (const [name, readClock] of [
  ['with the native call', nativeClock],
  ['without it', undefined],
] as const) {
  test(`real clocks, ${name}: now is between before and after`, () => {
    using clock = createBootClock(readClock);
    const before = Date.now();
    const [seconds, ns] = clock.wallTime(bootTime(nativeClock(CLOCK_BOOTTIME)));
    const after = Date.now();
    const nowMs = seconds * 1000 + ns / 1e6;
    assert.ok(nowMs >= before - 1 && nowMs <= after + 1, `${nowMs} is not between ${before} and ${after}`);
  });
}

test('/proc/uptime', () => {
  assert.equal(parseUptimeNs('1338.59 2600.11\n'), 1_338_590_000_000n);
  for (const text of ['', '12', 'x.y z', '-1.00 2.00', `${'9'.repeat(40)}.00 1.00`]) {
    assert.throws(() => parseUptimeNs(text), TypeError, JSON.stringify(text));
  }
});
