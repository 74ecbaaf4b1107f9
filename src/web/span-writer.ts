import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { FLAG, FLAGS_AT, HEAD_BYTES, ID_LENGTH, TAG } from './span-record.ts';
import type { StringTable } from './string-table.ts';

/** Longer texts are cut, and say so. */
const MAX_TEXT_LENGTH = 4096;
const MAX_LIST_LENGTH = 256;
const MAX_EVENTS = 32;
/** Of a whole span; attributes beyond are left out, which the record says. */
export const MAX_RECORD_BYTES = 64 << 10;
/** One more text, in the worst case of three bytes a character, and its note. */
const TEXT_ROOM = MAX_TEXT_LENGTH * 3 + 256;

const STATUS_ERROR = 2;

/** Values that come again and again; others would fill the table for nothing. */
const TABLE_VALUES =
  /^(?:code\.(?:function\.name|file\.path)|http\.(?:request\.method|route)|url\.scheme|rpc\..*|error\.type|network\.protocol\..*|sidespan\..*\.type)$/;

/** Writes spans, one at a time, into a buffer of its own. */
export interface SpanWriter {
  /** The record; valid until the next is written. */
  write(span: ReadableSpan, origin: number): Uint8Array;
}

export function newSpanWriter(strings: StringTable): SpanWriter {
  const bytes = new Uint8Array(MAX_RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  const encoder = new TextEncoder();
  /** By the key's number in the string table: whether its values go there too. */
  const valueInTable: boolean[] = [];
  let at = 0;

  function writeText(text: string, inTable: boolean): number {
    const number = inTable ? strings.numberOf(text) : 0;
    view.setUint16(at, number, true);
    at += 2;
    if (number === 0) writeCharacters(text);
    return number;
  }

  function writeCharacters(text: string): void {
    const shown =
      text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}… (cut: ${text.length} characters)` : text;
    const start = at + 2;
    const { length } = shown;
    let index = 0;
    for (; index < length; index++) {
      const code = shown.charCodeAt(index);
      if (code > 127) break;
      bytes[start + index] = code;
    }
    const written = index === length ? length : encoder.encodeInto(shown, bytes.subarray(start)).written;
    view.setUint16(at, written, true);
    at = start + written;
  }

  function writeId(id: string): void {
    for (let index = 0; index < ID_LENGTH; index++) bytes[at + index] = id.charCodeAt(index);
    at += ID_LENGTH;
  }

  function writeTime(seconds: number, ns: number): void {
    view.setFloat64(at, seconds, true);
    view.setUint32(at + 8, ns, true);
    at += 12;
  }

  const hasRoom = () => at < MAX_RECORD_BYTES - 2 * TEXT_ROOM;

  /** False if some had no room. */
  function writeAttributes(attributes: Attributes): boolean {
    const countAt = at;
    at += 2;
    let count = 0;
    let complete = true;
    for (const key in attributes) {
      const value = attributes[key];
      if (value === undefined) continue;
      if (!hasRoom()) {
        complete = false;
        break;
      }
      const number = writeText(key, true);
      if (number > 0) valueInTable[number] ??= TABLE_VALUES.test(key);
      const inTable = number > 0 && valueInTable[number] === true;
      if (!writeValue(value, inTable)) complete = false;
      count++;
    }
    view.setUint16(countAt, count, true);
    return complete;
  }

  function writeValue(value: AttributeValue, inTable: boolean): boolean {
    if (Array.isArray(value)) return writeList(value);
    writeScalar(value as string | number | boolean | null, inTable);
    return true;
  }

  function writeScalar(value: string | number | boolean | null | undefined, inTable: boolean): void {
    if (typeof value === 'string') {
      bytes[at++] = TAG.text;
      writeText(value, inTable);
    } else if (typeof value === 'number') {
      bytes[at++] = TAG.number;
      view.setFloat64(at, value, true);
      at += 8;
    } else {
      bytes[at++] = value === true ? TAG.true : value === false ? TAG.false : TAG.null;
    }
  }

  function writeList(values: readonly (string | number | boolean | null | undefined)[]): boolean {
    bytes[at++] = TAG.list;
    const countAt = at;
    at += 2;
    let count = 0;
    while (count < values.length && count < MAX_LIST_LENGTH && hasRoom()) writeScalar(values[count++], false);
    view.setUint16(countAt, count, true);
    return count === values.length;
  }

  function writeEvents(events: ReadableSpan['events']): boolean {
    const countAt = at++;
    let count = 0;
    let complete = events.length <= MAX_EVENTS;
    for (const event of events) {
      if (count === MAX_EVENTS || !hasRoom()) {
        complete = false;
        break;
      }
      writeText(event.name, true);
      writeTime(event.time[0], event.time[1]);
      if (!writeAttributes(event.attributes ?? {})) complete = false;
      count++;
    }
    bytes[countAt] = count;
    return complete;
  }

  return {
    write(span, origin) {
      const { status, parentSpanContext: parent, startTime, duration, events } = span;
      const message = status.message;
      let flags = status.code === STATUS_ERROR ? FLAG.error : 0;
      if (parent !== undefined) flags |= parent.isRemote === true ? FLAG.parent | FLAG.remote : FLAG.parent;
      if (message !== undefined) flags |= FLAG.message;
      if (events.length > 0) flags |= FLAG.events;
      view.setUint16(0, origin, true);
      bytes[2] = span.kind;
      at = 4;
      writeTime(startTime[0], startTime[1]);
      view.setFloat64(at, duration[0] * 1e9 + duration[1], true);
      at = HEAD_BYTES;
      writeId(span.spanContext().spanId);
      if (parent !== undefined) writeId(parent.spanId);
      writeText(span.name, true);
      writeText(span.instrumentationScope.name, true);
      if (message !== undefined) writeText(message, false);
      if (!writeAttributes(span.attributes)) flags |= FLAG.cut;
      if (events.length > 0 && !writeEvents(events)) flags |= FLAG.cut;
      bytes[FLAGS_AT] = flags;
      return bytes.subarray(0, at);
    },
  };
}
