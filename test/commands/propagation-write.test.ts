import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sidespan } from '../support/cli.ts';

interface Report {
  readonly works: boolean;
  readonly checks: readonly { readonly name: string; readonly state: string; readonly detail: string }[];
}

function headerCheck(env: Record<string, string>) {
  const { code, stdout } = sidespan(['doctor', '--json'], { env });
  const { works, checks } = JSON.parse(stdout) as Report;
  return { code, works, check: checks.find(({ name }) => name === 'headers in requests') };
}

test('nobody asks whether headers could be written unless they are to be', () => {
  assert.equal(headerCheck({}).check, undefined);
});

test('a kernel that lets no program write: doctor and run say so, before anything is attached', (t) => {
  const env = { SIDESPAN_PROPAGATION: 'write' };
  const { code, works, check } = headerCheck(env);
  if (check?.state === 'ok') return t.skip('this kernel is not locked down');
  assert.equal(check?.state, 'missing');
  assert.match(check.detail, /SIDESPAN_PROPAGATION=write is refused: this kernel lets no BPF program write/);
  assert.match(check.detail, /locked down/);
  assert.deepEqual([code, works], [3, false]);

  const run = sidespan(['run'], { env: { ...env, SIDESPAN_TARGET_EXE: '*', SIDESPAN_VIEWER: 'off' } });
  assert.equal(run.code, 3, run.stderr);
  assert.match(run.stderr, /SIDESPAN_PROPAGATION=write is refused.*Leave SIDESPAN_PROPAGATION at `read`/s);
  assert.doesNotMatch(run.stderr, /attached|The verifier said/);
});
