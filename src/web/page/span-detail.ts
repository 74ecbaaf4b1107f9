import type { AttributeValue, SpanDetail, TraceDetail } from '../api.ts';
import { breakable, el } from './dom.ts';
import { duration, percent } from './format.ts';
import { valueTable } from './go-value.ts';
import { serviceChip } from './service-colour.ts';
import { isInlined, spanDuration } from './span-duration.ts';

/** Everything that is known of a span. */
export function spanDetail(span: SpanDetail, trace: TraceDetail): HTMLElement {
  const total = Math.max(trace.summary.durationNs, 1);
  return el(
    'div.detail-body',
    {},
    el('h2', { class: hasCode(span) ? 'mono' : undefined }, ...breakable(span.name)),
    el('p.origin', {}, serviceChip(span.service), ` ${kindWords(span)} · ${pidWords(span)}`),
    span.error && errorNote(span),
    el(
      'dl.facts',
      {},
      ...fact('Duration', spanDuration(span)),
      ...fact('Starts at', span.startOffsetNs === 0 ? '0' : `+${duration(span.startOffsetNs)}`),
      ...(isInlined(span) ? [] : fact('Of the trace', percent(span.durationNs / total))),
      ...typesFact(span),
    ),
    valueTable('Arguments', span.arguments),
    valueTable('Results', span.results),
    ...span.events.map((event) =>
      el(
        'section.event',
        {},
        el('h3', {}, `${event.name} at +${duration(event.offsetNs)}`),
        attributeTable(event.attributes, `Attributes of the event ${event.name}`),
      ),
    ),
    el('section', {}, el('h3', {}, 'Attributes'), attributeTable(shownAttributes(span), 'Attributes'), cutNote(span)),
    el(
      'section',
      {},
      el('h3', {}, 'Identity'),
      attributeTable(
        [
          ['trace id', trace.summary.id],
          ['span id', span.id],
          ['parent', parentWords(span)],
          ['scope', span.scope],
        ],
        'Identity',
      ),
    ),
  );
}

function cutNote(span: SpanDetail): HTMLElement | false {
  return (
    span.attributesCut && el('p.unavailable', {}, 'More than the viewer keeps of one span: the rest was exported only.')
  );
}

function hasCode(span: SpanDetail): boolean {
  return span.attributes.some(([key]) => key === 'code.function.name');
}

function kindWords(span: SpanDetail): string {
  return span.kind === 'internal' && hasCode(span) ? 'function' : span.kind;
}

function pidWords(span: SpanDetail): string {
  return span.pid === null ? 'pid unknown' : `pid ${span.pid}`;
}

function parentWords(span: SpanDetail): string {
  if (span.parentId === undefined) return 'none: the root';
  if (span.parentMissing === 'remote') return `${span.parentId} (came with the request)`;
  if (span.parentMissing === 'not here') return `${span.parentId} (not ended yet, or not kept)`;
  return span.parentId;
}

function errorNote(span: SpanDetail): HTMLElement {
  const message = span.statusMessage ?? span.attributes.find(([key]) => key === 'error.type')?.[1];
  return el(
    'p.error-note',
    {},
    el('strong', {}, 'Error'),
    ` ${message === undefined ? 'without a message' : String(message)}`,
  );
}

function fact(name: string, value: string): HTMLElement[] {
  return [el('div', {}, el('dt', {}, name), el('dd', {}, value))];
}

/** What told the types of arguments and results, where that was not the program's debug information. */
const typeSources: Readonly<Record<string, string>> = {
  signature: 'as written in the pattern',
  runtime: "by the program's type descriptors",
  arginfo: 'not known: words of the sizes that the compiler recorded',
  registers: 'not known: registers as they are',
};

function typesFact(span: SpanDetail): HTMLElement[] {
  const source = span.attributes.find(([key]) => key === 'sidespan.types.source')?.[1];
  return source === undefined ? [] : fact('Types', typeSources[String(source)] ?? String(source));
}

/** The place in the source as one entry, as editors and people write it. */
function shownAttributes(span: SpanDetail): (readonly [string, AttributeValue])[] {
  const file = span.attributes.find(([key]) => key === 'code.file.path')?.[1];
  const line = span.attributes.find(([key]) => key === 'code.line.number')?.[1];
  if (file === undefined || line === undefined) return [...span.attributes];
  return span.attributes.flatMap(([key, value]): (readonly [string, AttributeValue])[] => {
    if (key === 'code.file.path') return [['code.file.path : line', `${file}:${line}`]];
    return key === 'code.line.number' ? [] : [[key, value]];
  });
}

function attributeTable(attributes: readonly (readonly [string, AttributeValue])[], label: string): HTMLElement {
  if (attributes.length === 0) return el('p.muted', {}, 'none');
  const rows = attributes.map(([key, value]) =>
    el('tr', {}, el('th', { scope: 'row' }, ...breakable(key)), el('td.mono', {}, attributeText(value))),
  );
  return el(
    label === 'Identity' ? 'table.attributes.short' : 'table.attributes',
    { 'aria-label': label },
    el('tbody', {}, ...rows),
  );
}

function attributeText(value: AttributeValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
