import type { AttributeValue } from './api.ts';
import {
  FLAG,
  FLAGS_AT,
  HEAD_BYTES,
  ID_LENGTH,
  type SpanBody,
  type SpanHead,
  type StoredEvent,
  TAG,
} from './span-record.ts';
import type { StringTable } from './string-table.ts';

/** Reads records as `newSpanWriter` wrote them with the same string table. */
export interface SpanReader {
  readonly head: (record: Buffer) => SpanHead;
  readonly body: (record: Buffer) => SpanBody;
  /** The texts at these keys of the attributes, without making anything of the others. */
  readonly texts: (record: Buffer, keys: ReadonlySet<string>) => string[];
}

export function newSpanReader(strings: StringTable): SpanReader {
  let buffer: Buffer = Buffer.alloc(0);
  let at = 0;

  function u16(): number {
    at += 2;
    return buffer.readUInt16LE(at - 2);
  }

  function f64(): number {
    at += 8;
    return buffer.readDoubleLE(at - 8);
  }

  function time(): { seconds: number; ns: number } {
    const seconds = f64();
    at += 4;
    return { seconds, ns: buffer.readUInt32LE(at - 4) };
  }

  function text(): string {
    const number = u16();
    if (number !== 0) return strings.textOf(number);
    const length = u16();
    at += length;
    return buffer.toString('utf8', at - length, at);
  }

  function skipText(): void {
    if (u16() !== 0) return;
    const length = u16();
    at += length;
  }

  function id(): string {
    at += ID_LENGTH;
    return buffer.toString('latin1', at - ID_LENGTH, at);
  }

  function value(): AttributeValue {
    return buffer[at] === TAG.list ? list() : (scalar() ?? 'null');
  }

  function scalar(): string | number | boolean | null {
    const tag = buffer[at++];
    if (tag === TAG.text) return text();
    if (tag === TAG.number) return f64();
    return tag === TAG.null ? null : tag === TAG.true;
  }

  function list(): (string | number | boolean | null)[] {
    at++;
    return Array.from({ length: u16() }, scalar);
  }

  function skipValue(): void {
    const tag = buffer[at++];
    if (tag === TAG.text) skipText();
    else if (tag === TAG.number) at += 8;
    else if (tag === TAG.list) for (let left = u16(); left > 0; left--) skipValue();
  }

  function attributes(): [string, AttributeValue][] {
    return Array.from({ length: u16() }, () => [text(), value()]);
  }

  function events(): StoredEvent[] {
    const count = buffer[at++] ?? 0;
    return Array.from({ length: count }, () => ({ name: text(), ...time(), attributes: attributes() }));
  }

  function head(record: Buffer): SpanHead {
    buffer = record;
    at = 0;
    const origin = u16();
    const kind = buffer[at++] ?? 0;
    const flags = buffer[at++] ?? 0;
    const { seconds: startSeconds, ns: startNs } = time();
    const durationNs = f64();
    const spanId = id();
    const parentId = flags & FLAG.parent ? id() : undefined;
    return {
      origin,
      kind,
      error: (flags & FLAG.error) !== 0,
      startSeconds,
      startNs,
      durationNs,
      id: spanId,
      parentId,
      parentIsRemote: (flags & FLAG.remote) !== 0,
      name: text(),
    };
  }

  return {
    head,
    body(record) {
      const flags = record[FLAGS_AT] ?? 0;
      return {
        ...head(record),
        scope: text(),
        statusMessage: flags & FLAG.message ? text() : undefined,
        attributes: attributes(),
        events: flags & FLAG.events ? events() : [],
        cut: (flags & FLAG.cut) !== 0,
      };
    },
    texts(record, keys) {
      buffer = record;
      const flags = record[FLAGS_AT] ?? 0;
      at = HEAD_BYTES + (flags & FLAG.parent ? 2 : 1) * ID_LENGTH;
      skipText();
      skipText();
      if (flags & FLAG.message) skipText();
      const found: string[] = [];
      for (let left = u16(); left > 0; left--) {
        if (keys.has(text()) && buffer[at] === TAG.text) {
          at++;
          found.push(text());
        } else skipValue();
      }
      return found;
    },
  };
}
