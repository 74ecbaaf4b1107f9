import type { Attributes } from '@opentelemetry/api';
import type { CallContent } from '../event/call.ts';

/** W3C Baggage, 3.3.2: at least this many members must be passed on; of more the rest is left out. */
const MAX_MEMBERS = 180;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** baggage-octet: no quotes, commas, semicolons, backslashes. */
const OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/** Makes attributes of the members of a call's baggage that somebody asked for. */
export type BaggageAttributes = (call: CallContent, attributes: Attributes) => void;

/**
 * @param keys exact, or with `*` for any characters
 * @returns undefined if none are wanted
 */
export function createBaggageAttributes(keys: readonly string[]): BaggageAttributes | undefined {
  if (keys.length === 0) return undefined;
  const sources = keys.map((key) => key.replace(/[.+?^${}()|[\]\\/]/g, '\\$&').replaceAll('*', '.*'));
  const wanted = new RegExp(`^(?:${sources.join('|')})$`);
  return (call, attributes) => {
    const field = call.fields.find(({ name }) => name === 'baggage');
    if (typeof field?.value !== 'string') return;
    for (const [key, value] of baggageMembers(field.value, field.truncated !== undefined)) {
      // What came with a request does not replace what is known of it.
      if (wanted.test(key) && attributes[key] === undefined) attributes[key] = value;
    }
  };
}

/**
 * Keys and decoded values of a `baggage` header; of a key that stands there twice the last value. What is malformed is left out.
 * @param isCut the last member may not be whole
 */
export function baggageMembers(header: string, isCut: boolean): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  const parts = header.split(',');
  if (isCut) parts.pop();
  for (const part of parts) {
    const [pair = ''] = part.split(';', 1); // behind it come properties
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    if (equals < 0 || !TOKEN.test(key) || !OCTETS.test(value)) continue;
    if (members.size >= MAX_MEMBERS && !members.has(key)) continue;
    members.set(key, percentDecoded(value));
  }
  return members;
}

/** As W3C Baggage, 3.3.1.3 wants it: what is no UTF-8 is replaced, a lone % stays. */
function percentDecoded(value: string): string {
  if (!value.includes('%')) return value;
  const bytes = Buffer.from(
    value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  return bytes.toString('utf8');
}
