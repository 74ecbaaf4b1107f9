import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import { callingConvention } from '../../../src/probe/code/calling-convention.ts';
import { type GoTargetOptions, goTarget } from '../../support/go-target.ts';

const arm64 = { GOARCH: 'arm64' };

/** A build, its ABI, and where threads keep g. */
const cases: readonly [GoTargetOptions, 'registers' | 'stack', number][] = [
  [{ go: '1.15' }, 'stack', -8],
  [{ go: '1.16', buildmode: 'pie' }, 'stack', -8],
  [{ go: '1.17' }, 'registers', -8],
  [{ go: '1.18' }, 'registers', -8],
  [{}, 'registers', -8],
  [{ env: { CGO_ENABLED: '1' } }, 'registers', -4104],
  [{ env: { CGO_ENABLED: '1' }, buildmode: 'pie' }, 'registers', -4104],
  [{ go: '1.17', env: arm64 }, 'stack', 0],
  [{ go: '1.18', env: arm64 }, 'registers', 0],
  [{ env: arm64, ldflags: '-s -w' }, 'registers', 0],
];

for (const [build, abi, threadG] of cases) {
  test(`ABI and place of g, ${JSON.stringify(build)}`, { timeout: 300_000 }, async () => {
    using binary = openGoBinary(await goTarget('assembly', build));
    assert.deepEqual(callingConvention(binary), { abi, threadG: { value: threadG } });
  });
}
