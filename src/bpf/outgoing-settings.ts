import type { HeadersText, WrittenHeaders } from '../probe/outgoing/written-headers.ts';
import { BpfError } from './bpf-error.ts';
import { formatPlacesLayout, headersTextLayout, outgoingSettingsLayout as layout } from './map-layout.ts';

/** HEADERS_BYTES, HEADER_FORMATS of bpf/wire/outgoing.h and MAX_HEADER_KEYS of bpf/wire/capture-plan.h. */
const limits = { headersBytes: 256, formats: 3, names: 15 } as const;

/** struct outgoing_settings. @throws BpfError: more than the programs have room for */
export function outgoingSettingsBytes({ lines, block, names }: WrittenHeaders): Uint8Array {
  const view = new DataView(new ArrayBuffer(layout.sizeBytes));
  writeText(view, layout.lines, lines);
  writeText(view, layout.block, block);
  view.setUint32(layout.block + headersTextLayout.is_block, 1, true);
  if (names.length > limits.names) throw new BpfError(`${names.length} names of headers to look for`);
  view.setBigUint64(layout.lengths, BigInt.asUintN(64, lengthBits(names)), true);
  view.setUint32(layout.names, names.length, true);
  return new Uint8Array(view.buffer);
}

function lengthBits(names: readonly string[]): bigint {
  return names.reduce((bits, { length }) => bits | (1n << BigInt(length - 1)), 0n);
}

function writeText(view: DataView, at: number, { bytes, places, traceState }: HeadersText): void {
  if (bytes.length + traceState.length > limits.headersBytes || places.length > limits.formats) {
    throw new BpfError(`${bytes.length} bytes of headers to write, in ${places.length} formats`);
  }
  view.setUint32(at + headersTextLayout.size, bytes.length, true);
  view.setUint32(at + headersTextLayout.formats, places.length, true);
  places.forEach(({ traceId, spanId, sampled }, index) => {
    const place = at + headersTextLayout.places + index * formatPlacesLayout.sizeBytes;
    view.setUint8(place + formatPlacesLayout.trace_id, traceId);
    view.setUint8(place + formatPlacesLayout.span_id, spanId);
    view.setUint8(place + formatPlacesLayout.sampled, sampled);
  });
  new Uint8Array(view.buffer).set([...bytes, ...traceState], at + headersTextLayout.text);
}
