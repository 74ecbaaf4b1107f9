import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { planProbes } from '../../src/probe/plan-probes.ts';
import { allPresets } from '../../src/probe/preset/presets.ts';
import { siteAction } from '../../src/probe/wire.ts';
import { withoutRefused } from '../../src/probe/without-refused.ts';
import { goTarget } from '../support/go-target.ts';

test('a plan loses the probes that lack a site, and says why', async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const patterns = ['main.Greeting', 'main.Capitalize'].map(functionPattern);
  const plan = planProbes(binary, { patterns, presets: allPresets }).value!;
  const siteOf = (name: string, action: number) =>
    plan.sites.findIndex((site) => plan.functionNames[site.function] === name && site.action === action);
  const nameOf = (probe: number | undefined) =>
    probe === undefined ? '' : plan.probes[probe]?.description.functionName;

  const exit = withoutRefused(plan, [{ site: siteOf('main.Greeting', siteAction.leave), answer: 'EINVAL' }]);
  assert.deepEqual(exit.report.untraceable, [
    { functionName: 'main.Greeting', reason: 'the kernel allows no probe at its RET (EINVAL)' },
  ]);
  assert.equal(exit.probes.length, plan.probes.length - 1);
  const kept = plan.sites.filter(({ probe }) => nameOf(probe) !== 'main.Greeting');
  assert.deepEqual(
    exit.sites.map(({ probe, vaddr }) => [probe && exit.probes[probe], vaddr]),
    kept.map(({ probe, vaddr }) => [probe && plan.probes[probe], vaddr]),
  );

  const http = plan.probes.findIndex(({ preset }) => preset === 'net/http server');
  const preset = withoutRefused(plan, [
    { site: plan.sites.findIndex(({ probe }) => probe === http), answer: 'EINVAL' },
  ]);
  assert.match(preset.report.presets.find(({ name }) => name === 'net/http server')?.unavailable ?? '', /EINVAL/);
  assert.deepEqual(preset.report.untraceable, []);

  const common = withoutRefused(plan, [{ site: siteOf('runtime.gopanic', siteAction.panic), answer: 'EINVAL' }]);
  assert.deepEqual(common.probes, plan.probes);
  assert.equal(common.sites.length, plan.sites.length - 1);
  assert.match(common.report.notes.at(-1) ?? '', /^runtime\.gopanic can't be probed: /);
});
