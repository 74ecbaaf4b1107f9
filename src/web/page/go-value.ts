import type { Value, ValueContent } from '../../event/value.ts';
import { el } from './dom.ts';
import { count } from './format.ts';

/** Deeper than any capture goes; a value that claims more is cut. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 200;

/** What the value's JSON says in place of content: see `value-json.ts` of telemetry. */
interface Marked {
  readonly content?: ValueContent;
  readonly unavailable?: string;
  readonly truncatedOf?: number;
}

/** Arguments or results: name, type and value of each; what has fields of its own stands below its name. */
export function valueTable(title: string, values: readonly Value[]): HTMLElement | undefined {
  if (values.length === 0) return undefined;
  const rows = values.flatMap((value) => {
    const shown = valueContent(value);
    const isBlock = shown.matches('.fields') || shown.querySelector(':scope > .fields') !== null;
    return [
      el('dt', {}, shownName(value.name, values.length, title)),
      el('dd.go-type', { title: value.goType }, value.goType),
      el(isBlock ? 'dd.go-value.block' : 'dd.go-value', {}, shown),
    ];
  });
  const heading = el('h3', { id: `values-${title}` }, title);
  return el('section', {}, heading, el('dl.values', { 'aria-labelledby': heading.id }, ...rows));
}

/** A result without a name has its index for one. */
function shownName(name: string, among: number, title: string): string {
  if (!/^\d+$/.test(name)) return name;
  return title === 'Results' && among === 1 ? 'result' : `#${Number(name) + 1}`;
}

function valueContent(value: Value): HTMLElement {
  if (value.value === undefined) return unavailable(value.unavailable ?? 'no reason given');
  const marked = { content: value.value, ...(value.truncated && { truncatedOf: value.truncated.of }) };
  return content(marked, 0, value.goType);
}

function content(marked: Marked, depth: number, goType = ''): HTMLElement {
  if (marked.unavailable !== undefined) return unavailable(marked.unavailable);
  const isLeftOut = Array.isArray(marked.content) && marked.content.length === 0 && marked.truncatedOf !== undefined;
  if (isLeftOut) return el('span.truncated', {}, `none of ${count(marked.truncatedOf ?? 0)}`);
  const body = plain(marked.content ?? null, depth, goType);
  if (marked.truncatedOf === undefined) return body;
  return el('span.cut', {}, body, el('span.truncated', {}, cutNote(marked.content ?? null, marked.truncatedOf)));
}

function cutNote(shown: ValueContent, of: number): string {
  if (typeof shown === 'string') return `first ${count(shown.length)} of ${count(of)} bytes`;
  if (Array.isArray(shown)) return `first ${count(shown.length)} of ${count(of)}`;
  return `${count(of)} in all`;
}

function plain(value: ValueContent, depth: number, goType: string): HTMLElement {
  if (value === null) return el('span.nil', {}, 'nil');
  if (typeof value === 'string') {
    // Integers beyond 2^53 come as digits.
    const isDigits = /^u?int/.test(goType) && /^-?\d+$/.test(value);
    return isDigits ? el('span.scalar', {}, value) : el('span.text', {}, JSON.stringify(value));
  }
  if (typeof value !== 'object') return el('span.scalar', {}, String(value));
  if (depth >= MAX_DEPTH) return el('span.nil', {}, '…');
  const entries: (readonly [string, ValueContent])[] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item as ValueContent] as const)
    : Object.entries(value);
  if (entries.length === 0) return el('span.nil', {}, Array.isArray(value) ? 'empty' : '{}');
  if (Array.isArray(value) && value.every(isScalar)) return inlineList(value);
  if (depth > 0 && isShort(entries)) return inlineFields(entries);
  return fieldList(entries, depth, Array.isArray(value));
}

function fieldList(entries: readonly (readonly [string, ValueContent])[], depth: number, isList: boolean): HTMLElement {
  const items = entries
    .slice(0, MAX_ITEMS)
    .flatMap(([key, item]) => [
      el(isList ? 'dt.index' : 'dt', {}, key),
      el('dd', {}, content(marksOf(item), depth + 1)),
    ]);
  const rest = entries.length - MAX_ITEMS;
  if (rest > 0) items.push(el('dt', {}, '…'), el('dd', {}, `${count(rest)} more`));
  return el('dl.fields', {}, ...items);
}

function inlineList(items: readonly ValueContent[]): HTMLElement {
  const parts = items.slice(0, MAX_ITEMS).map((item) => plain(item, MAX_DEPTH, ''));
  const separated = parts.flatMap((part, index) => (index === 0 ? [part] : [', ', part]));
  const rest = items.length - MAX_ITEMS;
  return el('span.list', {}, '[', ...separated, rest > 0 && `, … ${count(rest)} more`, ']');
}

/** Two or three plain fields read better in a line. */
const MAX_INLINE_LENGTH = 42;

function isShort(entries: readonly (readonly [string, ValueContent])[]): boolean {
  return (
    entries.every(([, item]) => isScalar(item)) &&
    JSON.stringify(entries).length <= MAX_INLINE_LENGTH + entries.length * 2
  );
}

function inlineFields(entries: readonly (readonly [string, ValueContent])[]): HTMLElement {
  const parts = entries.flatMap(([key, item], index) => [
    index === 0 ? '' : ', ',
    el('span.key', {}, `${key} `),
    plain(item, MAX_DEPTH, ''),
  ]);
  return el('span.list', {}, '{', ...parts, '}');
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value !== 'object';
}

function marksOf(value: ValueContent): Marked {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return { content: value };
  const object = value as Readonly<Record<string, ValueContent>>;
  const keys = Object.keys(object);
  const { unavailable: reason, truncated } = object;
  if (typeof reason === 'string' && keys.every((key) => key === 'unavailable' || key === 'goType')) {
    const type = object['goType'];
    return { unavailable: typeof type === 'string' ? `${reason} (${type})` : reason };
  }
  if (keys.length === 2 && 'value' in object && truncated !== null && typeof truncated === 'object') {
    const { of } = truncated as { readonly of?: ValueContent };
    if (typeof of === 'number') return { content: object['value'] ?? null, truncatedOf: of };
  }
  return { content: value };
}

function unavailable(reason: string): HTMLElement {
  return el('span.unavailable', {}, `unavailable: ${reason}`);
}

const PREVIEW_LENGTH = 24;

/** The call in a line, as Go would write it: `("espresso-cup", 2, {…})`. */
export function callPreview(values: readonly Value[]): string {
  return values.length === 0 ? '' : `(${values.map(preview).join(', ')})`;
}

function preview(value: Value): string {
  const { value: shown } = value;
  if (shown === undefined) return '?';
  if (shown === null) return 'nil';
  if (Array.isArray(shown)) return shown.length === 0 ? '[]' : '[…]';
  if (typeof shown === 'object') return '{…}';
  if (typeof shown !== 'string') return String(shown);
  return JSON.stringify(shown.length > PREVIEW_LENGTH ? `${shown.slice(0, PREVIEW_LENGTH)}…` : shown);
}
