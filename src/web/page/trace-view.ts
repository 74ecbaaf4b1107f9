import type { TraceDetail } from '../api.ts';
import { el, replaceChildren } from './dom.ts';
import { message } from './empty-state.ts';
import { count, counted, dateAndTime, duration } from './format.ts';
import type { Place } from './place.ts';
import { getJson } from './request.ts';
import { moveByKey } from './row-cursor.ts';
import { serviceChip } from './service-colour.ts';
import { spanDetail } from './span-detail.ts';
import type { Navigate, View } from './view.ts';
import { newWaterfall } from './waterfall.ts';

export interface TraceView extends View {
  /** Spans were added to this trace. */
  changed(id: string): void;
}

/** One trace: what it is, its waterfall, and the chosen span beside or below. */
export function newTraceView(navigate: Navigate): TraceView {
  let place: Place | undefined;
  let trace: TraceDetail | undefined;

  const heading = el('div.trace-heading');
  const waterfall = newWaterfall((spanId) => choose(spanId));
  const detail = el('aside.detail', { 'aria-label': 'Span', tabindex: '-1' });
  const body = el('div.trace-body', {}, waterfall.element, detail);
  const problem = el('div.empty-place', { hidden: true });
  const element = el('section.view.trace-view', { 'aria-label': 'Trace' }, heading, body, problem);

  const back = () => navigate({ traceId: undefined, spanId: undefined });

  function choose(spanId: string): void {
    navigate({ spanId }, 'replace');
  }

  async function load(id: string): Promise<void> {
    try {
      const loaded = await getJson<TraceDetail>(`/api/traces/${id}`);
      if (place?.traceId !== id) return;
      trace = loaded;
      drawHeading(loaded);
      waterfall.draw(loaded, place.spanId);
      drawDetail();
      body.hidden = false;
      problem.hidden = true;
    } catch (error) {
      if (place?.traceId !== id) return;
      // One that is on the page already stays, even when the store has let go of it.
      if (trace?.summary.id === id) return;
      replaceChildren(heading, backButton(back));
      replaceChildren(problem, message('This trace cannot be shown', error instanceof Error ? error.message : ''));
      body.hidden = true;
      problem.hidden = false;
    }
  }

  function drawHeading({ summary, spansNotKept }: TraceDetail): void {
    const facts = [duration(summary.durationNs), counted(summary.spanCount, 'span'), dateAndTime(summary.startUnixMs)];
    replaceChildren(
      heading,
      backButton(back),
      el('h1', { title: summary.name }, summary.name),
      summary.outcome !== undefined &&
        el(summary.errorCount > 0 ? 'span.status.bad' : 'span.status', {}, summary.outcome),
      summary.errorCount > 0 && el('span.badge.error', {}, counted(summary.errorCount, 'error')),
      summary.rootMissing && el('span.badge', { title: 'The call that began this trace has not returned yet' }, 'open'),
      el('span.trace-services', {}, ...summary.services.slice(0, 6).map(serviceChip)),
      el('span.spacer'),
      el('span.muted', {}, facts.join('  ·  ')),
      spansNotKept > 0 && el('span.badge', {}, `${count(spansNotKept)} spans not kept`),
    );
  }

  function drawDetail(): void {
    if (trace === undefined) return;
    const span = trace.spans.find(({ id }) => id === place?.spanId) ?? trace.spans[0];
    waterfall.select(span?.id);
    if (span !== undefined) detail.replaceChildren(spanDetail(span, trace));
  }

  return {
    element,
    show(next) {
      const isSameTrace = place?.traceId === next.traceId;
      const isSameSpan = place?.spanId === next.spanId;
      place = next;
      if (next.traceId === undefined) return;
      if (!isSameTrace) {
        void load(next.traceId).then(() => waterfall.cursor.focus(selectedRow()));
      } else if (!isSameSpan) {
        drawDetail();
        detail.scrollTop = 0;
      }
    },
    hide() {
      place = undefined;
      trace = undefined;
    },
    changed(id) {
      if (place?.traceId === id) void load(id);
    },
    key(key) {
      if (moveByKey(waterfall.cursor, key)) {
        const spanId = waterfall.cursor.current()?.dataset['span'];
        if (spanId !== undefined) choose(spanId);
      } else if (key === 'Escape' && detail.contains(document.activeElement)) waterfall.cursor.focus(selectedRow());
      else if (key === 'Escape' || key === 'Backspace') back();
      else if (key === 'ArrowLeft' || key === 'h') waterfall.setExpanded(false);
      else if (key === 'ArrowRight' || key === 'l') waterfall.setExpanded(true);
      else if (key === 'Enter') {
        const spanId = waterfall.cursor.current()?.dataset['span'];
        if (spanId !== undefined) choose(spanId);
        detail.focus();
      } else return false;
      return true;
    },
  };

  function selectedRow(): HTMLElement | undefined {
    const rows = waterfall.cursor.rows();
    return rows.find((row) => row.getAttribute('aria-selected') === 'true') ?? rows[0];
  }
}

function backButton(back: () => void): HTMLElement {
  return el('button.quiet.back', { type: 'button', 'aria-keyshortcuts': 'Escape', on: { click: back } }, 'Traces');
}
