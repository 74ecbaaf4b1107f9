import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallSpan, SpanOrigin } from '../../src/telemetry/call-span.ts';
import { createLedger } from '../../src/telemetry/ledger.ts';
import { type KernelCounts, NO_COUNTS } from '../../src/telemetry/ledger-account.ts';
import { balanced, droppedCalls } from '../../src/telemetry/ledger-snapshot.ts';
import { ledgerTable } from '../../src/telemetry/ledger-table.ts';
import { call, functionProbe, httpProbe, telemetryFor } from '../support/calls.ts';
import fc from '../support/fast-check.ts';

const gateway = { pid: 4711, serviceName: 'gateway' };

function counts(changes: Partial<KernelCounts>): KernelCounts {
  return { ...NO_COUNTS, ...changes };
}

test('every call that was seen is somewhere', () => {
  const { telemetry, ledger, account } = telemetryFor(functionProbe);
  // Seen 100: 3 refused, 90 ended of which 5 found no room in the ring and 2 were unpaired; 7 still run.
  account.kernel = counts({
    seen: 100,
    ended: [85, 1, 1, 1, 2],
    ringFull: 5,
    noGoroutine: 1,
    goroutineTableFull: 1,
    frameStackFull: 1,
    enteredBefore: 4,
    argumentsRingFull: 6,
  });
  const origins: SpanOrigin[] = [];
  for (let i = 0; i < 80; i++) origins.push((telemetry(call()) as CallSpan).origin);
  for (let i = 0; i < 2; i++) assert.equal(telemetry(call({ end: 'unpaired' })), undefined);
  ledger.decodeFailed(account);
  ledger.exported(origins.slice(0, 60));
  ledger.dropped(origins.slice(60, 70), 'queue_full');
  ledger.dropped(origins.slice(70, 73), 'export_failed');

  const snapshot = ledger.snapshot();
  const [row] = snapshot.rows;
  assert.ok(row);
  assert.deepEqual(
    { seen: row.seen, exported: row.exported, sampledOut: row.sampledOut, dropped: row.dropped },
    {
      seen: 100,
      exported: 60,
      sampledOut: 0,
      dropped: {
        ring_full: 5,
        goroutine_table_full: 1,
        frame_stack_full: 1,
        no_goroutine: 1,
        unpaired: 2,
        decode_failed: 1,
        queue_full: 10,
        export_failed: 3,
      },
    },
  );
  assert.deepEqual([row.running, row.unread, row.queued, row.inFlight], [7, 2, 7, 16]);
  assert.equal(row.enteredBeforeAttach, 4);
  assert.deepEqual(row.incomplete, { arguments_ring_full: 6 });
  assert.equal(row.stillRunningAtDetach, 0);
  assert.equal(balanced(snapshot), true);
  assert.equal(row.process, 'gateway (4711)');
});

test('at the end what runs is called so, and nothing else may be open', () => {
  const { telemetry, ledger, account } = telemetryFor(functionProbe);
  account.kernel = counts({ seen: 3, ended: [2, 0, 0, 0, 0] });
  const span = telemetry(call()) as CallSpan;
  account.closed = true;
  assert.equal(balanced(ledger.snapshot()), false, 'a record is unread');
  const other = telemetry(call()) as CallSpan;
  assert.equal(balanced(ledger.snapshot()), false, 'spans are queued');
  ledger.exported([span.origin, other.origin]);
  const snapshot = ledger.snapshot();
  assert.equal(balanced(snapshot), true);
  assert.equal(snapshot.rows[0]?.stillRunningAtDetach, 1);
});

test('a call that is counted twice, or never seen, is noticed', () => {
  const { telemetry, ledger, account } = telemetryFor(functionProbe);
  account.kernel = counts({ seen: 1, ended: [1, 0, 0, 0, 0] });
  const span = telemetry(call()) as CallSpan;
  ledger.exported([span.origin, span.origin]);
  assert.equal(balanced(ledger.snapshot()), false);

  const { ledger: second, account: unseen } = telemetryFor(functionProbe);
  unseen.kernel = counts({ seen: 1, ended: [2, 0, 0, 0, 0] });
  unseen.received = 2;
  unseen.exported = 2;
  unseen.closed = true;
  assert.equal(balanced(second.snapshot()), false);
});

