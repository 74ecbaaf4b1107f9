import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { MAX_EVENTS, MAX_LIST_LENGTH, shownText } from './span-record.ts';

/** Of a whole span; attributes beyond are left out, which the record says. */
export const MAX_RECORD_BYTES = 64 << 10;
/** Of it for everything but texts: ids, times, numbers, the lengths of everything. */
const OTHER_BYTES = 4 << 10;
/** Key and value of an attribute without their texts, and of an item of a list. */
const ATTRIBUTE_BYTES = 32;
const ITEM_BYTES = 16;

/** As much of a large span as a record has room for. */
export function cutSpan(span: ReadableSpan): ReadableSpan {
  let left = MAX_RECORD_BYTES - OTHER_BYTES;

  function text(whole: string): string {
    const shown = shownText(whole);
    left -= Buffer.byteLength(shown);
    return shown;
  }

  function item<Item>(value: Item): Item | string {
    left -= ITEM_BYTES;
    return typeof value === 'string' ? text(value) : value;
  }

  function list(values: readonly unknown[]): unknown[] {
    const kept: unknown[] = [];
    for (const value of values.slice(0, MAX_LIST_LENGTH)) if (hasRoom(value)) kept.push(item(value));
    return kept;
  }

  function hasRoom(value: unknown): boolean {
    const size = typeof value === 'string' ? Buffer.byteLength(shownText(value)) : 0;
    return size + ATTRIBUTE_BYTES <= left;
  }

  function attributes(all: Attributes): Attributes {
    const kept: Attributes = {};
    for (const [key, value] of Object.entries(all)) {
      if (!hasRoom(key)) break;
      const name = text(key);
      left -= ATTRIBUTE_BYTES;
      if (!hasRoom(value)) break;
      kept[name] = (Array.isArray(value) ? list(value) : item(value)) as AttributeValue;
    }
    return kept;
  }

  const { message } = span.status;
  const events: ReadableSpan['events'] = [];
  const cut = {
    name: text(span.name),
    status: { ...span.status, ...(message !== undefined && { message: text(message) }) },
    sharedAttributes: undefined,
    spanContext: () => span.spanContext(),
    attributes: attributes(span.attributes),
    events,
  };
  for (const event of span.events.slice(0, MAX_EVENTS)) {
    if (!hasRoom(event.name)) break;
    left -= ATTRIBUTE_BYTES;
    events.push({ ...event, name: text(event.name), attributes: attributes(event.attributes ?? {}) });
  }
  return Object.create(span, Object.getOwnPropertyDescriptors(cut));
}
