import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { goTarget } from '../support/go-target.ts';
import { start, startUntilLine } from '../support/running.ts';
import { assertCodeUntouched, assertReleased, changedCode, heldBy } from './left-behind.ts';
import { type RunningAgent, type Server, sendLoad, startAgent, startServer, testFolder } from './running-agent.ts';

/** A copy of the server with a name that no other process on the machine has. */
async function ownServer(context: TestContext): Promise<string> {
  const path = join(testFolder(context), `followed-${process.pid}`);
  copyFileSync(await goTarget('httpserver'), path);
  return path;
}

async function end({ child }: Server): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Requests seen and exported, by pid. */
function requestsOf(agent: RunningAgent): Record<string, number> {
  const { balanced, probes } = agent.summary();
  assert.equal(balanced, true, agent.log());
  const requests = probes.filter(({ kind }) => kind === 'http.server');
  for (const { seen, exported } of requests) assert.equal(seen, exported, agent.log());
  return Object.fromEntries(requests.map(({ pid, seen }) => [String(pid), seen]));
}

test('a target started after the agent, and started again', async (context) => {
  const executable = await ownServer(context);
  const agent = startAgent(context, { SIDESPAN_TARGET_EXE: executable });
  await agent.until(/no process matches yet/);
  const first = await startServer(context, executable);
  await agent.untilAttached(first.pid);
  await sendLoad(context, first.address, ['/hello'], 40);
  await end(first);
  await agent.until(new RegExp(`pid ${first.pid}\\) ended`));
  const second = await startServer(context, executable);
  await agent.untilAttached(second.pid);
  await sendLoad(context, second.address, ['/hello'], 70);
  assert.equal((await agent.stop()).code, 0);
  assert.deepEqual(requestsOf(agent), { [first.pid]: 40, [second.pid]: 70 });
  await assertCodeUntouched(second.pid);
});

test('of two processes of one executable only the chosen one is traced; all when all are meant', async (context) => {
  const executable = await ownServer(context);
  const [one, other] = [await startServer(context, executable), await startServer(context, executable)];
  const port = one.address.split(':')[1] as string;
  for (const choice of [{ SIDESPAN_TARGET_PID: `${one.pid}` }, { SIDESPAN_TARGET_PORT: port }]) {
    const agent = startAgent(context, choice);
    await agent.untilAttached(one.pid);
    assert.deepEqual(changedCode(other.pid), [], 'the other one has no probe');
    await sendLoad(context, one.address, ['/hello'], 30);
    await sendLoad(context, other.address, ['/hello'], 50);
    assert.equal((await agent.stop()).code, 0);
    assert.deepEqual(requestsOf(agent), { [one.pid]: 30 });
  }
  const agent = startAgent(context, { SIDESPAN_TARGET_EXE: executable });
  await agent.untilAttached(one.pid);
  await agent.untilAttached(other.pid);
  await sendLoad(context, one.address, ['/hello'], 30);
  await sendLoad(context, other.address, ['/hello'], 50);
  assert.equal((await agent.stop()).code, 0);
  assert.deepEqual(requestsOf(agent), { [one.pid]: 30, [other.pid]: 50 });
});

test('an executable replaced on disk: what runs is traced', async (context) => {
  const executable = await ownServer(context);
  const server = await startServer(context, executable);
  const other = `${executable}.new`;
  copyFileSync(await goTarget('exact'), other);
  renameSync(other, executable);
  const agent = startAgent(context, { SIDESPAN_TARGET_PID: `${server.pid}`, SIDESPAN_FUNCTIONS: 'main.Greeting' });
  await agent.untilAttached(server.pid);
  await sendLoad(context, server.address, ['/greet/guest'], 60);
  assert.equal((await agent.stop()).code, 0);
  assert.deepEqual(requestsOf(agent), { [server.pid]: 60 });
  assert.equal(agent.summary().probes.find(({ functionName }) => functionName === 'main.Greeting')?.seen, 60);
  await assertCodeUntouched(server.pid);
});

test('processes that end while they are attached to', async (context) => {
  const executable = await ownServer(context);
  const agent = startAgent(context, { SIDESPAN_TARGET_EXE: executable, SIDESPAN_FUNCTIONS: 'main.*' });
  await agent.until(/viewer: /);
  // Attaching takes a fraction of a second: this hits every part of it.
  for (let round = 0; round < 30; round++) {
    const child = start(context, executable, [], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await sleep(15 + round * 12);
    child.kill('SIGKILL');
    await ended;
  }
  assert.equal(agent.child.exitCode, null, agent.log());
  // It is none the worse for it.
  const server = await startServer(context, executable);
  await agent.untilAttached(server.pid);
  await sendLoad(context, server.address, ['/hello'], 20);
  const held = heldBy(agent.pid);
  assert.equal((await agent.stop()).code, 0, agent.log());
  assert.equal(requestsOf(agent)[server.pid], 20);
  assert.doesNotMatch(agent.log(), /^\s+at |TypeError|RangeError/m);
  await assertReleased(held);
});

test('exec of another program in the same process: that one is traced from then on', async (context) => {
  const executable = await ownServer(context);
  const reexec = await goTarget('reexec');
  const { pid, child } = await startUntilLine(context, reexec, [executable]);
  const agent = startAgent(context, { SIDESPAN_TARGET_PID: `${pid}` });
  await agent.until(new RegExp(`pid ${pid}, \\S+reexec\\)`));
  const next = once(child.stdout!, 'data');
  child.kill('SIGHUP');
  const address = String((await next)[0])
    .trim()
    .replace('listening ', '');
  await agent.until(new RegExp(`pid ${pid}, \\S+followed-\\d+\\): [^\\n]*; attached `));
  await sendLoad(context, address, ['/hello'], 45);
  assert.equal((await agent.stop()).code, 0);
  assert.equal(requestsOf(agent)[pid], 45);
  await assertCodeUntouched(pid);
});
