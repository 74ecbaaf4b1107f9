/** A function whose first instruction the kernel does not probe (HLT) is left out, and all others are traced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { traceJson } from '../support/trace-json.ts';
import { type TargetReport, tallyOf, traceTarget, unaccounted } from '../support/traced-target.ts';

const skip = process.arch === 'x64' ? false : 'on arm64 the planner knows what the kernel refuses';
const patterns = ['main.add', 'main.stop', 'main.main'];
const reason = 'the kernel allows no probe at its first instruction (EOPNOTSUPP)';

for (const attachMode of ['uprobe_multi', 'perf_event'] as const) {
  test(`in a running process, by ${attachMode}`, { skip, timeout: 60_000 }, async (t) => {
    const target = await traceTarget(t, await goTarget('assembly'), ['-calls', '100'], { patterns, attachMode });
    const { report, probes, sites } = target.process.plan;
    assert.deepEqual(report.untraceable, [{ functionName: 'main.stop', reason }]);
    assert.deepEqual(probes.map(({ description }) => description.functionName).sort(), ['main.add', 'main.main']);
    assert.ok(sites.every(({ probe }) => probe === undefined || probe < probes.length));

    // What was found out of a file holds for its next process.
    const again = await target.tracer.plan(target.process.target);
    assert.equal(again.plan, target.process.plan);

    target.tell();
    const { functions } = JSON.parse(await target.line()) as TargetReport;
    const seen = target.detach().functions.get('main.add')!;
    assert.deepEqual(tallyOf(seen), functions['main.add'], JSON.stringify(seen));
    assert.equal(unaccounted(seen), 0);
  });
}

test('in a program that is started, of which the kernel would say nothing', { skip, timeout: 60_000 }, async () => {
  const { calls, stderr } = traceJson(patterns, [await goTarget('assembly'), '-calls', '5', '-now']);
  assert.ok(stderr.includes(`Not traced: main.stop: ${reason}.`), stderr);
  assert.equal(calls.filter(({ funcName }) => funcName === 'main.add').length, 8 * 5);
});

test('a process of which nothing can be traced', { skip, timeout: 60_000 }, async (t) => {
  const target = await traceTarget(t, await goTarget('assembly'), [], { patterns: ['main.stop'] });
  assert.deepEqual(target.process.plan.probes, []);
  assert.deepEqual(target.process.plan.sites, []);
  assert.equal(target.detach().functions.size, 0);
});
