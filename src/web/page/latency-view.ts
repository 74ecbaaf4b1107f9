import type { HistogramList, HistogramSummary } from '../api.ts';
import { el, replaceChildren, setAttribute, setText } from './dom.ts';
import { message } from './empty-state.ts';
import { count, durationParts, percent } from './format.ts';
import { newHistogramChart } from './histogram-chart.ts';
import type { Place } from './place.ts';
import { getJson, poll } from './request.ts';
import { moveByKey, newRowCursor } from './row-cursor.ts';
import { serviceChip } from './service-colour.ts';
import { sparkline } from './sparkline.ts';
import type { Navigate, View } from './view.ts';

const POLL_MS = 2000;

type Column = 'count' | 'errors' | 'p50' | 'p90' | 'p99' | 'max';
const COLUMNS: readonly (readonly [Column, label: string])[] = [
  ['count', 'Spans'],
  ['errors', 'Errors'],
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['max', 'Max'],
];
const VALUES: Readonly<Record<Column, (row: HistogramSummary) => number>> = {
  count: (row) => row.count,
  errors: (row) => row.errors,
  p50: (row) => row.p50Ns,
  p90: (row) => row.p90Ns,
  p99: (row) => row.p99Ns,
  max: (row) => row.maxNs,
};

/** How long each route and function takes: a table, and the chosen one's histogram above it. */
export function newLatencyView(navigate: Navigate): View {
  let place: Place | undefined;
  let list: HistogramList | undefined;
  let stop: (() => void) | undefined;
  let filter = '';

  const field = el('input.name-filter', {
    type: 'search',
    placeholder: 'Service, route or function',
    'aria-label': 'Service, route or function',
    'aria-keyshortcuts': '/',
    spellcheck: 'false',
    autocomplete: 'off',
    on: { input: () => changeFilter() },
  });
  const note = el('span.muted.count', { role: 'status' });
  const toolbar = el(
    'div.filters',
    { role: 'search', 'aria-label': 'Filter operations' },
    el('span.field.grow', {}, field, el('kbd.hint', { 'aria-hidden': 'true' }, '/')),
    el('span.spacer'),
    note,
  );
  const chart = newHistogramChart();
  const body = el('div.rows', { role: 'rowgroup' });
  const cursor = newRowCursor(body, () => chooseFocused());
  const headers = new Map<Column, HTMLElement>();
  const grid = el(
    'div.grid.latency',
    { role: 'grid', 'aria-label': 'Operations' },
    header(),
    el('div.scroller', {}, body),
  );
  const empty = el('div.empty-place', { hidden: true });
  const element = el('section.view.latency-view', { 'aria-label': 'Latency' }, toolbar, chart.element, grid, empty);
  /** By service and name: a row stays the same element while its figures change. */
  const rows = new Map<
    string,
    { row: HTMLElement; update: (summary: HistogramSummary, list: HistogramList) => void }
  >();

  function changeFilter(): void {
    filter = field.value.trim().toLowerCase();
    draw();
  }

  function header(): HTMLElement {
    const figures = COLUMNS.map(([column, label]) => {
      const button = el('button.sort', { type: 'button', on: { click: () => sortBy(column) } }, label);
      const cell = el('span.cell.number', { role: 'columnheader' }, button);
      headers.set(column, cell);
      return cell;
    });
    return el(
      'div.row.header',
      { role: 'row' },
      el('span.cell.in', { role: 'columnheader' }, 'Service'),
      el('span.cell.name', { role: 'columnheader' }, 'Route or function'),
      ...figures,
      el('span.cell.spark', { role: 'columnheader' }, '10 µs to 10 s'),
    );
  }

  function sortBy(column: Column): void {
    navigate({ sort: sortColumn() === column ? '' : column }, 'replace');
  }

  function sortColumn(): Column {
    return COLUMNS.find(([column]) => column === place?.sort)?.[0] ?? 'count';
  }

  async function load(): Promise<void> {
    list = await getJson<HistogramList>('/api/histograms');
    draw();
  }

  function draw(): void {
    if (list === undefined) return;
    const column = sortColumn();
    for (const [each, cell] of headers) setAttribute(cell, 'aria-sort', each === column ? 'descending' : undefined);
    const value = VALUES[column];
    const shown = list.histograms
      .filter((row) => `${row.service} ${row.name}`.toLowerCase().includes(filter))
      .sort((a, b) => value(b) - value(a) || keyOf(a).localeCompare(keyOf(b)));
    putInOrder(shown, list);
    const chosen = shown.find((row) => keyOf(row) === place?.operation) ?? shown[0];
    markChosen(chosen);
    chart.draw(chosen, list.scale);
    showEmpty(shown.length);
    const unnamed = list.spansWithoutHistogram;
    setText(note, unnamed > 0 ? `${count(unnamed)} spans of further names are not shown` : 'since Sidespan started');
  }

  function putInOrder(shown: readonly HistogramSummary[], whole: HistogramList): void {
    const keys = new Set(shown.map(keyOf));
    for (const [key, { row }] of rows) {
      if (keys.has(key)) continue;
      row.remove();
      rows.delete(key);
    }
    shown.forEach((summary, index) => {
      const key = keyOf(summary);
      const known = rows.get(key) ?? newRow(summary);
      rows.set(key, known);
      known.update(summary, whole);
      if (body.children[index] !== known.row) body.insertBefore(known.row, body.children[index] ?? null);
    });
    cursor.refresh();
  }

  function newRow(summary: HistogramSummary) {
    const figures = COLUMNS.map(([column]) => ({ column, cell: el('span.cell.number', { role: 'gridcell' }) }));
    const spark = el('span.cell.spark', { role: 'gridcell', 'aria-hidden': 'true' });
    const isFunction = summary.kind === 'internal';
    const row = el(
      'div.row.operation',
      {
        role: 'row',
        tabindex: '-1',
        'data-key': keyOf(summary),
        on: { click: () => navigate({ operation: keyOf(summary) }, 'replace') },
      },
      el('span.cell.in', { role: 'gridcell' }, serviceChip(summary.service)),
      el(
        isFunction ? 'span.cell.name.mono' : 'span.cell.name',
        { role: 'gridcell', title: summary.name },
        summary.name,
      ),
      ...figures.map(({ cell }) => cell),
      spark,
    );
    return {
      row,
      update(next: HistogramSummary, whole: HistogramList) {
        for (const { column, cell } of figures) fillFigure(cell, column, next);
        replaceChildren(spark, sparkline(next, whole.scale));
      },
    };
  }

  function markChosen(chosen: HistogramSummary | undefined): void {
    const key = chosen && keyOf(chosen);
    for (const [each, { row }] of rows) row.setAttribute('aria-selected', String(each === key));
  }

  function chooseFocused(): void {
    const key = cursor.current()?.dataset['key'];
    if (key !== undefined && key !== place?.operation) navigate({ operation: key }, 'replace');
  }

  function showEmpty(shown: number): void {
    grid.hidden = shown === 0;
    chart.element.hidden = shown === 0;
    empty.hidden = shown > 0;
    if (shown > 0) return;
    const title = filter === '' ? 'No durations yet' : 'No route or function matches';
    const text =
      filter === ''
        ? 'Each traced route and function appears here with its first call.'
        : 'Change or clear the filter.';
    replaceChildren(empty, message(title, text));
  }

  return {
    element,
    filterField: field,
    show(next) {
      place = next;
      if (stop === undefined) stop = poll(POLL_MS, async () => (place?.paused === true && list ? undefined : load()));
      else draw();
    },
    hide() {
      stop?.();
      stop = undefined;
    },
    key(key) {
      if (moveByKey(cursor, key)) return true;
      if (key === 'Enter' || key === 'o') return openTraces();
      return false;
    },
  };

  /** The traces that this operation is part of. */
  function openTraces(): boolean {
    const chosen = list?.histograms.find((row) => keyOf(row) === place?.operation);
    if (chosen === undefined) return false;
    navigate({ view: 'traces', service: chosen.service, name: chosen.name, minDurationMs: '', errorsOnly: false });
    return true;
  }
}

function keyOf({ service, name }: HistogramSummary): string {
  return `${service} ${name}`;
}

function fillFigure(cell: HTMLElement, column: Column, row: HistogramSummary): void {
  if (column === 'count') setText(cell, count(row.count));
  else if (column === 'errors') fillErrors(cell, row);
  else fillDuration(cell, VALUES[column](row));
}

function fillErrors(cell: HTMLElement, { errors, count: all }: HistogramSummary): void {
  cell.classList.toggle('bad', errors > 0);
  cell.classList.toggle('muted', errors === 0);
  setText(cell, errors === 0 ? '0' : `${count(errors)} (${percent(errors / all)})`);
}

function fillDuration(cell: HTMLElement, ns: number): void {
  const [value, unit] = durationParts(ns);
  const [valueSpan, unitSpan] = cell.children;
  if (valueSpan === undefined || unitSpan === undefined) {
    replaceChildren(cell, el('span.value', {}, value), el('span.unit', {}, unit));
  } else {
    setText(valueSpan, value);
    setText(unitSpan, unit);
  }
}
