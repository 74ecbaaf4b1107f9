import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePartialSuccess, parseRetryDelayMs, parseStatusMessage } from '../../src/export/otlp-response.ts';

function message(number: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  assert.ok(body.length < 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, body.length]), body]);
}
const text = (number: number, value: string) => message(number, Buffer.from(value));

test('partial success', () => {
  const response = message(1, Buffer.from([0x08, 0xac, 0x02]), text(2, 'too many'));
  assert.deepEqual(parsePartialSuccess(response), { rejected: 300, message: 'too many' });
  assert.deepEqual(parsePartialSuccess(message(1, text(2, 'a warning'))), { rejected: 0, message: 'a warning' });
  assert.equal(parsePartialSuccess(Buffer.alloc(0)), undefined);
});

test('status and how long to wait', () => {
  const retryInfo = message(1, Buffer.from([0x08, 0x02, 0x10, 0x80, 0xe5, 0x9a, 0x77])); // 2 s and 250,000,000 ns
  const detail = message(3, text(1, 'type.googleapis.com/google.rpc.RetryInfo'), message(2, retryInfo));
  const other = message(3, text(1, 'type.googleapis.com/google.rpc.Help'), text(2, 'x'));
  const status = Buffer.concat([Buffer.from([0x08, 14]), text(2, 'busy'), other, detail]);
  assert.equal(parseRetryDelayMs(status), 2250);
  assert.equal(parseStatusMessage(status), 'busy');
  assert.equal(parseRetryDelayMs(Buffer.concat([text(2, 'busy'), other])), undefined);
});

test('cut short, lying lengths, groups and endless numbers end quietly', () => {
  const good = message(1, Buffer.from([0x08, 0x01]));
  for (let end = 0; end < good.length; end++) assert.doesNotThrow(() => parsePartialSuccess(good.subarray(0, end)));
  for (const bytes of [
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    [0x0a, 0x05, 0x08],
    [0x0b, 0x0c],
    [0x08, ...Array<number>(40).fill(0xff)],
    [0xff],
  ]) {
    assert.equal(parsePartialSuccess(Buffer.from(bytes)), undefined);
  }
});

test('any bytes give a result', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const partial = parsePartialSuccess(bytes);
      assert.ok(partial === undefined || Number.isSafeInteger(partial.rejected));
      const delay = parseRetryDelayMs(bytes);
      assert.ok(delay === undefined || delay >= 0);
      assert.ok((parseStatusMessage(bytes) ?? '').length <= 500);
    }),
  );
});
