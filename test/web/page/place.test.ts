import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterQuery, firstPlace, hashOf, parsePlace } from '../../../src/web/page/place.ts';
import fc from '../../support/fast-check.ts';

test('a place survives the address', () => {
  const text = fc.string({ maxLength: 30, unit: 'binary' });
  const place = fc.record({
    view: fc.constantFrom('traces', 'latency', 'ledger', 'attached'),
    service: text,
    name: text,
    minDurationMs: fc.constantFrom('', '5', '0.25'),
    errorsOnly: fc.boolean(),
    paused: fc.boolean(),
    sort: fc.constantFrom('', 'p99'),
    operation: text,
  });
  fc.assert(
    fc.property(place, (expected) => {
      assert.deepEqual(parsePlace(hashOf(expected)), { ...expected, traceId: undefined, spanId: undefined });
    }),
  );
});

test('a trace and its span survive the address', () => {
  const place = {
    ...firstPlace,
    traceId: '0123456789abcdef0123456789abcdef',
    spanId: '0123456789abcdef',
    name: 'a?b/c',
  };
  assert.equal(hashOf(place), '#/traces/0123456789abcdef0123456789abcdef?span=0123456789abcdef&name=a%3Fb%2Fc');
  assert.deepEqual(parsePlace(hashOf(place)), place);
});

test('whatever stands in the address, there is a place', () => {
  fc.assert(
    fc.property(fc.string(), (hash) => {
      const place = parsePlace(`#/${hash}`);
      assert.ok(['traces', 'latency', 'ledger', 'attached'].includes(place.view));
      assert.match(place.traceId ?? '0'.repeat(32), /^[0-9a-f]{32}$/);
    }),
  );
});

test('only a readable duration goes to the server', () => {
  assert.equal(filterQuery({ ...firstPlace, minDurationMs: '5' }).toString(), 'minDurationMs=5');
  assert.equal(
    filterQuery({ ...firstPlace, minDurationMs: '5x', service: 'a b', errorsOnly: true }).toString(),
    'service=a+b&error=1',
  );
});
