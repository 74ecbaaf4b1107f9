/** Values that can't be read: why, and which are read all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { traceToEnd } from '../support/traced-target.ts';

const builds: readonly GoTargetOptions[] = [{}, { buildmode: 'pie' }];

for (const build of builds) {
  test(`memory that is not there, ${JSON.stringify(build)}`, { timeout: 60_000 }, async (t) => {
    const seen = new Map<string, string[]>();
    await traceToEnd(t, await goTarget('absent', build), [], {
      patterns: ['main.text', 'main.bytes', 'main.numbers', 'main.pointer', 'main.anything', 'main.table'],
      onCall({ arguments: [what, value] }, name) {
        const shown = JSON.stringify(value?.value) ?? `(${value?.unavailable})`;
        seen.set(String(what?.value), [...(seen.get(String(what?.value)) ?? []), `${name.slice(5)} ${shown}`]);
      },
    });
    const every = (reason: string) =>
      ['text', 'bytes', 'numbers', 'pointer', 'anything', 'table'].map((f) => `${f} (${reason})`);
    // What never changes is read from the file.
    assert.deepEqual(seen.get('constant'), ['text "Here is the middle of it."']);
    assert.deepEqual(seen.get('empty'), ['table []']);
    assert.deepEqual(seen.get('fresh'), every('not resident'));
    assert.deepEqual(seen.get('forbidden'), every('fault'));
    assert.deepEqual(seen.get('nowhere'), every('fault'));
  });
}
