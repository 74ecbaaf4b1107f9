import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { grpcFailure, httpFailure } from '../../src/export/otlp-outcome.ts';

const place = 'collector:4317';

function answer(code: status, details: string, { retryInfo = false, elapsedMs = 5 } = {}) {
  const metadata = new Metadata();
  if (retryInfo) {
    metadata.set('grpc-status-details-bin', Buffer.from('\x1a\x2atype.googleapis.com/google.rpc.RetryInfo'));
  }
  const error = Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code, details, metadata });
  return grpcFailure(error satisfies ServiceError, place, { elapsedMs, timeoutMs: 1000 });
}

test('a request that is too large, in the words of five implementations', () => {
  for (const [code, details] of [
    [status.RESOURCE_EXHAUSTED, 'grpc: received message larger than max (8000000 vs. 4194304)'],
    [status.RESOURCE_EXHAUSTED, 'Received message larger than max (8000000 vs. 4194304)'],
    [status.RESOURCE_EXHAUSTED, 'gRPC message exceeds maximum size 4194304: 8000000'],
    [status.RESOURCE_EXHAUSTED, 'Received message exceeds the maximum configured message size.'],
    [status.OUT_OF_RANGE, 'Error, decoded message length too large: found 8000000 bytes, the limit is: 4194304 bytes'],
  ] as const) {
    assert.equal(answer(code, details).outcome, 'too_large', details);
  }
  assert.equal(answer(status.INVALID_ARGUMENT, 'attribute larger than max').outcome, 'refused');
});

test('RESOURCE_EXHAUSTED is worth another attempt only where the receiver says when', () => {
  assert.equal(answer(status.RESOURCE_EXHAUSTED, 'quota').outcome, 'refused');
  assert.equal(answer(status.RESOURCE_EXHAUSTED, 'quota', { retryInfo: true }).outcome, 'retry');
});

test('a receiver that keeps the deadline cancels a call that hangs: that is silence', () => {
  const silence = { outcome: 'retry', reason: `${place} did not answer within 1000 ms` };
  assert.deepEqual(answer(status.DEADLINE_EXCEEDED, 'Deadline exceeded', { elapsedMs: 1001 }), silence);
  assert.deepEqual(answer(status.CANCELLED, 'Call cancelled', { elapsedMs: 998 }), silence);
  assert.deepEqual(answer(status.CANCELLED, 'Call cancelled', { elapsedMs: 20 }), {
    outcome: 'retry',
    reason: `${place} answered CANCELLED: Call cancelled`,
  });
});

test('what a receiver says is one line that can be printed', () => {
  const result = httpFailure(
    Object.assign(new Error('Bad Request'), { code: 400, data: '\b\x03\x12\tno\u001b[31m\nway' }),
    place,
    1,
  );
  assert.deepEqual(result, { outcome: 'refused', reason: `${place} answered 400 Bad Request: no [31m way` });
});

test('connection errors in words', () => {
  const reason = (code: string) => {
    const result = httpFailure(Object.assign(new Error(`connect ${code} 10.0.0.1:4318`), { code }), place, 1);
    return result.outcome === 'retry' && result.reason;
  };
  assert.equal(reason('ECONNREFUSED'), `nothing listens on ${place}`);
  assert.equal(reason('ENOTFOUND'), `the name in ${place} can't be resolved`);
  assert.equal(reason('EHOSTUNREACH'), `${place} can't be reached`);
});
