import { textTable } from '../support/text-table.ts';
import type { Row } from './trace-program.ts';

/** Aligned columns, one line for each program. */
export function rowsText(rows: readonly Row[]): string {
  const head = ['program', 'version', 'Go', 'build', 'functions', 'calls', 'mean ms', 'server spans', 'own counter'];
  const ofSent = ([sent, seen]: readonly [number, number]) => `${seen} of ${sent}`;
  const lines = rows.map((row) => [
    row.name,
    row.version,
    row.goVersion,
    row.build,
    String(row.functions),
    ofSent(row.calls),
    row.meanMs.toPrecision(3),
    ofSent(row.spans),
    row.own,
  ]);
  return textTable([head, ...lines]);
}
