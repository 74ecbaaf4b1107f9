import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { traceJson } from '../support/trace-json.ts';

interface Text {
  readonly value?: unknown;
  readonly truncated?: { readonly of: number };
}

/** A string's whole value, or its beginning and how long it is. */
function assertText(text: Text, expected: string): void {
  const value = String(text.value);
  assert.equal(value, expected.slice(0, value.length));
  assert.equal(text.truncated?.of ?? value.length, expected.length, JSON.stringify(text));
}

test('strings that lie close together, which are read at once, are those that were passed', {
  timeout: 120_000,
}, async () => {
  const { calls, stderr } = traceJson(['main.Pieces'], [await goTarget('pieces'), '-calls', '500']);
  const expected = stderr
    .split('\n')
    .filter((line) => line.startsWith('["'))
    .map((line) => JSON.parse(line) as [string, string, string, string, string[]]);
  assert.equal(expected.length, 500);
  assert.equal(calls.length, 500);
  for (const [i, { args }] of calls.entries()) {
    const [a, b, c, d, parts] = expected[i]!;
    for (const [n, text] of [a, b, c, d].entries()) assertText(args[n]!, text);
    const shown = args[4]!.value as readonly string[];
    assert.ok(shown.length > 0 || parts.length === 0);
    for (const [n, text] of shown.entries())
      assertText(typeof text === 'string' ? { value: text } : (text as Text), parts[n]!);
  }
});
