import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baggageMembers, createBaggageAttributes } from '../../src/telemetry/baggage.ts';
import { call } from '../support/calls.ts';
import fc from '../support/fast-check.ts';

const members = (header: string, isCut = false) => Object.fromEntries(baggageMembers(header, isCut));

test('members of a baggage header', () => {
  assert.deepEqual(members('a=1,b = 2 ;prop;q=3 , c='), { a: '1', b: '2', c: '' });
  assert.deepEqual(members('city=Z%C3%BCrich,lone=5%,bad=%FF'), { city: 'Zürich', lone: '5%', bad: '\ufffd' });
  assert.deepEqual(members('a=1,a=2'), { a: '2' });
  assert.deepEqual(members('a=b=c'), { a: 'b=c' });
  for (const header of ['', ',', '=', '=1', 'a', 'a b=1', 'a="1"', 'a=1 2', 'ü=1', 'a=\u0000']) {
    assert.deepEqual(members(header), {}, JSON.stringify(header));
  }
  assert.deepEqual(members('a=1,b=half', true), { a: '1' });
  assert.deepEqual(members('a=1', true), {});
  const many = Array.from({ length: 500 }, (_, n) => `k${n}=1`).join(',');
  assert.equal(baggageMembers(many, false).size, 180);
});

test('what percent-encoding makes of any text comes back, and no header throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const wellFormed = text.toWellFormed();
      assert.equal(members(`key=${encodeURIComponent(wellFormed).replaceAll("'", '%27')}`)['key'], wellFormed);
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (header, isCut) => void members(header, isCut)));
});

test('only the keys that are named become attributes, and never in place of another', () => {
  const field = (value: string) => call({ fields: [{ name: 'baggage', type: 'STRING', goType: 'string', value }] });
  const attributes = (keys: readonly string[], header: string) => {
    const result: Record<string, string> = { 'url.path': '/' };
    createBaggageAttributes(keys)?.(field(header), result);
    return result;
  };
  const header = 'tenant=acme,url.path=%2Fadmin,session.id=7,sessionXid=8';
  assert.deepEqual(attributes([], header), { 'url.path': '/' });
  assert.deepEqual(attributes(['tenant'], header), { 'url.path': '/', tenant: 'acme' });
  assert.deepEqual(attributes(['session.*', 'url.path'], header), { 'url.path': '/', 'session.id': '7' });
});
