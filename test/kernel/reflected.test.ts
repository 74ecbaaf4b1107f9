/** What a reflect.Value holds: test/targets/reflected. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../src/event/value.ts';
import { goTarget } from '../support/go-target.ts';
import { traceJson } from '../support/trace-json.ts';
import { valueLine } from '../support/value-lines.ts';

const order = (id: number) =>
  `{ID INT int = ${id}; Next PTR *main.Order = null; Tags []STRING []string = null; Counts MAP map[string]int = null; Any INTERFACE interface {} = null; Err INTERFACE error = null; Call FUNC func(int) int = null; secret UINT main.Color = 0; Nested STRUCT struct { Only *int } = {Only PTR *int = null}}`;

/** By what is passed: type, kind, and value behind its name. Fields are held by address where the struct is not a copy, and where it is. */
const expected: Readonly<Record<string, readonly [type: string, kind: string, value: string]>> = {
  int: ['int', 'int', '= -5'],
  text: ['string', 'string', '= "text"'],
  float: ['float64', 'float64', '= 2.5'],
  color: ['main.Color', 'uint8', '= 3'],
  'nil pointer': ['*main.Order', 'pointer', '= null'],
  pointer: ['*main.Order', 'pointer', `= ${order(2)}`],
  map: ['map[string]int', 'map', '= [{"key":"x","value":3}]'],
  func: ['func(int) int', 'func', '! not captured for this dynamic type'],
  slice: ['[]string', 'slice', '= ["a", "b"] cap 2'],
  only: ['*int', 'pointer', '= 7'],
  'interface elem': ['string', 'string', '= "held"'],
  ...Object.fromEntries(
    ['addressable', 'field'].flatMap((way): [string, [string, string, string]][] => [
      [`${way} ID`, ['int', 'int', '= 1']],
      [`${way} Next`, ['*main.Order', 'pointer', `= ${order(2)}`]],
      [`${way} Tags`, ['[]string', 'slice', '= ["a", "b"] cap 2']],
      [`${way} Counts`, ['map[string]int', 'map', '= [{"key":"x","value":3}]']],
      [`${way} Any`, ['interface {}', 'interface', '= "held"']],
      [`${way} Err`, ['error', 'interface', '= "EOF"']],
      [`${way} secret`, ['main.Color', 'uint8', '= 9']],
    ]),
  ),
};

/** The text of a field of a reflect.Value. */
function part(value: Value | undefined, name: string): Value | undefined {
  return (value?.value as readonly Value[] | undefined)?.find((field) => field.name === name);
}

for (const go of ['1.15', '1.20', undefined, '1.27']) {
  test(`values in a reflect.Value, Go ${go ?? 'installed'}`, { timeout: 120_000 }, async () => {
    const { calls } = traceJson(
      ['main.takes*', 'main.returnsValue'],
      [await goTarget('reflected', go === undefined ? {} : { go })],
    );
    const passed = new Map(
      calls
        .filter(({ funcName }) => funcName === 'main.takesValue')
        .map(({ args: [what, v] }) => [String(what?.value), v]),
    );
    for (const [what, [type, kind, value]] of Object.entries(expected)) {
      const v = passed.get(what);
      const held = part(v, 'value');
      assert.deepEqual(
        [
          part(v, 'type')?.value,
          part(v, 'kind')?.value,
          held && valueLine(held).replace(/^value INTERFACE [^=!]* ([=!])/, '$1'),
        ],
        [type, kind, value],
        what,
      );
    }
    assert.equal(passed.get('zero')?.value, 'invalid');
    assert.equal(part(passed.get('method'), 'kind')?.value, 'method value');
    assert.equal(part(part(passed.get('method'), 'receiver'), 'ID')?.value, 1);
    const [values, holder, any] = calls.find(({ funcName }) => funcName === 'main.takesLists')?.args ?? [];
    const held = (values?.value as unknown as (string | Value[])[]).map((item) =>
      typeof item === 'string' ? item : item.find(({ name }) => name === 'value')?.value,
    );
    assert.deepEqual(held, [1, 'invalid', 'two']);
    assert.equal(part(part(holder, 'V'), 'value')?.value, true);
    assert.equal(part(any, 'value')?.value, 4);
    const [result] = calls.find(({ funcName }) => funcName === 'main.returnsValue')?.results ?? [];
    assert.equal(part(result, 'value')?.value, 'given');
  });
}
