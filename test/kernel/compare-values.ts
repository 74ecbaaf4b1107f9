/** What test/targets/values does in one round, and the comparison of a trace with it. */
import assert from 'node:assert/strict';
import type { TracedCall } from '../support/trace-json.ts';
import { valueLine, withoutField } from '../support/value-lines.ts';
import { expectedSignatures, someAddress } from './expected-signatures.ts';
import { expectedValues } from './expected-values.ts';

const expectedCalls = [...expectedValues, ...expectedSignatures];

/** The traced functions. */
export const valueFunctions: readonly string[] = [...new Set(expectedCalls.map(({ name }) => name))];

/** The pause keeps the program alive until its calls are read: names of functions need its memory map. */
export const valueArguments = ['-rounds', '1', '-every', '300ms', '-now'] as const;

/**
 * Each call in its order, with all arguments and results.
 * @param log shown when there are other calls.
 * @throws AssertionError at the first difference.
 */
export function compareValues(calls: readonly TracedCall[], log: string): void {
  assert.deepEqual(
    calls.map(({ funcName }) => funcName),
    expectedCalls.map(({ name }) => name),
    log,
  );
  for (const [index, { name, args, results }] of expectedCalls.entries()) {
    const call = calls[index] as TracedCall;
    assert.deepEqual(valueLines(call), { args, results }, name);
    assert.ok(Number.isSafeInteger(call.latency) && call.latency >= 0, name);
    assert.match(call.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    assert.equal(call.goid, 1, name);
    assert.equal(call.ended, undefined, name);
    assert.equal(call.source, 'dwarf', name);
  }
  assert.ok(expectedCalls.some(({ results }) => results.includes(someAddress)));
}

/** Order.Next is a cycle: how far it is followed is the limits' business, tested on its own. */
export function valueLines({ args, results }: TracedCall): { readonly args: string[]; readonly results: string[] } {
  const line = (value: TracedCall['args'][number]) =>
    valueLine(withoutField(value, 'Next')).replace(/^(PTR unsafe\.Pointer =) "0x[0-9a-f]+"$/, '$1 <address>');
  return { args: args.map(line), results: results.map(line) };
}
