/** Which tracestate is passed on: the code of the BPF programs, run on the host, beside the rules as the agent has them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { thresholdText } from '../../src/telemetry/sampler.ts';
import { parsedTraceState, traceStateWithThreshold } from '../../src/telemetry/trace-state.ts';
import fc from '../support/fast-check.ts';

const folder = mkdtempSync(join(tmpdir(), 'sidespan-trace-state-'));
after(() => rmSync(folder, { recursive: true }));
const program = join(folder, 'trace-state');
const source = join(import.meta.dirname, 'trace-state.c');
execFileSync('clang', ['-O1', '-Wall', '-Werror', '-I', join(source, '../../../bpf'), source, '-o', program]);

interface Came {
  readonly text: string;
  /** By which the trace is kept here; 0: it was not decided here. */
  readonly threshold: number;
  /** The decision that came with it, and whether it is not kept here. */
  readonly sampled: boolean;
  readonly unsampled: boolean;
}

const leftOut = Symbol('left out');
type PassedOn = string | undefined | typeof leftOut;

function passedOn(all: readonly Came[]): PassedOn[] {
  const lines = all.map(
    ({ text, threshold, sampled, unsampled }) =>
      `${threshold} ${Number(sampled)} ${Number(unsampled)} x${Buffer.from(text, 'latin1').toString('hex')}\n`,
  );
  const output = execFileSync(program, { input: lines.join(''), encoding: 'latin1' })
    .trimEnd()
    .split('\n');
  assert.equal(output.length, all.length);
  return output.map((line) =>
    line === 'none' ? undefined : line === 'left out' ? leftOut : Buffer.from(line, 'hex').toString('latin1'),
  );
}

const came = (text: string, more: Partial<Came> = {}): Came => ({
  text,
  threshold: 0,
  sampled: true,
  unsampled: false,
  ...more,
});

test('what came goes on as it is', () => {
  const texts = [
    'a=b',
    'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
    ' a=b ,\tc@d= e,',
    '0a/b@c=x',
    `k=${'v'.repeat(256)}`,
  ];
  const long = Array.from({ length: 32 }, (_, n) => `key${n}=${'v'.repeat(8)}`).join();
  for (const text of [...texts, long]) assert.deepEqual(passedOn([came(text)]), [text]);
});

test('what breaks the rules does not', () => {
  const broken = [
    'a',
    'a=',
    'a= ',
    '=b',
    'A=b',
    '0a=b',
    'a=b=c',
    'a@=b',
    'a@b@c=d',
    'a=b,a=c',
    'a=\x01',
    'a=\xe9',
    'a b=c',
  ];
  const members = Array.from({ length: 33 }, (_, n) => `k${n}=v`).join();
  for (const text of [...broken, members, `a=${'b'.repeat(511)}`]) {
    assert.deepEqual(passedOn([came(text)]), [leftOut], JSON.stringify(text));
  }
  assert.deepEqual(passedOn([came(', ,')]), [undefined]);
});

test('a decision of our own takes the place of the one that came', () => {
  const threshold = 0x8000_0000;
  for (const [text, expected] of [
    ['a=b', 'ot=th:8,a=b'],
    ['ot=th:4', 'ot=th:8'],
    ['a=b,ot=rv:12;th:4;x:y,c=d', 'ot=th:8;rv:12;x:y,a=b,c=d'],
    ['a=b, ot=rv:12', 'ot=th:8;rv:12,a=b'],
    ['ot=th:4;rv:12, a=b', 'ot=th:8;rv:12, a=b'],
    ['other=th:4', 'ot=th:8,other=th:4'],
    [`a=${'b'.repeat(505)}`, leftOut],
  ] as const) {
    assert.deepEqual(passedOn([came(text, { threshold })]), [expected], text);
  }
  // A trace that its caller keeps and we do not.
  for (const [text, expected] of [
    ['a=b,ot=th:4,c=d', 'a=b,c=d'],
    ['ot=th:4,c=d', 'c=d'],
    ['ot=th:4', undefined],
    ['a=b', 'a=b'],
  ] as const) {
    assert.deepEqual(passedOn([came(text, { unsampled: true })]), [expected], text);
  }
  assert.deepEqual(passedOn([came('ot=th:4', { sampled: false, unsampled: true })]), ['ot=th:4']);
});

const good = <T>(weight: number, ...values: T[]) => ({ weight, arbitrary: fc.constantFrom(...values) });
const key = fc.oneof(good(30, 'ot', 'a', 'b0', 'c@d', '1e@f', 'g_-*/'), fc.stringMatching(/^[a-z0-9@_A]{1,3}$/));
const part = fc.constantFrom('th:4', 'th:', 'rv:12', 'x', 'th', 'y:z', ' v');
const value = fc.oneof(
  { weight: 15, arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(';')) },
  fc.stringMatching(/^[ !~\t=,v]{0,4}$/),
);
const blank = fc.oneof(good(5, ''), good(1, ' ', '\t'));
const equals = fc.oneof(good(30, '='), good(1, ''));
const member = fc.tuple(blank, key, equals, value, blank).map((parts) => parts.join(''));
const text = fc.oneof(
  fc.array(member, { minLength: 1, maxLength: 4 }).map((members) => members.join(',')),
  fc.tuple(member, fc.nat(40)).map(([one, n]) => [...Array.from({ length: n }, (_, i) => `k${i}=v`), one].join(',')),
);

test('any text: the same are valid as for the agent, and become the same', () => {
  const all = fc.sample(
    fc.record({
      text: text.filter((each) => each.length > 0),
      threshold: fc.constantFrom(0, 1, 0x1999_999a, 0x8000_0000),
      sampled: fc.boolean(),
      unsampled: fc.constant(false),
    }),
    4000,
  );
  let valid = 0;
  passedOn(all).forEach((got, n) => {
    const { text: before, threshold } = all[n] as Came;
    const shown = `${JSON.stringify(before)} ${threshold} -> ${String(got)}`;
    const parsed = parsedTraceState(before);
    const own = thresholdText(threshold);
    if (parsed === undefined) {
      const isEmpty = /^[ \t,]*$/.test(before);
      assert.ok(got === leftOut || (isEmpty && got === (own && `ot=th:${own}`)), shown);
      return;
    }
    valid++;
    if (own === undefined) {
      assert.equal(got, before);
      return;
    }
    const changed = traceStateWithThreshold(parsed, own).serialize();
    const isTwice = /(?:^|[ \t,])ot=(?:[^,]*;)?th:[^,]*;th:/.test(before);
    if (isTwice || changed.split(',').length > 32) assert.equal(got, leftOut, shown);
    else assert.equal(parsedTraceState(String(got))?.serialize(), changed, shown);
  });
  assert.ok(valid > 1000, `${valid} valid ones`);
});
