import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import { statusOfError } from '../../src/telemetry/grpc-status.ts';
import { rpcClientFacts, serverOfTarget } from '../../src/telemetry/rpc-client-span.ts';
import { call, fields, grpcClientProbe, telemetryFor } from '../support/calls.ts';

const ok = { method: '/shop.Inventory/Reserve', target: 'dns:///inventory:9000', error: null };

function spanOf(values: Record<string, string | null>, changes: Partial<Call> = {}) {
  const span = telemetryFor(grpcClientProbe).telemetry(call({ fields: fields(values), ...changes }));
  assert.ok(span);
  return span;
}

test('a call as the conventions want it', () => {
  const span = spanOf(ok);
  assert.deepEqual([span.name, span.kind, span.status], ['shop.Inventory/Reserve', 2, { code: 0 }]);
  assert.deepEqual(span.attributes, {
    'rpc.system.name': 'grpc',
    'rpc.method': 'shop.Inventory/Reserve',
    'rpc.status_code': 'OK',
    'server.address': 'inventory',
    'server.port': 9000,
    'sidespan.goroutine.id': 18,
  });
});

test('the status of an error', () => {
  const status = (error: string | null) => {
    const { attributes, status } = spanOf({ ...ok, error });
    return [attributes['rpc.status_code'], attributes['error.type'], status.message];
  };
  assert.deepEqual(status('EOF'), ['OK', undefined, undefined]);
  assert.deepEqual(status('rpc error: code = NotFound desc = no ham\nat all'), [
    'NOT_FOUND',
    'NOT_FOUND',
    'no ham\nat all',
  ]);
  assert.deepEqual(status('rpc error: code = Canceled desc = '), ['CANCELLED', 'CANCELLED', '']);
  assert.deepEqual(status('rpc error: code = Code(99) desc = odd'), ['99', '99', 'odd']);
  assert.deepEqual(status('context deadline exceeded').slice(0, 2), ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
  assert.deepEqual(status('broken pipe'), ['UNKNOWN', 'UNKNOWN', 'broken pipe']);
});

test('the status within an error that wraps it', () => {
  const message = 'failed after 4 attempts: rpc error: code = Unavailable desc = never';
  const status = (goType: string) => statusOfError({ name: 'error', type: 'INTERFACE', goType, value: message });
  assert.deepEqual(status('*fmt.wrapError'), { code: 'UNAVAILABLE', message });
  assert.deepEqual(status('*errors.errorString'), { code: 'UNKNOWN', message });
});

test('what could not be read is left out', () => {
  const span = spanOf({ method: ok.method }, { end: 'panic' });
  assert.equal(span.attributes['rpc.status_code'], undefined);
  assert.equal(span.attributes['server.address'], undefined);
  assert.equal(span.attributes['error.type'], 'panic');
});

test('of a call that is not sampled: that it failed, where there was no room for more', () => {
  const status = (failed: boolean | null) =>
    rpcClientFacts({ end: 'returned', fields: fields({ method: ok.method, failed }) }).statusCode;
  assert.equal(status(null), 'OK');
  assert.equal(status(true), 'UNKNOWN');
});

test('the server that a target names', () => {
  const server = (target: string) => {
    const found = serverOfTarget(target);
    return found === undefined ? undefined : [found.address, found.port];
  };
  assert.deepEqual(server('inventory:9000'), ['inventory', 9000]);
  assert.deepEqual(server('inventory'), ['inventory', undefined]);
  assert.deepEqual(server('10.0.0.1:9000'), ['10.0.0.1', 9000]);
  assert.deepEqual(server('dns:inventory:9000'), ['inventory', 9000]);
  assert.deepEqual(server('dns:///inventory:9000'), ['inventory', 9000]);
  assert.deepEqual(server('dns://8.8.8.8/inventory:9000'), ['inventory', 9000]);
  assert.deepEqual(server('passthrough:///[::1]:80'), ['::1', 80]);
  assert.deepEqual(server('unix:/run/app.sock'), ['/run/app.sock', undefined]);
  assert.deepEqual(server('unix:///run/app.sock'), ['/run/app.sock', undefined]);
  assert.deepEqual(server('xds:///shop'), ['shop', undefined]);
  assert.equal(server(''), undefined);
});
