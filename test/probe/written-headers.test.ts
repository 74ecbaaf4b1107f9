/** The headers that are written into requests, as user space makes them and the programs fill them in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outgoingSettingsBytes } from '../../src/bpf/outgoing-settings.ts';
import { type HeadersText, type WrittenHeaders, writtenHeaders } from '../../src/probe/outgoing/written-headers.ts';
import type { Propagator } from '../../src/probe/preset/propagation.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

function written(...propagators: Propagator[]): WrittenHeaders {
  const headers = writtenHeaders(propagators);
  assert.ok(headers);
  outgoingSettingsBytes(headers); // there is room for it
  return headers;
}

/** As put_headers of bpf/outgoing-write.h does it. */
function filled({ bytes, places }: HeadersText): Buffer {
  const text = Buffer.from(bytes);
  for (const at of places) {
    text.write(traceId, at.traceId);
    text.write(spanId, at.spanId);
    text.write('1', at.sampled);
  }
  return text;
}

const linesOf = ({ lines }: WrittenHeaders) => filled(lines).toString('latin1').split('\r\n');

/** Literals without indexing (RFC 7541, 6.2.2), lengths of one byte. */
function fieldsOf({ block }: WrittenHeaders): [string, string][] {
  const bytes = filled(block);
  const fields: [string, string][] = [];
  let at = 0;
  const text = () => {
    const length = bytes.readUInt8(at);
    assert.ok(length < 127, `a length of more than one byte, or Huffman-coded: ${length}`);
    at += 1 + length;
    assert.ok(at <= bytes.length);
    return bytes.toString('latin1', at - length, at);
  };
  while (at < bytes.length) {
    assert.equal(bytes.readUInt8(at++), 0);
    fields.push([text(), text()]);
  }
  return fields;
}

const traceparent = ['traceparent', `00-${traceId}-${spanId}-01`] as const;
const single = ['b3', `${traceId}-${spanId}-1`] as const;
const multi = [
  ['x-b3-traceid', traceId],
  ['x-b3-spanid', spanId],
  ['x-b3-sampled', '1'],
] as const;

for (const [propagators, fields, lines] of [
  [['tracecontext', 'baggage'], [traceparent], [`Traceparent: ${traceparent[1]}`]],
  [['b3'], [single], [`B3: ${single[1]}`]],
  [['b3multi'], multi, [`X-B3-Traceid: ${traceId}`, `X-B3-Spanid: ${spanId}`, 'X-B3-Sampled: 1']],
  [['b3', 'tracecontext', 'b3multi', 'b3'], [single, traceparent, ...multi], undefined],
] as const) {
  test(propagators.join(), () => {
    const headers = written(...propagators);
    assert.deepEqual(fieldsOf(headers), fields);
    if (lines !== undefined) assert.deepEqual(linesOf(headers), [...lines, '']);
    for (const [name] of fields) assert.ok(headers.names.includes(name), `${name} in ${headers.names}`);
  });
}

test('what is looked for in a request', () => {
  assert.deepEqual(written('tracecontext').names, ['Traceparent', 'traceparent', 'Tracestate', 'tracestate']);
  // The other form would win, or lose, against what is written.
  assert.deepEqual(written('b3').names, ['B3', 'b3', 'X-B3-Traceid', 'x-b3-traceid', 'X-B3-TraceId']);
  assert.ok(written('b3multi').names.includes('b3'));
});

test('nothing to write', () => {
  assert.equal(writtenHeaders(['baggage']), undefined);
  assert.equal(writtenHeaders([]), undefined);
});
