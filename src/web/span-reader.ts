import type { AttributeValue } from './api.ts';
import {
  LABEL_BYTES,
  labelParts,
  MAX_EVENTS,
  MAX_LIST_LENGTH,
  type SpanBody,
  type SpanHead,
  type StoredEvent,
  shownText,
} from './span-record.ts';

/** Wire types (https://protobuf.dev/programming-guides/encoding/); the fourth has 4 bytes. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

const STATUS_ERROR = 2;
/** Of SpanFlags: the parent is another process's. */
const FLAG_REMOTE = 0x200;
const TWO_32 = 2 ** 32;
const NS_PER_SECOND = 1_000_000_000n;

/** What one field has: a number's bytes, or those of a text or message without their length. */
interface Part {
  readonly buffer: Buffer;
  readonly at: number;
  readonly end: number;
}

type Attribute = [key: string, value: AttributeValue];

export function spanHead(record: Buffer): SpanHead {
  return readSpan(record, () => {});
}

export function spanBody(record: Buffer): SpanBody {
  const { cut: wasCut } = labelParts(record.readUInt32LE(0));
  // What was cut when it was kept has its notes already.
  const shown = (part: Part) => (wasCut ? textOf(part) : shownText(textOf(part)));
  const attributes: Attribute[] = [];
  const events: StoredEvent[] = [];
  let statusMessage: string | undefined;
  let cut = wasCut;

  function value(whole: Part): AttributeValue | null {
    let found: AttributeValue | null = null;
    eachField(whole, (field, part) => {
      if (field === 1) found = shown(part);
      else if (field === 2) found = varint(part) !== 0;
      else if (field === 3) found = varint(part);
      else if (field === 4) found = part.buffer.readDoubleLE(part.at);
      else if (field === 5) found = list(part) as AttributeValue;
    });
    return found;
  }

  function list(whole: Part): unknown[] {
    const values: unknown[] = [];
    eachField(whole, (_, part) => {
      if (values.length < MAX_LIST_LENGTH) values.push(value(part));
      else cut = true;
    });
    return values;
  }

  function attribute(whole: Part): Attribute {
    let key = '';
    let content: AttributeValue | null = null;
    eachField(whole, (field, part) => {
      if (field === 1) key = shown(part);
      else content = value(part);
    });
    return [key, content ?? 'null'];
  }

  function event(whole: Part): StoredEvent {
    let name = '';
    let time = { seconds: 0, ns: 0 };
    const found: Attribute[] = [];
    eachField(whole, (field, part) => {
      if (field === 1) time = timeOf(part);
      else if (field === 2) name = shown(part);
      else if (field === 3) found.push(attribute(part));
    });
    return { name, ...time, attributes: found };
  }

  const head = readSpan(record, (field, part) => {
    if (field === 9) attributes.push(attribute(part));
    else if (field === 11 && events.length < MAX_EVENTS) events.push(event(part));
    else if (field === 11) cut = true;
    else if (field === 15) {
      const message = fieldOf(part, 2);
      statusMessage = message && shown(message);
    }
  });
  return { ...head, name: wasCut ? head.name : shownText(head.name), statusMessage, attributes, events, cut };
}

/** The texts at these keys of the attributes, without making anything of the others. */
export function spanTexts(record: Buffer, keys: ReadonlySet<string>): string[] {
  const found: string[] = [];
  readSpan(record, (field, part) => {
    if (field !== 9) return;
    const key = fieldOf(part, 1);
    const content = key !== undefined && keys.has(textOf(key)) ? fieldOf(part, 2) : undefined;
    const text = content && fieldOf(content, 1);
    if (text !== undefined) found.push(textOf(text));
  });
  return found;
}

/** @param onField is given all fields, in their order. */
function readSpan(record: Buffer, onField: (field: number, part: Part) => void): SpanHead {
  const { origin } = labelParts(record.readUInt32LE(0));
  const span = fieldOf({ buffer: record, at: LABEL_BYTES, end: record.length }, 2);
  const fields: (Part | undefined)[] = [];
  if (span !== undefined) {
    eachField(span, (field, part) => {
      fields[field] = part;
      onField(field, part);
    });
  }
  const [, , id, , parent, name, kind, start, end, , , , , , , status, flags] = fields;
  const code = status && fieldOf(status, 3);
  const { seconds: startSeconds, ns: startNs } = start === undefined ? { seconds: 0, ns: 0 } : timeOf(start);
  return {
    origin,
    kind: kind === undefined ? 0 : varint(kind) - 1,
    error: code !== undefined && varint(code) === STATUS_ERROR,
    startSeconds,
    startNs,
    durationNs: start === undefined || end === undefined ? 0 : distanceNs(start, end),
    id: id === undefined ? '' : hexOf(id),
    parentId: parent && hexOf(parent),
    parentIsRemote: flags !== undefined && (flags.buffer.readUInt32LE(flags.at) & FLAG_REMOTE) !== 0,
    name: name === undefined ? '' : textOf(name),
  };
}

function eachField({ buffer, at: start, end }: Part, onField: (field: number, part: Part) => void): void {
  for (let at = start; at < end; ) {
    const tagEnd = varintEnd(buffer, at);
    const tag = varint({ buffer, at, end });
    const wireType = tag & 7;
    const lengthEnd = wireType === BYTES ? varintEnd(buffer, tagEnd) : tagEnd;
    const next =
      wireType === BYTES
        ? lengthEnd + varint({ buffer, at: tagEnd, end })
        : wireType === VARINT
          ? varintEnd(buffer, tagEnd)
          : tagEnd + (wireType === FIXED64 ? 8 : 4);
    onField(tag >>> 3, { buffer, at: lengthEnd, end: next });
    at = next;
  }
}

function fieldOf(whole: Part, wanted: number): Part | undefined {
  let found: Part | undefined;
  eachField(whole, (field, part) => {
    if (field === wanted) found = part;
  });
  return found;
}

function varintEnd(buffer: Buffer, start: number): number {
  let at = start;
  while ((buffer[at] ?? 0) >= 0x80) at++;
  return at + 1;
}

/** Of 64 bits, two's complement. */
function varint({ buffer, at }: Part): number {
  const last = varintEnd(buffer, at) - 1;
  if (last === at) return buffer[at] ?? 0;
  let value = 0n;
  for (let index = last; index >= at; index--) value = (value << 7n) | BigInt((buffer[index] ?? 0) & 0x7f);
  return Number(BigInt.asIntN(64, value));
}

function textOf({ buffer, at, end }: Part): string {
  return buffer.toString('utf8', at, end);
}

function hexOf({ buffer, at, end }: Part): string {
  return buffer.toString('hex', at, end);
}

function timeOf({ buffer, at }: Part): { seconds: number; ns: number } {
  const ns = buffer.readBigUInt64LE(at);
  return { seconds: Number(ns / NS_PER_SECOND), ns: Number(ns % NS_PER_SECOND) };
}

/** Exact up to 104 days. */
function distanceNs({ buffer, at: start }: Part, { at: end }: Part): number {
  const high = buffer.readUInt32LE(end + 4) - buffer.readUInt32LE(start + 4);
  return high * TWO_32 + (buffer.readUInt32LE(end) - buffer.readUInt32LE(start));
}
