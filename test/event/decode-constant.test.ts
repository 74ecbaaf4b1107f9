import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkReader, chunkStatus } from '../../src/event/chunk-reader.ts';
import { type DecodeContext, decodeShape } from '../../src/event/decode-value.ts';
import { createTextCache } from '../../src/event/text-cache.ts';
import { captureOp } from '../../src/probe/capture/capture-op.ts';
import type { HeaderShape, TextShape } from '../../src/probe/capture/shape.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';

const shape: TextShape = { kind: 'text', type: 'STRING', goType: 'string', at: 0, maxBytes: 24, isBytes: false };
const text = 'Authorization: Bearer abcdefghijklmnop';
const address = 0x51_2345;

/** A chunk whose payload is the address of its text. */
function chunk(
  payload: Uint8Array,
  { total = text.length, status = chunkStatus.notResident as number, op = captureOp.string as number } = {},
): ChunkReader {
  const header = Buffer.alloc(8);
  header.writeUInt8(status, 0);
  header.writeUInt8(op, 1);
  header.writeUInt16LE(payload.length, 2);
  header.writeUInt32LE(total, 4);
  const bytes = Buffer.concat([header, payload, Buffer.alloc(-payload.length & 7)]);
  return new ChunkReader(bytes).start(0, bytes.length);
}

function addressBytes(of: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(of));
  return bytes;
}

const context: DecodeContext = {
  dynamicType: () => undefined,
  typeName: () => undefined,
  functionName: () => undefined,
  constantBytes: (at, sizeBytes) => (at === address ? Buffer.from(text).subarray(0, sizeBytes) : undefined),
};

test('a text that was not in memory is read from the file if it never changes', () => {
  const value = decodeShape(shape, 'header', 0, chunk(addressBytes(address)), context);
  assert.deepEqual([value.value, value.truncated], [text.slice(0, 24), { of: text.length }]);
  const whole = decodeShape({ ...shape, maxBytes: 99 }, 'header', 0, chunk(addressBytes(address)), {
    ...context,
    redaction: createRedaction({ usual: true, names: [], texts: [] }),
  });
  assert.match(String(whole.value), /REDACTED/);
  assert.doesNotMatch(String(whole.value), /abcdef/);
});

test('other memory that was not there stays unknown', () => {
  for (const reader of [chunk(addressBytes(address + 1)), chunk(new Uint8Array(0)), chunk(new Uint8Array(4))]) {
    assert.equal(decodeShape(shape, 'header', 0, reader, context).unavailable, 'not resident');
  }
});

test('a constant was not read at all; headers may be constants too', () => {
  const { constant } = chunkStatus;
  const header: HeaderShape = { kind: 'header', type: 'STRING', goType: 'string', at: 0, maxBytes: 24, key: 'X-Y' };
  const whole = { ...context, texts: createTextCache() };
  // The third time from the cache.
  for (let time = 0; time < 3; time++) {
    const value = decodeShape(shape, 'x', 0, chunk(addressBytes(address), { status: constant }), whole);
    assert.deepEqual([value.value, value.truncated], [text.slice(0, 24), { of: text.length }]);
  }
  // Another length of it, or the same bytes as a text, is another value.
  const short = decodeShape(shape, 'x', 0, chunk(addressBytes(address), { status: constant, total: 13 }), whole);
  assert.deepEqual([short.value, short.truncated], ['Authorization', undefined]);
  const bytes = decodeShape(shape, 'x', 0, chunk(addressBytes(address), { status: chunkStatus.ok }), whole);
  assert.equal(bytes.value, addressBytes(address).toString());
  const inHeader = chunk(addressBytes(address), { status: constant, op: captureOp.header });
  assert.equal(decodeShape(header, 'x', 0, inHeader, whole).value, text.slice(0, 24));
  const elsewhere = chunk(addressBytes(address + 1), { status: constant });
  assert.match(String(decodeShape(shape, 'x', 0, elsewhere, whole).unavailable), /file does not have/);
});
