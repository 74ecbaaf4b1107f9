import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { exactly, type Figure, numberText } from './figure.ts';
import { cpuMicros, memoryMb } from './process-figures.ts';
import { ledgerText, sum } from './requests.ts';
import { exportTo, startAgent, startService } from './stage.ts';

const perSecond = 50_000;
/** Of the rate: below, the machine did not make the load. */
const LEAST_SHARE = 0.95;
const agentProcessor = '0';
const otherProcessors = '1';

/** Spans of a function with an argument and a result at a rate that fills a core; the agent has one to itself. */
export async function throughput(quick: boolean): Promise<Figure[]> {
  const seconds = quick ? 3 : 8;
  await using service = await startService(await goTarget('steady'));
  await using sink = await startOtlpSink();
  await using agent = await startAgent(service.pid, {
    ...exportTo(sink.grpc),
    SIDESPAN_PRESETS: 'none',
    SIDESPAN_FUNCTIONS: 'main.Step',
  });
  pin(agent.pid, agentProcessor);
  pin(service.pid, otherProcessors);
  const lines = createInterface({ input: service.child.stdout as Readable });
  const call = async (calls: number, rate: number) => {
    const done = once(lines, 'line');
    service.child.stdin?.write(`${calls} ${rate}\n`);
    await done;
  };
  await call(perSecond, perSecond / 5);
  const before = cpuMicros(agent.pid);
  const begun = performance.now();
  await call(perSecond * seconds, perSecond);
  const reached = (perSecond * seconds * 1000) / (performance.now() - begun);
  const cpu = (cpuMicros(agent.pid) - before) / (perSecond * seconds);
  const rss = memoryMb(agent.pid);
  await agent.stop();
  const { seen, exported } = sum(agent.ledger());
  return [
    {
      what: `spans lost at ${numberText(perSecond)}/s, agent on one core, of ${numberText(seen)}`,
      unit: 'spans',
      // At a lower rate nothing is shown.
      measured: reached > LEAST_SHARE * perSecond ? seen - exported : Number.NaN,
      target: exactly(0),
      note: `the load came to ${numberText(Math.round(reached))} calls/s; agent ${numberText(cpu)} us a span, RSS ${numberText(rss)} MB; ${ledgerText(agent.ledger())}`,
    },
  ];
}

function pin(pid: number, processors: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)], { stdio: 'ignore' });
}
