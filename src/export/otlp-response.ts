/**
 * What receivers answer: ExportTraceServiceResponse and ExportMetricsServiceResponse (their partial_success has the same
 * fields), and google.rpc.Status with RetryInfo. Foreign bytes: an answer that breaks the format counts as empty.
 */

/** Some items were not taken. */
export interface PartialSuccess {
  readonly rejected: number;
  /** Empty if the receiver gives no reason. */
  readonly message: string;
}

export function parsePartialSuccess(response: Uint8Array): PartialSuccess | undefined {
  const partial = lengthField(response, 1);
  if (partial === undefined) return undefined;
  let rejected = 0;
  for (const field of fields(partial)) if (field.number === 1 && field.varint !== undefined) rejected = field.varint;
  const text = lengthField(partial, 2);
  return { rejected, message: text === undefined ? '' : textOf(text) };
}

/** Message of a google.rpc.Status, which OTLP over HTTP sends as the body of an error. */
export function parseStatusMessage(status: Uint8Array): string | undefined {
  const text = lengthField(status, 2);
  return text === undefined ? undefined : textOf(text);
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** How long to wait, in ms, from a google.rpc.Status: details (3) -> Any {1 type, 2 value} -> RetryInfo {1 Duration}. */
export function parseRetryDelayMs(status: Uint8Array): number | undefined {
  for (const detail of fields(status)) {
    if (detail.number !== 3 || detail.bytes === undefined) continue;
    const type = lengthField(detail.bytes, 1);
    const value = lengthField(detail.bytes, 2);
    if (type === undefined || value === undefined || textOf(type) !== RETRY_INFO) continue;
    const duration = lengthField(value, 1);
    if (duration === undefined) continue;
    let ms = 0;
    for (const field of fields(duration)) {
      if (field.number === 1) ms += (field.varint ?? 0) * 1000;
      if (field.number === 2) ms += (field.varint ?? 0) / 1e6;
    }
    return ms;
  }
  return undefined;
}

interface Field {
  readonly number: number;
  readonly varint?: number;
  readonly bytes?: Uint8Array;
}

/** Longest text shown of what a receiver says. */
const MAX_TEXT = 500;

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, MAX_TEXT));
}

function lengthField(message: Uint8Array, number: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const field of fields(message)) if (field.number === number && field.bytes) found = field.bytes;
  return found;
}

/** The fields of a message up to its end or to the first that is not one. Each takes a byte at least: it ends. */
function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;

  /** Undefined past the end, or beyond 2^53. */
  function varint(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 53; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : undefined;
    }
    return undefined;
  }

  while (at < message.length) {
    const tag = varint();
    if (tag === undefined) return;
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) {
      const value = varint();
      if (value === undefined) return;
      yield { number, varint: value };
    } else if (wire === 2) {
      const size = varint();
      if (size === undefined || size > message.length - at) return;
      yield { number, bytes: message.subarray(at, at + size) };
      at += size;
    } else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
    } else {
      return;
    }
  }
}
