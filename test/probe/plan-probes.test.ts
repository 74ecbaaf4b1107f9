import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { planLimits } from '../../src/probe/capture/capture-op.ts';
import { planProblems } from '../../src/probe/plan-problems.ts';
import type { ProbePlan } from '../../src/probe/probe-plan.ts';
import { siteFlag } from '../../src/probe/wire.ts';
import { DamagedFile, u64 } from '../binary/damaged-file.ts';
import { tables } from '../binary/table-ranges.ts';
import { goTarget } from '../support/go-target.ts';
import { checkPlan, planOf } from './planned.ts';

const slow = { timeout: 900_000 };

test('functions by pattern, with what can not be traced and what matched nothing', slow, async () => {
  using binary = openGoBinary(await goTarget('values'));
  const plan = planOf(binary, 'main.takes*;main.divid;main.(*Order).ByPointer;runtime.mcall;runtime.memmove');
  checkPlan(plan);
  const names = plan.probes.map(({ description }) => description.functionName);
  assert.ok(names.includes('main.takesIntegers') && names.includes('main.(*Order).ByPointer'));
  assert.ok(!names.includes('main.takesNothing'));
  const reasons = new Map(plan.report.untraceable.map(({ functionName, reason }) => [functionName, reason]));
  assert.match(reasons.get('main.takesNothing') ?? '', /first instruction leaves it/);
  assert.match(reasons.get('runtime.mcall') ?? '', /switches between stacks/);
  // Assembly: g is in thread-local storage, not in R14.
  const memmove = plan.sites.filter((site) => plan.functionNames[site.function] === 'runtime.memmove');
  assert.ok(memmove.length > 1 && memmove.every(({ flags }) => (flags & siteFlag.stackAbi) !== 0));
  assert.deepEqual(
    plan.report.unmatched.map(({ pattern, nearest }) => [pattern, nearest[0]]),
    [['main.divid', 'main.divide']],
  );
  const presets = plan.report.presets.map(({ unavailable }) => unavailable);
  assert.match(presets[0] ?? '', /no net\/http\.serverHandler\.ServeHTTP/);
  const divide = planOf(binary, 'main.divide').probes[0];
  assert.equal(divide?.description.errorResult, 1);
  assert.match(divide?.description.source?.file ?? '', /functions\.go$/);
  assert.deepEqual(
    divide?.arguments?.values.map(({ name, shape }) => [name, shape.goType]),
    [
      ['a', 'int'],
      ['b', 'int'],
    ],
  );
});

test('a package by the last element of its path, where no whole name fits', slow, async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const traced = (patterns: string) => {
    const { probes, report } = planOf(binary, patterns);
    assert.deepEqual(report.unmatched, []);
    return probes.map(({ description }) => description.functionName).filter((name) => /URL/.test(name));
  };
  assert.deepEqual(traced('url.(*URL).String'), ['net/url.(*URL).String']);
  const setters = traced('url.(*URL).set*');
  assert.deepEqual(setters, traced('net/url.(*URL).set*'));
  assert.ok(setters.includes('net/url.(*URL).setPath'));
});

test('a pattern that matches thousands is cut at the limit', slow, async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const plan = planOf(binary, '*', 50);
  checkPlan(plan);
  assert.ok(plan.report.matched > 4000);
  assert.equal(plan.report.taken, 50);
});

test('a whole package: one set of sites for each function, plans within the limits', slow, async () => {
  using binary = openGoBinary(await goTarget('httpserver'));
  const plan = planOf(binary, 'net/http.*', 5000);
  checkPlan(plan);
  const functionProbes = plan.probes.filter(({ description }) => description.kind === 'function');
  assert.ok(functionProbes.length > 400);
  assert.ok(plan.plans.reduce((sum, { ops }) => sum + ops.length, 0) < planLimits.planOps / 2);
  for (const { signatureUnavailable, description } of functionProbes)
    assert.equal(signatureUnavailable, undefined, description.functionName);
});

test('calls that the compiler inlined are named, not missed in silence', async () => {
  const executable = await goTarget('httpserver', { go: '1.26' });
  using binary = openGoBinary(executable);
  const plan = planOf(binary, 'net/http.(*Request).Context;net/http.Header.Get;net/http.(*Server).Serve');
  const lines = planProblems(plan.report).join('\n');
  assert.match(
    lines,
    /counted without arguments, results and duration: .*net\/http\.\(\*Request\)\.Context \(\d+ place/,
  );
  assert.doesNotMatch(lines, /Serve/);
  const counted = plan.probes.filter(({ description }) => description.inlined !== undefined);
  assert.ok(counted.length > 1);
  for (const { description } of counted) assert.match(description.functionName, /Context|Get$/);
});

test('type descriptors that can not be read cost presets and dynamic types, not the functions', slow, async () => {
  const path = await goTarget('httpserver');
  using sound = openGoBinary(path);
  const whole = planOf(sound, 'main.*');
  assert.equal(whole.report.presets[0]?.unavailable, undefined);
  const { module, offsetOf } = tables(path);
  using file = new DamagedFile(path);
  const etypes = module.vaddr + (module.types?.layout.moduledata.etypes ?? 0);
  file.with([{ fileOffset: offsetOf(etypes), bytes: u64(0) }], () => {
    using binary = openGoBinary(file.path);
    const plan = planOf(binary, 'main.*');
    checkPlan(plan);
    const [server] = plan.report.presets;
    assert.match(server?.unavailable ?? '', /no known layout fits moduledata/);
    assert.equal(server?.isAbsent, undefined);
    assert.ok(plan.probes.every(({ preset }) => preset === undefined));
    const traced = ({ probes }: ProbePlan) =>
      probes
        .filter(({ description }) => description.kind === 'function' && !description.inlined)
        .map(({ description, arguments: shape }) => [description.functionName, shape?.values.map(({ name }) => name)]);
    assert.deepEqual(traced(plan), traced(whole));
    assert.deepEqual(plan.process, whole.process);
    assert.match(planProblems(plan.report).join('\n'), /values behind interfaces are not read: .* no known layout/);
  });
});