test('sampling out is no loss', () => {
  const { telemetry, ledger, account } = telemetryFor(httpProbe);
  account.kernel = counts({ seen: 4, ended: [3, 0, 0, 0, 1], sampledOut: 2, unpairedUnsampled: 1 });
  const span = telemetry(call());
  assert.ok(span);
  ledger.exported([span.origin]);
  const [row] = ledger.snapshot().rows;
  assert.equal(row?.sampledOut, 2);
  assert.equal(row?.inFlight, 0);
  assert.deepEqual(row?.dropped, { unpaired: 1 });
  assert.equal(balanced(ledger.snapshot()), true);
});

test('a snapshot always adds up, whatever became of the calls', () => {
  const number = fc.nat(1000);
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number, number, number, number, number, number)), (probes) => {
      const ledger = createLedger();
      for (const [running, refused, ringFull, exported, sampledOut, queueFull, queued] of probes) {
        const account = ledger.open(gateway, functionProbe);
        const received = exported + sampledOut + queueFull + queued;
        const ended = received + ringFull;
        account.kernel = counts({
          seen: running + refused + ended,
          ended: [ended, 0, 0, 0, 0],
          ringFull,
          noGoroutine: refused,
        });
        Object.assign(account, { received, exported, sampledOut, queueFull });
      }
      const snapshot = ledger.snapshot();
      assert.equal(balanced(snapshot), true, ledgerTable(snapshot));
      const { total } = snapshot;
      assert.equal(total.seen, total.exported + total.sampledOut + droppedCalls(total) + total.inFlight);
    }),
  );
});

test('counters that were not read at one instant do not unbalance a live snapshot', () => {
  const ledger = createLedger();
  const account = ledger.open(gateway, functionProbe);
  account.kernel = counts({ seen: 10, ended: [11, 0, 0, 0, 0] });
  account.received = 11;
  account.exported = 11;
  assert.equal(balanced(ledger.snapshot()), true);
  assert.equal(ledger.snapshot().rows[0]?.seen, 11);
});

test('what the kernel skipped has a row of its own', () => {
  const ledger = createLedger();
  ledger.setRecursionMisses(3);
  const snapshot = ledger.snapshot();
  assert.equal(snapshot.total.seen, 3);
  assert.deepEqual(snapshot.total.dropped, { recursion_misses: 3 });
  assert.equal(balanced(snapshot), true);
});

test('processes that come and go do not make it grow', () => {
  const ledger = createLedger();
  for (let pid = 1; pid <= 3000; pid++) {
    const account = ledger.open({ pid, serviceName: 'job' }, functionProbe);
    account.kernel = counts({ seen: 2, ended: [2, 0, 0, 0, 0] });
    account.received = 2;
    account.exported = 2;
    account.closed = true;
  }
  const snapshot = ledger.snapshot();
  assert.equal(snapshot.rows.length, 1001);
  assert.equal(snapshot.rows[0]?.process, 'job (earlier)');
  assert.equal(snapshot.total.seen, 6000);
  assert.equal(snapshot.total.exported, 6000);
  assert.equal(balanced(snapshot), true);
});

test('of processes that are let go as the agent ends all rows stay', () => {
  const ledger = createLedger();
  const open = (pid: number) => ledger.open({ pid, serviceName: 'shop' }, functionProbe);
  const accounts = Array.from({ length: 1500 }, (_, index) => open(index % 2));
  ledger.finish();
  for (const account of accounts) account.closed = true;
  const { rows } = ledger.snapshot();
  assert.equal(rows.length, 1500);
  assert.equal(rows[0]?.process, 'shop (0)');
});

test('the table shows the fates that occurred', () => {
  const { ledger, account } = telemetryFor(functionProbe);
  account.kernel = counts({ seen: 12_345, ended: [12_345, 0, 0, 0, 0], ringFull: 45, enteredBefore: 2 });
  account.received = 12_300;
  account.exported = 12_300;
  account.closed = true;
  assert.equal(
    ledgerTable(ledger.snapshot()),
    [
      'process         probe                                    seen  exported  sampled out  dropped: ring_full  (entered before attach)',
      'gateway (4711)  github.com/acme/shop/cart.(*Cart).Add  12,345    12,300            0                  45                        2',
    ].join('\n'),
  );
});
