/** Some cells of `npm run test:matrix`, in which every release is built in every way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matrixBuilds } from '../matrix/builds.ts';
import { runCell } from '../matrix/cell.ts';

const cells = [
  ['1.15', 'default'],
  ['1.19', 'cgo external pie -s -w'],
  ['1.22', '-N -l'],
  ['1.26', '-race'],
  ['1.26', 'UPX'],
  ['1.27', 'default'],
  ['1.27', '-s -w'],
] as const;

for (const [go, name] of cells) {
  test(`Go ${go}, ${name}: functions, calls, values and requests are those that the program counts`, async (t) => {
    const build = matrixBuilds.find((candidate) => candidate.name === name);
    assert.ok(build !== undefined);
    const result = await runCell(go, build);
    if (result.state === 'skipped') return t.skip(result.note);
    assert.notEqual(result.state, 'failed', JSON.stringify(result));
    assert.equal(result.state === 'refused', build.expected.refused !== undefined, JSON.stringify(result));
  });
}
