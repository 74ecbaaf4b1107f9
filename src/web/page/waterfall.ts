import type { SpanDetail, TraceDetail } from '../api.ts';
import { el, replaceChildren, setText } from './dom.ts';
import { duration } from './format.ts';
import { callPreview } from './go-value.ts';
import { newRowCursor, type RowCursor } from './row-cursor.ts';
import { hueClass } from './service-colour.ts';
import { spanDuration } from './span-duration.ts';
import { axisTicks, type TreeRow, treeRows } from './span-tree.ts';

export interface Waterfall {
  readonly element: HTMLElement;
  readonly cursor: RowCursor;
  draw(trace: TraceDetail, selectedId: string | undefined): void;
  select(spanId: string | undefined): void;
  /** Opens or closes what is below the current row; false if there is nothing to do. */
  setExpanded(expanded: boolean): boolean;
}

/** Deeper spans are not indented further: the name must stay readable. */
const MAX_INDENT = 14;

interface Row extends TreeRow {
  readonly element: HTMLElement;
  readonly toggle: HTMLElement | undefined;
  expanded: boolean;
}

/** Spans below each other, each at its time: a tree whose rows share one axis. */
export function newWaterfall(select: (spanId: string) => void): Waterfall {
  let rows: Row[] = [];
  let collapsed = new Set<string>();
  let traceId: string | undefined;

  const axis = el('span.cell.timeline.axis', { role: 'columnheader', 'aria-label': 'Time' });
  const header = el('div.row.header', { role: 'row' }, el('span.cell.tree', { role: 'columnheader' }, 'Span'), axis);
  const body = el('div.rows', { role: 'rowgroup' });
  const cursor = newRowCursor(body);
  const element = el(
    'div.grid.waterfall',
    { role: 'treegrid', 'aria-label': 'Spans of the trace' },
    header,
    el('div.scroller', {}, body),
  );

  function draw(trace: TraceDetail, selectedId: string | undefined): void {
    if (trace.summary.id !== traceId) collapsed = new Set();
    traceId = trace.summary.id;
    // A trace of one instant still has an axis.
    const totalNs = Math.max(trace.summary.durationNs, 1);
    const focused = cursor.current()?.dataset['span'];
    drawAxis(totalNs);
    rows = treeRows(trace.spans).map((row) => newRow(row, totalNs));
    body.replaceChildren(...rows.map((row) => row.element));
    hideCollapsed();
    markSelected(selectedId);
    cursor.refresh();
    if (focused !== undefined) cursor.focus(rows.find(({ span }) => span.id === focused)?.element);
  }

  function drawAxis(totalNs: number): void {
    const ticks = axisTicks(totalNs);
    replaceChildren(
      axis,
      ...ticks.map((tick) =>
        el('span.tick', { vars: { '--at': String(tick / totalNs) } }, tick === 0 ? '0' : duration(tick)),
      ),
    );
    const [, step = totalNs] = ticks;
    element.style.setProperty('--grid-step', `${(step / totalNs) * 100}%`);
  }

  function newRow(row: TreeRow, totalNs: number): Row {
    const { span, level, descendants } = row;
    const expanded = !collapsed.has(span.id);
    const toggle =
      descendants > 0
        ? el('span.toggle', { 'aria-hidden': 'true', on: { click: (event: Event) => toggleBy(event, span.id) } })
        : undefined;
    const rowElement = el(
      `div.row.span.${hueClass(span.service)}` as 'div',
      {
        role: 'row',
        tabindex: '-1',
        'data-span': span.id,
        'aria-level': level,
        'aria-expanded': descendants > 0 ? String(expanded) : undefined,
        on: { click: () => select(span.id) },
      },
      treeCell(span, level, toggle),
      timelineCell(span, totalNs),
    );
    rowElement.classList.toggle('failed', span.error);
    return { ...row, element: rowElement, toggle, expanded };
  }

  function toggleBy(event: Event, spanId: string): void {
    event.stopPropagation();
    const row = rows.find(({ span }) => span.id === spanId);
    if (row !== undefined) expand(row, !row.expanded);
  }

  function expand(row: Row, expanded: boolean): void {
    row.expanded = expanded;
    if (expanded) collapsed.delete(row.span.id);
    else collapsed.add(row.span.id);
    row.element.setAttribute('aria-expanded', String(expanded));
    hideCollapsed();
  }

  function hideCollapsed(): void {
    for (const row of rows) {
      const parent = row.parent === undefined ? undefined : rows[row.parent];
      row.element.hidden = parent !== undefined && (parent.element.hidden || !parent.expanded);
      if (row.toggle !== undefined) setText(row.toggle, row.expanded ? '' : String(row.descendants));
    }
  }

  function markSelected(spanId: string | undefined): void {
    for (const row of rows) row.element.setAttribute('aria-selected', String(row.span.id === spanId));
  }

  return {
    element,
    cursor,
    draw,
    select(spanId) {
      markSelected(spanId);
      const row = rows.find(({ span }) => span.id === spanId);
      row?.element.scrollIntoView({ block: 'nearest' });
    },
    setExpanded(expanded) {
      const row = rows.find(({ element: each }) => each === cursor.current());
      if (row === undefined) return false;
      const parent = row.parent === undefined ? undefined : rows[row.parent];
      if (row.descendants > 0 && row.expanded !== expanded) expand(row, expanded);
      else if (!expanded && parent !== undefined) cursor.focus(parent.element);
      else return false;
      return true;
    },
  };
}

function treeCell(span: SpanDetail, level: number, toggle: HTMLElement | undefined): HTMLElement {
  const indent = Math.min(level - 1, MAX_INDENT);
  const isFunction = span.attributes.some(([key]) => key === 'code.function.name');
  const preview = isFunction ? callPreview(span.arguments) : '';
  return el(
    'span.cell.tree',
    { role: 'gridcell', vars: { '--indent': String(indent) }, title: span.name + preview },
    toggle ?? el('span.toggle.leaf'),
    el(isFunction ? 'span.span-name.mono' : 'span.span-name', {}, span.name),
    el('span.call.mono', {}, preview),
    span.error && el('span.badge.error', {}, 'error'),
  );
}

function timelineCell(span: SpanDetail, totalNs: number): HTMLElement {
  const start = span.startOffsetNs / totalNs;
  const width = span.durationNs / totalNs;
  // The label stands where there is room: after the bar, before it, or on it.
  const side = start + width < 0.82 ? 'after' : start > 0.18 ? 'before' : 'inside';
  const bar = el('span.bar', {}, el(`span.bar-label.${side}`, {}, spanDuration(span)));
  if (span.kind !== 'internal') bar.classList.add('entry');
  return el(
    'span.cell.timeline',
    { role: 'gridcell', vars: { '--start': start.toFixed(5), '--width': width.toFixed(5) } },
    bar,
  );
}
