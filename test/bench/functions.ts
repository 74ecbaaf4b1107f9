import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { goTarget } from '../support/go-target.ts';
import { exactly, type Figure, numberText } from './figure.ts';
import { countBpfRuns, cpuMicros, uprobeRuns } from './process-figures.ts';
import { accounted } from './requests.ts';
import { type Agent, load, startAgent, startService } from './stage.ts';

const greeting = { SIDESPAN_PRESETS: 'none', SIDESPAN_FUNCTIONS: 'main.Greeting' };

/** A user's function with two captured arguments (string, int) and two results, called once a request. */
export async function functions(quick: boolean): Promise<Figure[]> {
  const count = quick ? 10_000 : 50_000;
  const path = '/greet/someone';
  await using service = await startService(await goTarget('httpserver'));
  await load(service.address, { path, requests: 5000 });
  const perCall = async () => {
    const before = cpuMicros(service.pid);
    await load(service.address, { path, requests: count });
    return (cpuMicros(service.pid) - before) / count;
  };
  const before = await perCall();
  let during: number;
  let hits: number;
  {
    await using agent = await startAgent(service.pid, greeting);
    during = await perCall();
    hits = await runsPerCall(agent, service.address, path);
    await agent.stop();
  }
  const after = await perCall();
  const without = (before + after) / 2;
  return [
    { what: 'function with two captured arguments: hits per call', unit: 'hits', measured: hits, target: exactly(2) },
    {
      what: 'function with two captured arguments: added CPU per call',
      unit: 'us',
      measured: during - without,
      baseline: { value: without, of: 'the request around it, without the agent' },
      note: `without ${numberText(before)}, with ${numberText(during)}, without again ${numberText(after)} us; its RET is single-stepped`,
    },
    await exact(quick),
  ];
}

async function runsPerCall(agent: Agent, address: string, path: string): Promise<number> {
  const requests = 5000;
  using _ = countBpfRuns();
  const before = uprobeRuns(agent.pid).runs;
  await load(address, { path, requests });
  return Number(((uprobeRuns(agent.pid).runs - before) / requests).toFixed(2));
}

/** The target calls from 64 goroutines, grows stacks and collects garbage all the time. */
async function exact(quick: boolean): Promise<Figure> {
  const calls = quick ? 100_000 : 1_000_000;
  await using service = await startService(await goTarget('exact'), [
    '-calls',
    String(calls),
    '-goroutines',
    '64',
    '-hold',
  ]);
  await using agent = await startAgent(service.pid, { SIDESPAN_PRESETS: 'none', SIDESPAN_FUNCTIONS: 'main.Traced' });
  const report = once(createInterface({ input: service.child.stdout as Readable }), 'line');
  const begun = performance.now();
  service.child.stdin?.write('\n');
  await report;
  const seconds = (performance.now() - begun) / 1000;
  await agent.stop();
  const figure = accounted(`calls from 64 goroutines accounted for, of ${numberText(calls)}`, agent.ledger(), calls);
  return { ...figure, note: `${figure.note}; took ${seconds.toFixed(0)} s` };
}
