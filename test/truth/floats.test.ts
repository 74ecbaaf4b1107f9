import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { compareFloats } from './compare-floats.ts';

for (const env of [{}, { GOARCH: 'arm64' }]) {
  test(`at the sites for floats SP is where the compiler has it, ${JSON.stringify(env)}`, {
    timeout: 120_000,
  }, async () => {
    // The very build that sites.test.ts has.
    const { functions, counts, mismatches } = await compareFloats(
      await goTarget('httpserver', 'GOARCH' in env ? { env } : {}),
    );
    assert.deepEqual(mismatches, []);
    assert.ok(functions > 4000 && (counts.get('SP compared') ?? 0) > 20, JSON.stringify([...counts]));
    assert.ok((counts.get('with floats among the arguments, every one is read') ?? 0) > 5, JSON.stringify([...counts]));
  });
}
