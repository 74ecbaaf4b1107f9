import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkReader, chunkStatus } from '../../src/event/chunk-reader.ts';
import { type DecodeContext, decodeShape } from '../../src/event/decode-value.ts';
import { captureOp } from '../../src/probe/capture-op.ts';
import type { TextShape } from '../../src/probe/shape.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';

const shape: TextShape = { kind: 'text', type: 'STRING', goType: 'string', at: 0, maxBytes: 24, isBytes: false };
const text = 'Authorization: Bearer abcdefghijklmnop';
const address = 0x55d0_1234_5678;

/** A chunk of text that was not in memory: its payload is the address. */
function chunk(payload: Uint8Array, total = text.length): ChunkReader {
  const header = Buffer.alloc(8);
  header.writeUInt8(chunkStatus.notResident, 0);
  header.writeUInt8(captureOp.string, 1);
  header.writeUInt16LE(payload.length, 2);
  header.writeUInt32LE(total, 4);
  const bytes = Buffer.concat([header, payload, Buffer.alloc(-payload.length & 7)]);
  return new ChunkReader(bytes).start(0, bytes.length);
}

function addressBytes(of: number): Uint8Array {
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
