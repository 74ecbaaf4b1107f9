import { canonicalName, type Propagator } from '../preset/propagation.ts';

/** What requests get written into them: OTEL_PROPAGATORS says which. */
export interface WrittenHeaders {
  /** Of HTTP/1.1: whole lines. */
  readonly lines: HeadersText;
  /** Of HTTP/2: fields as HPACK has them. */
  readonly block: HeadersText;
  /** A request that has a header of one of these names is left alone. All spellings that net/http or gRPC keep. */
  readonly names: readonly string[];
  /** The header tracestate goes with them. */
  readonly passTraceState: boolean;
}

/** All headers one behind the other; at the places are zeros instead of the ids. */
export interface HeadersText {
  readonly bytes: Uint8Array;
  /** Begin of a header more, tracestate, up to its value; in a block up to the value's length. */
  readonly traceState: Uint8Array;
  /** One for each format; each has the three of them once. */
  readonly places: readonly FormatPlaces[];
}

/** Offsets of 32 and 16 hex digits, and of the digit that says whether the trace is kept. */
export type FormatPlaces = Readonly<Record<keyof typeof digits, number>>;

const digits = { traceId: 32, spanId: 16, sampled: 1 } as const;
type Part = keyof typeof digits | { readonly text: string };
type Format = Readonly<Record<string, readonly Part[]>>;

const dash = { text: '-' };
const formats: Readonly<Record<Exclude<Propagator, 'baggage'>, Format>> = {
  // W3C Trace Context, 3.2
  tracecontext: { traceparent: [{ text: '00-' }, 'traceId', dash, 'spanId', { text: '-0' }, 'sampled'] },
  // https://github.com/openzipkin/b3-propagation
  b3: { b3: ['traceId', dash, 'spanId', dash, 'sampled'] },
  b3multi: { 'x-b3-traceid': ['traceId'], 'x-b3-spanid': ['spanId'], 'x-b3-sampled': ['sampled'] },
};
/** What is written with it now and then, or stands for the same: a receiver would take one of the two. */
const alsoFound = { tracecontext: ['tracestate'], b3: ['x-b3-traceid'], b3multi: ['b3'] } as const;
/** As the specification spells them: somebody may have put them into the map like that, without Header.Set. */
const specified = ['X-B3-TraceId', 'X-B3-SpanId'];

/** Undefined: none of the propagators has anything to write. */
export function writtenHeaders(propagators: readonly Propagator[]): WrittenHeaders | undefined {
  const chosen = [...new Set(propagators)].filter((name) => name !== 'baggage');
  if (chosen.length === 0) return undefined;
  const names = chosen.flatMap((name) => [...Object.keys(formats[name]), ...alsoFound[name]]);
  return {
    lines: {
      ...headersText(chosen, (name, value) => [{ text: lineBegin(name) }, ...value, { text: '\r\n' }]),
      traceState: Buffer.from(lineBegin('tracestate'), 'latin1'),
    },
    block: {
      ...headersText(chosen, (name, value) => [{ text: fieldBegin(name) + lengthByte(sizeOf(value)) }, ...value]),
      traceState: Buffer.from(fieldBegin('tracestate'), 'latin1'),
    },
    names: [...new Set(names.flatMap((name) => [canonicalName(name), name]))].concat(
      specified.filter((name) => names.includes(name.toLowerCase())),
    ),
    passTraceState: chosen.includes('tracecontext'),
  };
}

function headersText(
  chosen: readonly (keyof typeof formats)[],
  header: (name: string, value: readonly Part[]) => readonly Part[],
): Pick<HeadersText, 'bytes' | 'places'> {
  const bytes: number[] = [];
  const places = chosen.map((name) => {
    const at = { traceId: 0, spanId: 0, sampled: 0 };
    for (const part of Object.entries(formats[name]).flatMap(([key, value]) => header(key, value))) {
      if (typeof part === 'string') at[part] = bytes.length;
      bytes.push(...(typeof part === 'string' ? new Array(digits[part]).fill(0) : Buffer.from(part.text, 'latin1')));
    }
    return at;
  });
  return { bytes: Uint8Array.from(bytes), places };
}

function lineBegin(name: string): string {
  return `${canonicalName(name)}: `;
}

/** RFC 7541, 6.2.2: literal without indexing, new name; name and value by their lengths, not Huffman-coded. */
function fieldBegin(name: string): string {
  return `\0${lengthByte(name.length)}${name}`;
}

/** One of less than 127 (5.1). */
function lengthByte(length: number): string {
  return String.fromCharCode(length);
}

function sizeOf(value: readonly Part[]): number {
  return value.reduce((sum, part) => sum + (typeof part === 'string' ? digits[part] : part.text.length), 0);
}
