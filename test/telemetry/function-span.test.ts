import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import { shortFunctionName } from '../../src/telemetry/function-span.ts';
import { call, functionProbe, intValue, telemetryFor, textValue, unavailable, value } from '../support/calls.ts';

function spanOf(changes: Partial<Call>, probe = functionProbe) {
  const span = telemetryFor(probe).telemetry(call(changes));
  assert.ok(span);
  return span;
}

test('name, place, arguments and results', () => {
  const span = spanOf({
    arguments: [intValue('cents', 82), textValue('currency', 'EUR'), value('express', 'BOOL', 'bool', true)],
    results: [value('', 'FLOAT', 'float64', 1.5), value('err', 'INTERFACE', 'error', null)],
    parentSpanId: 'b7ad6b7169203331',
  });
  assert.equal(span.name, 'cart.(*Cart).Add');
  assert.equal(span.kind, 0);
  assert.deepEqual(span.status, { code: 0 });
  assert.equal(span.parentSpanContext?.isRemote, false);
  assert.deepEqual(span.attributes, {
    'code.function.name': 'github.com/acme/shop/cart.(*Cart).Add',
    'code.file.path': '/src/cart/cart.go',
    'code.line.number': 41,
    'sidespan.argument.cents': 82,
    'sidespan.argument.currency': 'EUR',
    'sidespan.argument.express': true,
    'sidespan.result.0': 1.5,
    'sidespan.result.err': 'null',
    'sidespan.result.err.type': 'error',
    'sidespan.goroutine.id': 18,
  });
});

test('what told the types, where that was not the debug information', () => {
  const description = { ...functionProbe, typeSource: 'arginfo' } as const;
  const pair = [value('', 'WORD', 'word64', '0x0000000000004de6'), value('', 'WORD', 'word64', '0x0000000000000003')];
  const { attributes } = spanOf({ arguments: [value('', 'WORDS', '{word64 word64}', pair)], results: [] }, description);
  assert.equal(attributes['sidespan.types.source'], 'arginfo');
  assert.deepEqual(JSON.parse(String(attributes['sidespan.argument.0'])), {
    0: '0x0000000000004de6',
    1: '0x0000000000000003',
  });
  assert.equal(spanOf({ arguments: [], results: [] }).attributes['sidespan.types.source'], undefined);
});

test('structs, lists and maps are JSON, with reasons and cuts inside', () => {
  const order = value('o', 'PTR', '*main.Order', [
    intValue('ID', 7),
    { ...textValue('Note', 'a very lo'), truncated: { of: 900 } },
    unavailable('Owner', 'fault'),
    value('Lines', '[]STRUCT', '[]main.Line', [[intValue('Qty', 2)], [intValue('Qty', 3)]] as never),
    value('_', 'INT', 'int', 0),
  ]);
  const { attributes } = spanOf({
    arguments: [
      order,
      value('tags', '[]STRING', '[]string', ['a', 'b']),
      value('counts', 'MAP', 'map[string]int', { a: 1 }),
      value('none', '[]INT', '[]int', []),
      value('next', 'PTR', '*main.Order', null),
    ],
  });
  assert.deepEqual(JSON.parse(String(attributes['sidespan.argument.o'])), {
    ID: 7,
    Note: { value: 'a very lo', truncated: { of: 900 } },
    Owner: { unavailable: 'fault' },
    Lines: [{ Qty: 2 }, { Qty: 3 }],
    4: 0,
  });
  assert.equal(attributes['sidespan.argument.o.type'], '*main.Order');
  assert.equal(attributes['sidespan.argument.tags'], '["a","b"]');
  assert.equal(attributes['sidespan.argument.counts'], '{"a":1}');
  assert.equal(attributes['sidespan.argument.none'], '[]');
  assert.equal(attributes['sidespan.argument.next'], 'null');
});

test('a missing value has its reason, a cut one its length', () => {
  const { attributes } = spanOf({
    arguments: [unavailable('rate', 'in float register'), { ...textValue('body', 'abc'), truncated: { of: 900 } }],
    results: [unavailable('', 'optimized out')],
  });
  assert.equal('sidespan.argument.rate' in attributes, false);
  assert.equal(attributes['sidespan.argument.rate.unavailable'], 'in float register');
  assert.equal(attributes['sidespan.argument.body'], 'abc');
  assert.equal(attributes['sidespan.argument.body.truncated'], 900);
  assert.equal(attributes['sidespan.result.0.unavailable'], 'optimized out');
});

test('text that looks like JSON says that it is text', () => {
  const { attributes } = spanOf({ arguments: [textValue('a', '{"b":1}'), textValue('c', 'plain')] });
  assert.equal(attributes['sidespan.argument.a.type'], 'string');
  assert.equal('sidespan.argument.c.type' in attributes, false);
});

test('integers beyond 2^53 keep their digits', () => {
  const { attributes } = spanOf({ arguments: [value('id', 'UINT', 'uint64', '18446744073709551615')] });
  assert.equal(attributes['sidespan.argument.id'], '18446744073709551615');
});

test('an error result makes the span an error', () => {
  const failed = spanOf({
    results: [intValue('n', 0), value('err', 'INTERFACE', '*fs.PathError', 'open /x: no such file')],
  });
  assert.deepEqual(failed.status, { code: 2, message: 'open /x: no such file' });
  assert.equal(failed.attributes['error.type'], '*fs.PathError');
  assert.equal(failed.attributes['sidespan.result.err'], 'open /x: no such file');
});

test('an error result that was not read is no error', () => {
  const span = spanOf({ results: [intValue('n', 0), unavailable('err', 'fault')] });
  assert.deepEqual(span.status, { code: 0 });
  assert.equal('error.type' in span.attributes, false);
});

test('an interface that is not declared as error is no error', () => {
  const { errorResult: _, ...probe } = functionProbe;
  const span = spanOf({ results: [intValue('n', 0), value('v', 'INTERFACE', 'string', 'x')] }, probe);
  assert.deepEqual(span.status, { code: 0 });
});

test('calls that did not return say how they ended', () => {
  const panicked = spanOf({ end: 'panic' });
  assert.equal(panicked.attributes['sidespan.ended'], 'panic');
  assert.equal(panicked.attributes['error.type'], 'panic');
  assert.deepEqual(panicked.status, { code: 2 });
  const goexit = spanOf({ end: 'goexit' });
  assert.equal(goexit.attributes['sidespan.ended'], 'goexit');
  assert.deepEqual(goexit.status, { code: 0 });
});

test('short names', () => {
  for (const [name, short] of [
    ['main.charge', 'main.charge'],
    ['github.com/acme/shop/cart.(*Cart).Add', 'cart.(*Cart).Add'],
    ['net/http.(*conn).serve', 'http.(*conn).serve'],
    ['gopkg.in/yaml%2ev3.Unmarshal', 'yaml.v3.Unmarshal'],
    [
      'slices.SortFunc[go.shape.[]net/http.Cookie,go.shape.int]',
      'slices.SortFunc[go.shape.[]net/http.Cookie,go.shape.int]',
    ],
    ['a/b.(*Set[c/d.T]).Add', 'b.(*Set[c/d.T]).Add'],
    ['a/b.F.func1', 'b.F.func1'],
    ['', ''],
  ] as const) {
    assert.equal(shortFunctionName(name), short);
  }
});
