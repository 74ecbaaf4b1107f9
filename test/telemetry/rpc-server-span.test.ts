import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import { call, fields, grpcProbe, telemetryFor } from '../support/calls.ts';

const ok = { method: '/shop.Inventory/Reserve', code: 0, peer: '10.1.2.3:51234' };

function spanOf(values: Record<string, string | number | null>, changes: Partial<Call> = {}) {
  const span = telemetryFor(grpcProbe).telemetry(call({ fields: fields(values), ...changes }));
  assert.ok(span);
  return span;
}

test('a call as the conventions want it', () => {
  const span = spanOf(ok);
  assert.equal(span.name, 'shop.Inventory/Reserve');
  assert.equal(span.kind, 1);
  assert.deepEqual(span.status, { code: 0 });
  assert.deepEqual(span.attributes, {
    'rpc.system.name': 'grpc',
    'rpc.method': 'shop.Inventory/Reserve',
    'rpc.status_code': 'OK',
    'client.address': '10.1.2.3',
    'network.peer.address': '10.1.2.3',
    'network.peer.port': 51234,
    'sidespan.goroutine.id': 18,
  });
});

test('which codes are the server’s fault', () => {
  const errors = new Set(['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']);
  for (let code = 0; code <= 17; code++) {
    const span = spanOf({ ...ok, code, message: 'out of stock' });
    const name = String(span.attributes['rpc.status_code']);
    const isError = errors.delete(name);
    assert.deepEqual(span.status, isError ? { code: 2, message: 'out of stock' } : { code: 0 }, name);
    assert.equal(span.attributes['error.type'], isError ? name : undefined);
  }
  assert.equal(errors.size, 0, `never seen: ${[...errors]}`);
  assert.equal(spanOf({ ...ok, code: 17 }).attributes['rpc.status_code'], '17');
});

test('names of methods that the server may not have are not used', () => {
  const span = spanOf({ ...ok, method: '/made.Up/Name7129', code: 12 });
  assert.equal(span.name, 'grpc');
  assert.equal(span.attributes['rpc.method'], '_OTHER');
  assert.equal(span.attributes['rpc.method_original'], 'made.Up/Name7129');
});

test('a panic is an error with an exception', () => {
  const span = spanOf({ method: ok.method }, { end: 'panic' });
  assert.deepEqual(span.status, { code: 2 });
  assert.equal(span.attributes['error.type'], 'panic');
  assert.equal('rpc.status_code' in span.attributes, false);
  assert.equal(span.events.length, 1);
});

test('nothing read, nothing said', () => {
  const span = spanOf({});
  assert.equal(span.name, 'grpc');
  assert.deepEqual(span.attributes, { 'rpc.system.name': 'grpc', 'sidespan.goroutine.id': 18 });
});
