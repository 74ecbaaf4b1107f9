import type { ProbeDescription } from '../probe/probe.ts';
import { type LedgerProcess, NO_COUNTS, type ProbeAccount } from './ledger-account.ts';
import {
  addedSums,
  isSettled,
  type LedgerRow,
  type LedgerSnapshot,
  type LedgerSums,
  NO_CALLS,
  recursionRow,
  rowOf,
} from './ledger-snapshot.ts';

export interface Ledger {
  open(process: LedgerProcess, probe: ProbeDescription): ProbeAccount;
  /** All accounts, for reading the kernel's counters into them. */
  accounts(): Iterable<ProbeAccount>;
  /** Hits that the kernel skipped because a program of the same kind already ran on that CPU. */
  setRecursionMisses(count: number): void;
  exported(origins: Iterable<{ readonly account: ProbeAccount }>): void;
  dropped(origins: Iterable<{ readonly account: ProbeAccount }>, reason: 'queue_full' | 'export_failed'): void;
  /** A record that came out of the ring and made no sense. */
  decodeFailed(account: ProbeAccount): void;
  /** The agent ends, and its processes with it: from now on all rows stay, however many there are. */
  finish(): void;
  /** Read the kernel's counters in the same turn of the event loop: then no record can be counted in between. */
  snapshot(): LedgerSnapshot;
}

/** Closed accounts that keep a row of their own; older ones are added up, so that restarts don't make it grow. */
const MAX_CLOSED_ROWS = 1000;

export function createLedger(): Ledger {
  const accounts = new Set<ProbeAccount>();
  const earlier = new Map<string, LedgerRow>();
  let recursionMisses = 0;
  let isFinished = false;

  function addUpOldest(): void {
    if (isFinished) return;
    const closed = [...accounts].filter((account) => account.closed && isSettled(account));
    for (const account of closed.slice(0, Math.max(0, closed.length - MAX_CLOSED_ROWS))) {
      accounts.delete(account);
      const row = rowOf(account);
      const key = `${account.process.serviceName} ${row.scopeName} ${row.probe}`;
      const before = earlier.get(key);
      const sum = before === undefined ? row : { ...row, ...addedSums(before, row) };
      earlier.set(key, { ...sum, process: `${account.process.serviceName} (earlier)`, owner: undefined });
    }
  }

  return {
    open(process, probe) {
      const account: ProbeAccount = {
        process,
        probe,
        kernel: NO_COUNTS,
        received: 0,
        withoutMeaning: 0,
        exported: 0,
        unpaired: 0,
        decodeFailed: 0,
        queueFull: 0,
        exportFailed: 0,
        pauses: 0,
        paused: undefined,
        closed: false,
      };
      accounts.add(account);
      return account;
    },
    accounts: () => accounts,
    setRecursionMisses(count) {
      recursionMisses = count;
    },
    exported(origins) {
      for (const { account } of origins) account.exported++;
    },
    dropped(origins, reason) {
      for (const { account } of origins) {
        if (reason === 'queue_full') account.queueFull++;
        else account.exportFailed++;
      }
    },
    decodeFailed(account) {
      account.received++;
      account.decodeFailed++;
    },
    finish() {
      isFinished = true;
    },
    snapshot() {
      addUpOldest();
      const rows = [...earlier.values(), ...Array.from(accounts, rowOf)];
      if (recursionMisses > 0) rows.push(recursionRow(recursionMisses));
      return { rows, total: rows.reduce<LedgerSums>(addedSums, NO_CALLS) };
    },
  };
}
