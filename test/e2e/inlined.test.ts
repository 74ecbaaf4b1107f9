import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sidespan } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { tracedCalls } from '../support/trace-json.ts';

const method = 'sidespan.test/gate.(*Count).Add';

test('inlined calls are left out if that is asked for, which is said', { timeout: 120_000 }, async () => {
  const program = [await goTarget('exact'), '-now', '-calls', '20', '-goroutines', '1'];
  const patterns = [method, 'main.Traced'];
  const { code, stdout, stderr } = sidespan(['trace', '--json', '--inlined', 'off', ...patterns, '--', ...program]);
  assert.equal(code, 0, stderr);
  const calls = tracedCalls(stdout);
  assert.deepEqual([calls.length, ...new Set(calls.map(({ funcName }) => funcName))], [20, 'main.Traced']);
  assert.match(stderr, /Inlined, not counted: .*Count\)\.Add \(\w+ \w+\): SIDESPAN_INLINED is off\./);

  const env = { SIDESPAN_INLINED: 'never' };
  const bad = sidespan(['trace', ...patterns, '--', ...program], { env });
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /SIDESPAN_INLINED: "never" is neither on nor off/);
});

test('inlined calls are printed as they begin, with the place, and added up at the end', {
  timeout: 120_000,
}, async () => {
  const executable = await goTarget('exact');
  const listed = sidespan(['functions', '--json', '--exe', executable, method]);
  const { inlined } = JSON.parse(listed.stdout) as { inlined: { into: string; line: number; countable: boolean }[] };
  const [first] = inlined.filter(({ into }) => into === 'main.Traced');
  assert.ok(first?.countable, listed.stdout);

  const program = [executable, '-now', '-calls', '2000', '-goroutines', '4'];
  const { code, stdout, stderr } = sidespan(['trace', '--json', method, 'main.Traced', '--', ...program]);
  assert.equal(code, 0, stderr);
  const calls = tracedCalls(stdout) as (ReturnType<typeof tracedCalls>[number] & {
    inlined?: { into: string; file: string; line: number };
    unavailable?: string;
  })[];
  const begun = calls.filter((call) => call.inlined?.into === 'main.Traced' && call.inlined.line === first.line);
  assert.equal(begun.length, 2000);
  for (const call of begun) {
    assert.equal(call.funcName, method);
    assert.deepEqual([call.args, call.results, call.latency, call.ended], [[], [], undefined, 'inlined']);
    assert.match(call.unavailable ?? '', /^inlined: /);
  }
  assert.equal(calls.filter(({ funcName }) => funcName === 'main.Traced').length, 2000);
  assert.match(stderr, /Inlined by the compiler, so counted without arguments.*Count\)\.Add \(\d+ places?\)/);
  assert.ok(stderr.includes(`2000 calls of ${method}, inlined into main.Traced at main.go:${first.line}`), stderr);

  const text = sidespan(['trace', method, '--', ...program]).stdout;
  assert.match(text, /g\d+ sidespan\.test\/gate\.\(\*Count\)\.Add, inlined into main\.Traced at main\.go:\d+$/m);
});
