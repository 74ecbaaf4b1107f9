/** Texts of any bytes, a byte a character, and what must hold of the spans that show them. */
import assert from 'node:assert/strict';
import fc from '../support/fast-check.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';

/** The longest that any capture reads of a text (presets), written as `%xx` or U+FFFD at worst. */
const longestText = 4096;

export const bytes = (maxLength: number, except: readonly number[]) =>
  fc
    .uint8Array({ maxLength, size: 'max' })
    .map((all) => Buffer.from(all.map((byte) => (except.includes(byte) ? 0x7e : byte))).toString('latin1'));
export const lineEnds = [0, 10, 13];
export const spaced = [...lineEnds, 32];
/** What net/http refuses in paths and headers. */
export const refusedBytes = [...Array.from({ length: 33 }, (_, byte) => byte), 37, 127];

export const traceparents = fc.oneof(
  bytes(80, lineEnds),
  fc.constantFrom('00-00000000000000000000000000000000-0000000000000000-00', '00', 'ff-', `00-${'a'.repeat(4000)}`),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF-_ '), minLength: 50, maxLength: 60 }),
);
export const headerValues = fc.oneof(
  { weight: 12, arbitrary: bytes(300, refusedBytes) },
  bytes(300, lineEnds),
  fc.integer({ min: 1, max: 90_000 }).map((length) => '\xff'.repeat(length)),
);

/** Nothing is too long, and all is UTF-8. */
export function assertBounded(spans: readonly SinkSpan[]): void {
  for (const { name, attributes, traceState = '' } of spans) {
    const texts = [name, traceState, ...Object.values(attributes).flat().map(String)];
    for (const text of texts) {
      assert.ok(text.length <= longestText, `${text.length} characters: ${text.slice(0, 100)}`);
      assert.ok(text.isWellFormed());
    }
  }
}
