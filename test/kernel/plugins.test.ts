/** Functions of a plugin that a process has loaded: test/targets/plugins. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Call } from '../../src/event/call.ts';
import type { Value } from '../../src/event/value.ts';
import { sidespan } from '../support/cli.ts';
import { goTarget } from '../support/go-target.ts';
import { traceTarget } from '../support/traced-target.ts';

const cgo = { CGO_ENABLED: '1' };
const shop = 'sidespan.test/plugins/shop';

/** Builds of both: the host's flags, and those that must be the same for the plugin. */
const builds = [
  { host: {}, both: {} },
  { host: { buildmode: 'pie' }, both: { ldflags: '-s -w' } },
];

interface Seen {
  readonly name: string;
  readonly call: Call;
}

async function traced(t: TestContext, { host, both }: (typeof builds)[number], patterns: readonly string[]) {
  const executable = await goTarget('plugins/host', { ...both, ...host, env: cgo });
  const plugin = await goTarget('plugins/shop', { ...both, buildmode: 'plugin', env: cgo });
  const calls: Seen[] = [];
  const onCall = (call: Call, name: string) => void calls.push({ name, call });
  const target = await traceTarget(t, executable, [plugin], { patterns, onCall });
  return { target, calls, plugin };
}

function contentOf({ value, unavailable }: Value): unknown {
  return unavailable ?? value;
}

for (const build of builds) {
  test(`calls in both files, one within the other, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    const isStripped = build.both.ldflags !== undefined;
    const signed = 'shop.Charge(currency string, cents int64, what any) (id string, err error)';
    const patterns = ['main.handle', 'main.describe', isStripped ? signed : 'shop.Charge', 'shop.check', 'shop.write'];
    const { target, calls } = await traced(t, build, patterns);
    assert.deepEqual(target.process.plan.report.unmatched, []);
    target.tell();
    assert.equal(await target.line(), 'done');
    const { functions, undecodable } = target.detach();
    assert.deepEqual(undecodable, []);
    const seen = (name: string) => [functions.get(name)?.seen, functions.get(name)?.received];
    assert.deepEqual(seen('main.handle'), [20, 20]);
    assert.deepEqual(seen(`${shop}.Charge`), [20, 20]);
    assert.deepEqual(seen(`${shop}.check`), [20, 20]);
    assert.deepEqual(seen(`${shop}.write`), [14, 14]);

    const of = (name: string) => calls.filter((each) => each.name === name).map(({ call }) => call);
    const [handled, charged] = [of('main.handle'), of(`${shop}.Charge`)];
    for (const [n, call] of charged.entries()) {
      assert.equal(call.parentSpanId, handled[n]?.spanId, String(n));
      assert.deepEqual(call.arguments.slice(0, 2).map(contentOf), ['EUR', n]);
      // A panic goes through both files, until the host recovers.
      const fails = n % 10 === 5;
      assert.equal(call.end, fails ? 'panic' : 'returned', String(n));
      if (fails) continue;
      const error = { 8: 'no eights', 9: undefined }[n % 10] ?? null;
      if (n % 10 < 8) assert.deepEqual(call.results.map(contentOf), [`eur-${n}`, null]);
      else if (n % 10 === 8) assert.deepEqual(call.results.map(contentOf), ['', error]);
      // An error type of the plugin: what it says only its own method knows.
      else
        assert.match(
          JSON.stringify(call.results[1]),
          /"goType":"\*sidespan.test\/plugins\/shop.refusal".*"value":\d*9/,
        );
    }
    if (isStripped) return;
    // A type of the plugin, in the executable's call and in the plugin's own.
    const [described] = of('main.describe');
    const [written] = of(`${shop}.write`);
    const receipt = (value: Value | undefined) => [value?.goType, (value?.value as Value[]).slice(0, 2).map(contentOf)];
    assert.deepEqual(receipt(described?.arguments[0]), [`${shop}.receipt`, ['EUR', 7]]);
    assert.deepEqual(receipt(written?.arguments[1]), [`${shop}.receipt`, ['note', 0]]);
  });
}

test('a plugin that is loaded later is not traced, which is said', { timeout: 120_000 }, async () => {
  const executable = await goTarget('plugins/host', { env: cgo });
  const { stderr, code } = sidespan(['trace', 'shop.check', 'main.handle', '--', executable, '/nowhere/shop.so'], {});
  assert.equal(code, 1, stderr);
  assert.match(stderr, /It can load plugins: functions of those that it loads after this are not traced/);
});

test('functions of the plugin alone; what both files have runs in the executable', { timeout: 120_000 }, async (t) => {
  const { target, plugin } = await traced(t, builds[0]!, ['shop.check', 'fmt.Sprint']);
  const { sites, probes, report } = target.process.plan;
  assert.deepEqual(report.unmatched, []);
  const fileOf = (name: string) => {
    const probe = probes.findIndex(({ description }) => description.functionName === name);
    return [...new Set(sites.filter((site) => site.probe === probe).map(({ module }) => module ?? 'executable'))];
  };
  assert.deepEqual([fileOf(`${shop}.check`), fileOf('fmt.Sprint')], [[0], ['executable']]);
  // What ends calls by a panic is in the executable.
  assert.ok(sites.every(({ probe, module }) => probe !== undefined || module === undefined));
  target.tell();
  await target.line();
  const { functions } = target.detach();
  assert.equal(functions.get(`${shop}.check`)?.seen, 20);
  assert.equal(functions.get('fmt.Sprint')?.seen, 1, plugin);
});
