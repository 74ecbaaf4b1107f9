import { DROP_REASONS, INCOMPLETE_REASONS } from './ledger-account.ts';
import type { LedgerSnapshot, LedgerSums } from './ledger-snapshot.ts';

/** More rows than fit a screen or two say nothing: those with the most calls are shown, the rest added up below. */
const MAX_ROWS = 40;

type Column = { readonly title: string; readonly cell: (row: LedgerSums) => number };

/** Columns that are shown even if all their numbers are 0; the others only where something occurred. */
const ALWAYS: readonly Column[] = [
  { title: 'seen', cell: (row) => row.seen },
  { title: 'exported', cell: (row) => row.exported },
  { title: 'sampled out', cell: (row) => row.sampledOut },
];
const SOMETIMES: readonly Column[] = [
  ...DROP_REASONS.map((reason) => ({
    title: `dropped: ${reason}`,
    cell: (row: LedgerSums) => row.dropped[reason] ?? 0,
  })),
  { title: 'in flight', cell: (row) => row.inFlight - row.stillRunningAtDetach },
  { title: 'still running at detach', cell: (row) => row.stillRunningAtDetach },
  { title: '(of the sampled out: overload or limit)', cell: (row) => row.shed },
  { title: '(entered before attach)', cell: (row) => row.enteredBeforeAttach },
  ...INCOMPLETE_REASONS.map((reason) => ({
    title: `(incomplete: ${reason})`,
    cell: (row: LedgerSums) => row.incomplete[reason] ?? 0,
  })),
  { title: '(times taken out: CPU budget)', cell: (row) => row.pauses },
];

/** The loss ledger as text: a line a probe, a column a fate. Columns in brackets are no part of `seen`. */
export function ledgerTable(snapshot: LedgerSnapshot): string {
  const columns = [...ALWAYS, ...SOMETIMES.filter(({ cell }) => cell(snapshot.total) !== 0)];
  const rows = [...snapshot.rows].sort((a, b) => b.seen - a.seen);
  const shown = rows.slice(0, MAX_ROWS);
  const lines = [
    ['process', 'probe', ...columns.map(({ title }) => title)],
    ...shown.map((row) => [row.process, row.probe, ...numbers(row, columns)]),
  ];
  const more = rows.length - shown.length;
  if (more > 0) lines.push([`… and ${more} more`, '', ...columns.map(() => '')]);
  if (rows.length !== 1) lines.push(['total', '', ...numbers(snapshot.total, columns)]);
  return aligned(lines);
}

function numbers(row: LedgerSums, columns: readonly Column[]): string[] {
  return columns.map(({ cell }) => cell(row).toLocaleString('en-US'));
}

/** Text to the left, numbers to the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
