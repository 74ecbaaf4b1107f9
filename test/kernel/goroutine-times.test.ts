import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goroutineActivity } from '../../src/probe/wire.ts';
import { goTarget } from '../support/go-target.ts';
import { startTracedService } from '../support/traced-service.ts';
import { traceToEnd } from '../support/traced-target.ts';

const rounds = 3;
const lastsNs = 30e6;

/** What each function of the program does for 30 ms at least. */
const expected: Readonly<Record<string, readonly number[]>> = {
  'main.sleep': [goroutineActivity.waitsSleep],
  'main.receive': [goroutineActivity.waitsChannel],
  'main.choose': [goroutineActivity.waitsChannel],
  'main.lock': [goroutineActivity.waitsLock],
  'main.read': [goroutineActivity.waitsNetwork],
  'main.nap': [goroutineActivity.syscall],
  'main.spin': [goroutineActivity.running, goroutineActivity.runnable],
  'main.yield': [goroutineActivity.runnable],
};

for (const go of ['1.15', '1.20', '1.24', '1.26', '1.27']) {
  test(`what goroutines do while calls run on them, Go ${go}`, { timeout: 120_000 }, async (t) => {
    const seen = new Map<string, number>();
    const target = await goTarget('activities', { go });
    const { undecodable } = await traceToEnd(t, target, ['-for', '30ms', '-rounds', String(rounds)], {
      patterns: [...Object.keys(expected), 'main.outer'],
      goroutineTimes: true,
      onCall({ activityNs, durationNs }, name) {
        seen.set(name, (seen.get(name) ?? 0) + 1);
        assert.ok(activityNs !== undefined, name);
        const said = `${name}: ${activityNs.join(', ')} of ${durationNs}`;
        assert.equal(
          activityNs.reduce((sum, ns) => sum + ns, 0),
          durationNs,
          said,
        );
        const spent = (activities: readonly number[]) => activities.reduce((sum, n) => sum + (activityNs[n] ?? 0), 0);
        // A timer may have begun a moment before the call.
        if (name === 'main.outer') {
          assert.ok(spent([goroutineActivity.waitsSleep]) > 0.8 * lastsNs, said);
          assert.ok(spent([goroutineActivity.running, goroutineActivity.runnable]) > 0.8 * lastsNs, said);
        } else if (name === 'main.yield') {
          // The runtime lets it run again after some 10 ms.
          assert.ok(spent(expected[name]!) > 0.5 * durationNs, said);
        } else {
          assert.ok(spent(expected[name]!) > 0.8 * lastsNs, said);
        }
      },
    });
    assert.deepEqual(undecodable, []);
    assert.equal(seen.get('main.sleep'), 2 * rounds);
    assert.equal(seen.get('main.spin'), 2 * rounds);
    for (const name of [
      'main.receive',
      'main.choose',
      'main.lock',
      'main.read',
      'main.nap',
      'main.yield',
      'main.outer',
    ])
      assert.equal(seen.get(name), rounds, name);
  });
}

test('requests say where their time went, if that is wanted', { timeout: 120_000 }, async (t) => {
  const attributesOf = async (setting: string) => {
    const service = await startTracedService(t, await goTarget('parents'), {
      functions: [],
      env: { SIDESPAN_GOROUTINE_TIMES: setting },
    });
    await (await fetch(`http://${service.address}/plain?id=1`)).text();
    const { spans } = await service.stopAgent();
    assert.equal(spans.length, 1);
    return Object.entries(spans[0]!.attributes).filter(
      ([name]) => name.startsWith('sidespan.goroutine.') && name !== 'sidespan.goroutine.id',
    );
  };
  const times = await attributesOf('on');
  assert.ok(times.some(([name, seconds]) => name === 'sidespan.goroutine.running' && Number(seconds) > 0));
  assert.deepEqual(await attributesOf('off'), []);
});
