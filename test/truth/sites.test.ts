import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { compareSites } from './compare-sites.ts';

/** Of the disassembly; `npm run test:truth -- sites` compares whole programs. */
const packages = '^(main|net/http|runtime|strconv|reflect)\\.';
const arm64 = { GOARCH: 'arm64' };

const builds: readonly GoTargetOptions[] = [
  {},
  { go: '1.15', modfile: 'old.mod' },
  { env: arm64 },
  { go: '1.17', modfile: 'old.mod', env: arm64 },
];

for (const build of builds) {
  test(`every function has sites or a reason, as the Go toolchain sees it, ${JSON.stringify(build)}`, {
    timeout: 300_000,
  }, async () => {
    const { functions, counts, mismatches } = await compareSites(await goTarget('httpserver', build), packages);
    assert.deepEqual(mismatches, []);
    const count = (name: string) => counts.get(name) ?? 0;
    assert.ok(functions > 4000 && count('entry: stack check') > functions / 2, JSON.stringify([...counts]));
    assert.ok(count('compared: instructions') > 100_000 && count('compared: RETs') > 2000, JSON.stringify([...counts]));
    assert.ok(count('SP compared at: return') > 4000, JSON.stringify([...counts]));
    const refused = [...counts].filter(([name]) => name.startsWith('refused: ')).map(([, n]) => n);
    assert.ok(refused.reduce((sum, n) => sum + n, 0) < functions / 40, JSON.stringify([...counts]));
  });
}
