import { textTable } from '../support/text-table.ts';

/** A line of the table. Numbers keep their unit in the text that is shown; `measured` and `baseline` are for programs. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly measured: number;
  /** The same without Sidespan, or with what users would have instead, in the same run. */
  readonly baseline?: Baseline;
  readonly target?: Target;
  /** How sure it is, what else was seen. */
  readonly note?: string;
}

export interface Baseline {
  readonly value: number;
  /** `without the agent`, `whole file read` … */
  readonly of: string;
}

export interface Target {
  readonly limit: number;
  readonly is: 'below' | 'exactly';
}

export const below = (limit: number): Target => ({ limit, is: 'below' });
export const exactly = (limit: number): Target => ({ limit, is: 'exactly' });

export function reached({ measured, target }: Figure): boolean | undefined {
  if (target === undefined || Number.isNaN(measured)) return undefined;
  return target.is === 'below' ? measured < target.limit : measured === target.limit;
}

/** Counts in full, the rest to three digits. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'not measured';
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Aligned columns; the notes stand below, numbered. */
export function tableText(figures: readonly Figure[]): string {
  const notes: string[] = [];
  const head = ['what', 'measured', 'baseline', 'ratio', 'to reach', 'reached', ''];
  const rows = figures.map((figure) => {
    const { what, unit, measured, baseline, target, note } = figure;
    const ratio = baseline === undefined || baseline.value === 0 ? '' : `${numberText(measured / baseline.value)} x`;
    const sign = target?.is === 'below' ? '< ' : '';
    const verdict = reached(figure);
    if (note !== undefined) notes.push(note);
    return [
      what,
      Number.isNaN(measured) ? numberText(measured) : `${numberText(measured)} ${unit}`,
      baseline === undefined ? '' : `${numberText(baseline.value)} ${unit} (${baseline.of})`,
      ratio,
      target === undefined ? '' : `${sign}${numberText(target.limit)}`,
      verdict === undefined ? '' : verdict ? 'yes' : 'NO',
      note === undefined ? '' : `[${notes.length}]`,
    ];
  });
  return [textTable([head, ...rows]), '', ...notes.map((note, index) => `[${index + 1}] ${note}`)].join('\n');
}
