import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { changedCode } from '../e2e/left-behind.ts';
import { goTarget } from '../support/go-target.ts';
import { grpcTarget } from '../support/grpc-target.ts';
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts';
import { below, type Figure, median, numberText } from './figure.ts';
import { exportTo, load, startAgent, startService } from './stage.ts';

const run = promisify(execFile);

/** From a request's end to its span at the receiver, one request a second. */
export async function delay(quick: boolean): Promise<Figure[]> {
  const count = quick ? 4 : 15;
  await using service = await startService(await goTarget('httpserver'));
  await using sink = await startOtlpSink();
  await using agent = await startAgent(service.pid, exportTo(sink.grpc));
  await load(service.address, { requests: count, connections: 1, perSecond: 1 });
  await arrivals(sink, count);
  const delays = (await sink.spans()).map(
    (span) => span.receivedUnixMs - (Number(BigInt(span.startUnixNs) / 1000n) / 1000 + span.durationNs / 1e6),
  );
  await agent.stop();
  return [
    {
      what: 'request end to OTLP arrival at 1 req/s, the longest',
      unit: 'ms',
      measured: Math.max(...delays),
      target: below(1000),
      note: `median of ${delays.length}: ${numberText(median(delays))} ms`,
    },
  ];
}

async function arrivals(sink: OtlpSink, count: number): Promise<void> {
  const limit = Date.now() + 10_000;
  while ((await sink.state()).spans < count) {
    if (Date.now() > limit) throw new Error(`${(await sink.state()).spans} of ${count} spans arrived`);
    await sleep(5);
  }
}

/** From the agent's start to the first span at the receiver, the service under a steady small load. */
export async function start(quick: boolean): Promise<Figure[]> {
  const rounds = quick ? 1 : 5;
  const executable = await grpcTarget();
  const client = await goTarget('grpcserver/grpcload');
  await using service = await startService(executable);
  const first: number[] = [];
  const attached: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using sink = await startOtlpSink();
    const calls = run(client, ['-target', service.address, '-n', '300', '-c', '2', '-rate', '50']);
    await sleep(200);
    await using agent = await startAgent(service.pid, exportTo(sink.grpc));
    attached.push(Date.now() - agent.startedUnixMs);
    await arrivals(sink, 1);
    first.push(Math.min(...(await sink.spans()).map((span) => span.receivedUnixMs)) - agent.startedUnixMs);
    await calls;
    await agent.stop();
  }
  return [
    {
      what: `agent start to first span at the receiver, gRPC service of ${(statSync(executable).size / 1e6).toFixed(0)} MB`,
      unit: 'ms',
      measured: median(first),
      target: below(2000),
      note: `median of ${rounds}; longest ${numberText(Math.max(...first))} ms; attached after ${numberText(median(attached))} ms`,
    },
  ];
}

/** SIGTERM under load: until the probes are gone from the service's code, until the agent has ended. */
export async function stop(quick: boolean): Promise<Figure[]> {
  const rounds = quick ? 1 : 5;
  await using service = await startService(await goTarget('httpserver'));
  await using sink = await startOtlpSink();
  const gone: number[] = [];
  const ended: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using agent = await startAgent(service.pid, exportTo(sink.grpc));
    const requests = load(service.address, { requests: 4000, perSecond: 1000, connections: 8 });
    await sleep(1500);
    if (changedCode(service.pid).length === 0) throw new Error('no probe is in the code that is to lose it');
    const begun = performance.now();
    const exit = once(agent.child, 'exit').then(() => ended.push(performance.now() - begun));
    agent.child.kill('SIGTERM');
    while (changedCode(service.pid).length > 0) await sleep(2);
    gone.push(performance.now() - begun);
    await exit;
    await requests;
  }
  return [
    {
      what: 'SIGTERM: service without probes after',
      unit: 'ms',
      measured: Math.max(...gone),
      target: below(500),
      note: `longest of ${rounds}, 1,000 req/s; median ${numberText(median(gone))} ms`,
    },
    {
      what: 'SIGTERM: agent ended after its flush',
      unit: 'ms',
      measured: Math.max(...ended),
      target: below(5000),
      note: `longest of ${rounds}; median ${numberText(median(ended))} ms`,
    },
  ];
}
