import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BinaryError } from '../../src/binary/binary-error.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { functionPattern } from '../../src/probe/pattern.ts';
import { planProbes } from '../../src/probe/plan-probes.ts';
import { allPresets } from '../../src/probe/preset/presets.ts';
import { createPlanner, type Planner, type PlannerOptions } from '../../src/tracer/planner.ts';
import { goTarget } from '../support/go-target.ts';

const options = { patterns: ['main.*', 'net/http.*'].map(functionPattern), presets: allPresets, maxFunctions: 200 };

/** Processes that this one has started and that run still. */
function children(): number[] {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return pids.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('planner-process'));
}

test('the plan that another process made is the plan', async () => {
  const path = await goTarget('httpserver');
  using planner = createPlanner();
  using binary = openGoBinary(path);
  const here = planProbes(binary, options);
  assert.ok(here.value !== undefined && here.value.probes.length > 100 && here.value.dynamicTypes.length > 20);
  assert.deepEqual(await planner.plan(path, options), JSON.parse(JSON.stringify(here)));
});

test('several requests are answered each by its own answer', async () => {
  const paths = [await goTarget('httpserver'), '/bin/sh', await goTarget('load')] as const;
  using planner = createPlanner();
  const [server, shell, load] = await Promise.allSettled(paths.map((path) => planner.plan(path, options)));
  assert.equal(server?.status, 'fulfilled');
  assert.equal(load?.status, 'fulfilled');
  assert.notDeepEqual(server, load);
  assert.equal(shell?.status, 'rejected');
  const error: unknown = shell?.status === 'rejected' && shell.reason;
  assert.ok(error instanceof BinaryError);
  assert.equal(error.kind, 'not-go');
  assert.match(error.message, /^\/bin\/sh: it is no Go program/);
});

test('a planner that is killed fails what was asked of it; the next question is answered', async () => {
  const path = await goTarget('httpserver');
  using planner = createPlanner();
  const asked = planner.plan(path, options);
  for (const pid of children()) process.kill(pid, 'SIGKILL');
  await assert.rejects(asked, /the process that plans its probes ended \(SIGKILL\)/);
  assert.ok((await planner.plan(path, options)).value !== undefined);
});

test('what was asked behind the question that a planner died of is asked again', async () => {
  const paths = [await goTarget('httpserver'), '/bin/sh', await goTarget('load')] as const;
  const { planner, pid } = startPlanner();
  using _planner = planner;
  using _ = heldOpen();
  const asked = paths.map((path) => planner.plan(path, options));
  process.kill(pid, 'SIGKILL');
  const [server, shell, load] = await Promise.allSettled(asked);
  assert.match(String(server?.status === 'rejected' && server.reason), /httpserver.* ended \(SIGKILL\)/);
  assert.match(String(shell?.status === 'rejected' && shell.reason), /it is no Go program/);
  assert.equal(load?.status, 'fulfilled');
});

test('a planner that is closed answers nothing more', async () => {
  const paths = [await goTarget('httpserver'), await goTarget('load')] as const;
  const { planner } = startPlanner();
  using _ = heldOpen();
  const asked = paths.map((path) => planner.plan(path, options));
  const before = children().length;
  planner[Symbol.dispose]();
  for (const { status } of await Promise.allSettled(asked)) assert.equal(status, 'rejected');
  assert.ok(children().length < before);
});

/** A planner, and the process that it has started: those of earlier tests may take a moment to be gone. */
function startPlanner(options?: PlannerOptions): { planner: Planner; pid: number } {
  const before = children();
  const planner = createPlanner(options);
  const pid = children().find((child) => !before.includes(child));
  assert.ok(pid !== undefined, 'no planner was started');
  return { planner, pid };
}

/** Until the process has nothing to do but wait, while this one reads nothing. */
function untilWaiting(pid: number): void {
  for (let tries = 0, waiting = 0; waiting < 5; tries++) {
    assert.ok(tries < 1200, `process ${pid} did not come to rest within a minute`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    waiting = readFileSync(`/proc/${pid}/wchan`, 'utf8').includes('poll') ? waiting + 1 : 0;
  }
}

test('a planner that is killed in the middle of its answer fails what was asked of it, not the agent', async () => {
  const path = await goTarget('httpserver');
  const { planner, pid } = startPlanner();
  using _planner = planner;
  using _ = heldOpen();
  const asked = planner.plan(path, options);
  // The answer is larger than what fits between the two: its rest is not written before this process reads.
  untilWaiting(pid);
  process.kill(pid, 'SIGKILL');
  await assert.rejects(asked, /the process that plans its probes ended \(SIGKILL\)/);
});

test('a plan that takes too long fails; what was asked behind it is answered', async () => {
  const path = await goTarget('httpserver');
  const { planner, pid } = startPlanner({ timeoutMs: 10_000 });
  using _planner = planner;
  using _ = heldOpen();
  const asked = [planner.plan(path, options), planner.plan('/bin/sh', options)];
  process.kill(pid, 'SIGSTOP');
  const [first, second] = await Promise.allSettled(asked);
  assert.match(
    String(first?.status === 'rejected' && first.reason),
    /httpserver.*: its probes were not planned within 10 s/,
  );
  assert.match(String(second?.status === 'rejected' && second.reason), /it is no Go program/);
});

/** The planner holds no process up. */
function heldOpen(): Disposable {
  const timer = setInterval(() => {}, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

test('nothing runs when nothing is asked', async () => {
  using planner = createPlanner();
  const path = await goTarget('httpserver');
  await planner.plan(path, options);
  while (children().length > 0) await sleep(20);
  assert.ok((await planner.plan(path, options)).value !== undefined);
});
