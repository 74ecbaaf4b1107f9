import type { LedgerRow } from '../status.ts';
import { count } from './format.ts';

/** Calls seen that are in no other column; negative if the others hold more. 0 is what the ledger promises. */
export function difference(row: LedgerRow): number {
  return row.seen - row.exported - row.sampledOut - droppedCount(row) - row.inFlight;
}

export function droppedCount(row: LedgerRow): number {
  return Object.values(row.dropped).reduce((sum, calls) => sum + calls, 0);
}

/** `88 ring full`, `12 queue full`: the most first. */
export function droppedReasons(row: LedgerRow): string[] {
  const reasons = Object.entries(row.dropped).filter(([, calls]) => calls > 0);
  reasons.sort(([, a], [, b]) => b - a);
  return reasons.map(([reason, calls]) => `${count(calls)} ${reason}`);
}

export function totalOf(rows: readonly LedgerRow[]): LedgerRow {
  const dropped: Record<string, number> = {};
  for (const row of rows) {
    for (const [reason, calls] of Object.entries(row.dropped)) dropped[reason] = (dropped[reason] ?? 0) + calls;
  }
  const sum = (of: (row: LedgerRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    process: 'All',
    probe: '',
    kind: 'function',
    seen: sum((row) => row.seen),
    exported: sum((row) => row.exported),
    sampledOut: sum((row) => row.sampledOut),
    dropped,
    inFlight: sum((row) => row.inFlight),
    enteredBeforeAttach: sum((row) => row.enteredBeforeAttach),
  };
}
