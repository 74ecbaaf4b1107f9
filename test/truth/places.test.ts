import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { comparePlaces } from './compare-places.ts';

const builds: readonly GoTargetOptions[] = [{}, { go: '1.15', modfile: 'old.mod' }, { env: { GOARCH: 'arm64' } }];

for (const build of builds) {
  test(`arguments are where the compiler says, ${JSON.stringify(build)}`, { timeout: 300_000 }, async () => {
    const { functions, counts, mismatches } = await comparePlaces(await goTarget('httpserver', build));
    assert.deepEqual(mismatches, []);
    const equal = [...counts].filter(([name]) => name.startsWith('parameters: equal')).map(([, n]) => n);
    const told = equal.reduce((sum, n) => sum + n, 0);
    assert.ok(functions > 3500 && told > functions * 1.4, JSON.stringify([...counts]));
  });
}
