import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { goTarget } from '../support/go-target.ts';
import { below, exactly, type Figure, median, numberText } from './figure.ts';
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
    await sixArguments(quick, 'constants'),
    await sixArguments(quick, 'made at run time'),
    await exact(quick),
  ];
}

/** Two strings, a slice, a struct, an int64 and a bool; what the entry's hit takes over that of a function without any. */
/** Of constants the kernel side sends the addresses alone. */
async function sixArguments(quick: boolean, texts: 'constants' | 'made at run time'): Promise<Figure> {
  const calls = quick ? 5_000 : 20_000;
  const rounds = 7;
  await using service = await startService(await goTarget('sixarguments'), [
    '-calls',
    String(calls),
    ...(texts === 'constants' ? [] : ['-heap']),
  ]);
  await using agent = await startAgent(service.pid, {
    SIDESPAN_PRESETS: 'none',
    SIDESPAN_FUNCTIONS: 'main.Six;main.None',
  });
  const lines = createInterface({ input: service.child.stdout as Readable });
  using _ = countBpfRuns();
  const nsPerCall = async (name: string) => {
    const before = uprobeRuns(agent.pid);
    const done = once(lines, 'line');
    service.child.stdin?.write(`${name}\n`);
    await done;
    const { runs, timeNs } = uprobeRuns(agent.pid);
    if (runs - before.runs < 2 * calls) throw new Error(`${runs - before.runs} hits in ${calls} calls of ${name}`);
    return (timeNs - before.timeNs) / calls;
  };
  const six: number[] = [];
  const none: number[] = [];
  for (let round = 0; round < rounds; round++) {
    none.push(await nsPerCall('None'));
    six.push(await nsPerCall('Six'));
  }
  await agent.stop();
  const [perSix, perNone] = [median(six), median(none)];
  return {
    what: `capture of 6 arguments (2 strings, slice, struct; texts ${texts}): BPF run time of the hit`,
    unit: 'us',
    measured: (perSix - perNone / 2) / 1000,
    target: below(1.5),
    note: `a call's two hits ${numberText(perSix)} ns, of a function without arguments ${numberText(perNone)}; median of ${rounds} rounds of ${numberText(calls)}, the counting included`,
  };
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
