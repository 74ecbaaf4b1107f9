import type { TraceSummary } from '../api.ts';
import { el, replaceChildren } from './dom.ts';
import { emptyTraces } from './empty-state.ts';
import type { Feed } from './feed.ts';
import { newFilterBar } from './filter-bar.ts';
import { count, counted } from './format.ts';
import { filterQuery, isFiltered, type Place } from './place.ts';
import { moveByKey, newRowCursor } from './row-cursor.ts';
import { newTraceRow, stripMarks, stripPosition, type TraceRow } from './trace-row.ts';
import type { Navigate, View } from './view.ts';

export interface TracesView extends View {
  /** The feed's rows have changed; `fresh` if they are another list. */
  render(fresh: boolean): void;
  setServices(names: readonly string[]): void;
}

/** How long the list holds still after the pointer moved over it, so that a click hits what was aimed at. */
const POINTER_HOLD_MS = 1500;

export function newTracesView(feed: Feed, navigate: Navigate): TracesView {
  const rows = new Map<string, TraceRow>();
  let place: Place | undefined;
  let query: string | undefined;
  let pointerAtMs = Number.NEGATIVE_INFINITY;
  let pointerTimer: number | undefined;

  const filters = newFilterBar(navigate);
  const body = el('div.rows', { role: 'rowgroup' });
  const scroller = el('div.scroller', { on: { scroll: () => hold() } }, body);
  const cursor = newRowCursor(body, () => hold());
  const pill = el('button.pill', { type: 'button', hidden: true, on: { click: () => goOn() } });
  const empty = el('div.empty-place', { hidden: true });
  const grid = el('div.grid.traces', { role: 'grid', 'aria-label': 'Traces, newest first' }, header(), scroller);
  const element = el('section.view.traces-view', { 'aria-label': 'Traces' }, filters.element, grid, pill, empty);

  scroller.addEventListener('pointermove', () => {
    pointerAtMs = performance.now();
    clearTimeout(pointerTimer);
    pointerTimer = setTimeout(hold, POINTER_HOLD_MS + 20);
    hold();
  });

  const open = (id: string) => navigate({ traceId: id, spanId: undefined });

  function isHeld(): boolean {
    if (place?.paused === true || scroller.scrollTop > 8) return true;
    return cursor.current() !== undefined || performance.now() - pointerAtMs < POINTER_HOLD_MS;
  }

  function hold(): void {
    feed.setHeld(isHeld());
    showWaiting();
  }

  function showWaiting(): void {
    pill.hidden = feed.waiting === 0;
    const hint = place?.paused === true ? 'paused, p resumes' : 'Esc shows them';
    if (!pill.hidden) replaceChildren(pill, counted(feed.waiting, 'new trace'), el('span.muted', {}, hint));
  }

  /** Shows what has been waiting, and follows from here on. */
  function goOn(): void {
    pointerAtMs = Number.NEGATIVE_INFINITY;
    cursor.clear();
    scroller.scrollTop = 0;
    if (place?.paused === true) navigate({ paused: false }, 'replace');
    hold();
  }

  function render(fresh: boolean): void {
    const traces = feed.rows();
    if (fresh) {
      for (const row of rows.values()) row.element.remove();
      rows.clear();
      scroller.scrollTop = 0;
      body.classList.remove('settled');
      // Only what comes from now on is marked as new.
      requestAnimationFrame(() => requestAnimationFrame(() => body.classList.add('settled')));
    }
    putInOrder(traces);
    const listed = new Set(traces.map(({ id }) => id));
    for (const [id, row] of rows) if (!listed.has(id)) remove(id, row);
    cursor.refresh();
    showWaiting();
    showCount(traces.length);
  }

  function putInOrder(traces: readonly TraceSummary[]): void {
    traces.forEach((trace, index) => {
      const row = rows.get(trace.id);
      if (row === undefined) {
        const added = newTraceRow(trace, open);
        rows.set(trace.id, added);
        body.insertBefore(added.element, body.children[index] ?? null);
      } else {
        row.update(trace);
        if (body.children[index] !== row.element) body.insertBefore(row.element, body.children[index] ?? null);
      }
    });
  }

  function remove(id: string, row: TraceRow): void {
    row.element.remove();
    rows.delete(id);
  }

  function showCount(listed: number): void {
    const passed = feed.skipped > 0 ? `, ${count(feed.skipped)} came too fast to list` : '';
    filters.setCount((feed.hasMore ? `newest ${count(listed)}` : counted(listed, 'trace')) + passed);
    grid.hidden = listed === 0;
    empty.hidden = listed > 0;
    if (listed === 0) void fillEmpty();
  }

  async function fillEmpty(): Promise<void> {
    const clear = () => navigate({ service: '', name: '', minDurationMs: '', errorsOnly: false }, 'replace');
    replaceChildren(empty, await emptyTraces(place !== undefined && isFiltered(place), clear));
  }

  return {
    element,
    filterField: filters.field,
    render,
    setServices: filters.setServices,
    show(next) {
      place = next;
      filters.show(next);
      const nextQuery = filterQuery(next).toString();
      if (nextQuery !== query) {
        query = nextQuery;
        cursor.clear();
        feed.open(new URLSearchParams(nextQuery));
      }
      hold();
    },
    hide() {
      feed.setHeld(true);
    },
    key(key) {
      if (moveByKey(cursor, key)) return true;
      const id = cursor.current()?.dataset['id'];
      if ((key === 'Enter' || key === 'o') && id !== undefined) open(id);
      else if (key === 'Escape') goOn();
      else if (key === 'e') navigate({ errorsOnly: place?.errorsOnly !== true }, 'replace');
      else return false;
      return true;
    },
  };
}

function header(): HTMLElement {
  const column = (classes: string, text: string) =>
    el(`span.cell.${classes}` as 'span', { role: 'columnheader' }, text);
  const marks = stripMarks.map((label, index) => {
    const at = stripPosition(1e6 * 10 ** index).toFixed(4);
    return el('span.mark', { vars: { '--at': at } }, label);
  });
  return el(
    'div.row.header',
    { role: 'row' },
    column('time', 'Started'),
    column('in', 'Service'),
    column('name', 'Trace'),
    column('number.spans', 'Spans'),
    el('span.cell.strip', { role: 'columnheader', 'aria-label': 'Duration on a logarithmic scale' }, ...marks),
    column('number.duration', 'Duration'),
    column('outcome', 'Outcome'),
  );
}
