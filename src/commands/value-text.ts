import type { Value, ValueContent } from '../event/value.ts';
import { goDuration } from './go-duration.ts';

/** Longest text of one value in a line for people; --json has it whole. */
const maxTextLength = 200;

/** A captured value in Go's syntax as far as it goes: `&{ID: 7, Name: "x"}`, `[1 2 3]`, `nil`, `<fault>`. */
export function valueText(value: Value): string {
  if (value.unavailable !== undefined) {
    // What is known of a value behind an interface is its type.
    return value.type === 'INTERFACE' ? `<${value.goType}: ${value.unavailable}>` : `<${value.unavailable}>`;
  }
  const cut = value.truncated === undefined ? '' : `…(${value.truncated.of})`;
  const text = knownText(value) ?? contentText(value.value ?? null, value.type);
  return `${text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text}${cut}`;
}

/** `cents=82, tags=["a" "b"]`; unnamed ones without a name. */
export function valuesText(values: readonly Value[]): string {
  return values.map((value) => (value.name === '' ? valueText(value) : `${value.name}=${valueText(value)}`)).join(', ');
}

/** What reads better than its digits. */
function knownText({ value, encoding, goType }: Value): string | undefined {
  if (goType === 'time.Duration' && (typeof value === 'number' || typeof value === 'string')) {
    return goDuration(BigInt(value));
  }
  return encoding === 'hex' && typeof value === 'string' ? `0x${value}` : undefined;
}

function contentText(content: ValueContent, type: string): string {
  if (content === null) return 'nil';
  if (typeof content === 'string' && type === 'WORD') return content.replace(/^0x0+(?=.)/, '0x');
  if (typeof content === 'string') return isNumberText(type) ? content : JSON.stringify(content);
  if (typeof content !== 'object') return String(content);
  if (!Array.isArray(content)) {
    const item = itemText(content as ItemContent, type);
    if (item !== undefined) return item;
    const entries = Object.entries(content).map(([key, inner]) => `${key}: ${contentText(inner as ValueContent, '')}`);
    return `{${entries.join(', ')}}`;
  }
  const items = content as readonly (Value | ValueContent)[];
  if (items.every(isValue)) {
    const fields = items.map((item) => (item.name === '' ? valueText(item) : `${item.name}: ${valueText(item)}`));
    const isList = type.startsWith('[') || items.some((item) => item.name === '');
    return isList ? `[${fields.join(' ')}]` : `${type === 'PTR' ? '&' : ''}{${fields.join(', ')}}`;
  }
  if (type === 'MAP') return `map[${(items as unknown as readonly MapEntry[]).map(entryText).join(' ')}]`;
  return `[${items.map((item) => contentText(item as ValueContent, type.replace(/^\[\d*\]/, ''))).join(' ')}]`;
}

/** An item of a list that its content alone doesn't say (decode-value.ts, itemContent). */
interface ItemContent {
  readonly value?: ValueContent;
  readonly goType?: string;
  readonly unavailable?: string;
  readonly encoding?: 'hex';
  readonly truncated?: { readonly of: number };
}

function itemText(item: ItemContent, type: string): string | undefined {
  if (item.unavailable !== undefined) return `<${item.unavailable}>`;
  if (item.value === undefined) return undefined;
  return valueText({ name: '', type, ...item, goType: item.goType ?? '' } as Value);
}

interface MapEntry {
  readonly key: ValueContent;
  readonly value: ValueContent;
}

function entryText({ key, value }: MapEntry): string {
  return `${contentText(key, '')}:${contentText(value, '')}`;
}

/** Integers beyond 2^53 are strings of digits. */
function isNumberText(type: string): boolean {
  return type === 'INT' || type === 'UINT';
}

function isValue(item: Value | ValueContent): item is Value {
  return typeof item === 'object' && item !== null && 'name' in item;
}
