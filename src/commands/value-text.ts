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
  // Not `[]…(2)`, which looks like an empty one.
  if (cut !== '' && Array.isArray(value.value) && value.value.length === 0) {
    return `${value.type === 'MAP' ? 'map' : ''}[${cut}]`;
  }
  const text = knownText(value) ?? dynamicText(value) ?? contentText(value.value ?? null, value.type);
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

/** A struct behind an interface is not what its type says it is: `cart.Item{ID: 7}`, `&cart.Item{ID: 7}`. */
function dynamicText({ type, goType, value }: Value): string | undefined {
  const isStruct = type === 'INTERFACE' && Array.isArray(value) && value.length > 0 && value.every(isValue);
  if (!isStruct || /^\*?struct \{/.test(goType)) return undefined;
  // Packages by the last element of their path, as Go source has them.
  const name = goType.replace(/[\w~%.-]+\//g, '');
  return `${name.replace(/^\*/, '&')}${contentText(value, 'STRUCT')}`;
}

function contentText(content: ValueContent, type: string): string {
  if (content === null) return 'nil';
  if (typeof content === 'string' && type === 'WORD') return content.replace(/^0x0+(?=.)/, '0x');
  if (typeof content === 'string') {
    const isAddress = type === 'PTR' && /^0x[\da-f]+$/.test(content);
    return isAddress || isNumberText(type) ? content : JSON.stringify(content);
  }
  if (typeof content !== 'object') return String(content);
  if (!Array.isArray(content)) {
    const item = itemText(content as ItemContent, type);
    if (item !== undefined) return item;
    const entries = Object.entries(content).map(([key, inner]) => `${key}: ${contentText(inner as ValueContent, '')}`);
    return `{${entries.join(', ')}}`;
  }
  const items = content as readonly (Value | ValueContent)[];
  if (type === 'MAP' || (items.length > 0 && items.every(isEntry))) {
    return `map[${(items as unknown as readonly MapEntry[]).map(entryText).join(' ')}]`;
  }
  if (items.every(isValue)) {
    const fields = items.map((item) => (item.name === '' ? valueText(item) : `${item.name}: ${valueText(item)}`));
    const isList = type.startsWith('[') || items.some((item) => item.name === '');
    return isList ? `[${fields.join(' ')}]` : `${type === 'PTR' ? '&' : ''}{${fields.join(', ')}}`;
  }
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
  if (item.unavailable !== undefined) return `<${item.goType ? `${item.goType}: ` : ''}${item.unavailable}>`;
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

/** Also of a map behind an interface. */
function isEntry(item: Value | ValueContent): boolean {
  return typeof item === 'object' && item !== null && 'key' in item && 'value' in item;
}

/** Integers beyond 2^53 are strings of digits. */
function isNumberText(type: string): boolean {
  return type === 'INT' || type === 'UINT';
}

function isValue(item: Value | ValueContent): item is Value {
  return typeof item === 'object' && item !== null && 'name' in item;
}
