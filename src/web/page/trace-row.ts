import type { TraceSummary } from '../api.ts';
import { el, replaceChildren, setAttribute, setText } from './dom.ts';
import { count, counted, dateAndTime, durationParts, timeOfDay } from './format.ts';
import { hueClass, serviceChip } from './service-colour.ts';

export interface TraceRow {
  readonly element: HTMLElement;
  readonly id: string;
  update(trace: TraceSummary): void;
}

/** The strip of dots is logarithmic, from 100 µs to 10 s: five decades. */
const STRIP_FROM_NS = 1e5;
const STRIP_DECADES = 5;
export const stripMarks = ['1 ms', '10 ms', '100 ms', '1 s'] as const;

export function stripPosition(durationNs: number): number {
  const decades = Math.log10(Math.max(durationNs, 1) / STRIP_FROM_NS);
  return Math.min(1, Math.max(0, decades / STRIP_DECADES));
}

/** A row that follows its trace as spans are added to it, without becoming another element. */
export function newTraceRow(trace: TraceSummary, open: (id: string) => void): TraceRow {
  const time = el('span.cell.time', { role: 'gridcell' });
  const service = el('span.cell.in', { role: 'gridcell' });
  const name = el('span.cell.name', { role: 'gridcell' });
  const spans = el('span.cell.number.spans', { role: 'gridcell' });
  const dot = el('span.dot');
  const strip = el('span.cell.strip', { role: 'gridcell', 'aria-hidden': 'true' }, dot);
  const value = el('span.value');
  const unit = el('span.unit');
  const duration = el('span.cell.number.duration', { role: 'gridcell' }, value, unit);
  const outcome = el('span.cell.outcome', { role: 'gridcell' });
  const element = el(
    'div.row.trace',
    { role: 'row', tabindex: '-1', 'data-id': trace.id, on: { click: () => open(trace.id) } },
    ...[time, service, name, spans, strip, duration, outcome],
  );

  function update(next: TraceSummary): void {
    setText(time, timeOfDay(next.startUnixMs));
    time.title = dateAndTime(next.startUnixMs);
    const others = next.services.slice(1);
    replaceChildren(
      service,
      serviceChip(next.service),
      ...others.slice(0, 4).map(serviceDot),
      beyond(others.length - 4),
    );
    setText(name, next.name);
    setAttribute(name, 'title', next.name);
    setText(spans, count(next.spanCount));
    spans.title = counted(next.spanCount, 'span');
    const parts = durationParts(next.durationNs);
    setText(value, parts[0]);
    setText(unit, parts[1]);
    dot.style.setProperty('--at', stripPosition(next.durationNs).toFixed(4));
    dot.className = `dot ${hueClass(next.service)}`;
    replaceChildren(outcome, ...outcomeParts(next));
    element.classList.toggle('failed', next.errorCount > 0);
    element.classList.toggle('partial', next.rootMissing);
  }

  update(trace);
  return { element, id: trace.id, update };
}

function serviceDot(service: string): HTMLElement {
  return el(`span.service-dot.${hueClass(service)}`, {
    title: `also in ${service}`,
    role: 'img',
    'aria-label': service,
  });
}

function beyond(more: number): HTMLElement | undefined {
  return more > 0 ? el('span.muted', {}, `+${more}`) : undefined;
}

function outcomeParts(trace: TraceSummary): (HTMLElement | string)[] {
  const parts: (HTMLElement | string)[] = [];
  if (trace.outcome !== undefined) parts.push(el('span.status', {}, trace.outcome));
  if (trace.errorCount > 0) {
    const title = `${counted(trace.errorCount, 'span')} with an error`;
    parts.push(el('span.badge.error', { title }, 'error'));
  } else if (trace.rootMissing) {
    parts.push(el('span.badge', { title: 'The call that began this trace has not returned yet' }, 'open'));
  }
  return parts;
}
