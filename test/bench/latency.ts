import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { below, type Figure, median, numberText } from './figure.ts';
import { exportTo, load, startAgent, startService } from './stage.ts';

/** What the slowest requests wait longer, at half of what the service can do without Sidespan; with and without in turns. */
export async function latency(quick: boolean): Promise<Figure[]> {
  const rounds = quick ? 2 : 3;
  const seconds = quick ? 2 : 3;
  await using service = await startService(await goTarget('httpserver'));
  await using sink = await startOtlpSink();
  await load(service.address, { requests: 10_000 });
  const { requestsPerSecond } = await load(service.address, { requests: quick ? 20_000 : 50_000 });
  const perSecond = Math.round(requestsPerSecond / 2);
  const p99Ms = async () => {
    const { p99Ns } = await load(service.address, { requests: perSecond * seconds, perSecond });
    return p99Ns / 1e6;
  };
  const without: number[] = [];
  const during: number[] = [];
  for (let round = 0; round < rounds; round++) {
    without.push(await p99Ms());
    await using agent = await startAgent(service.pid, exportTo(sink.grpc));
    await load(service.address, { requests: perSecond, perSecond });
    during.push(await p99Ms());
    await agent.stop();
  }
  const list = (values: readonly number[]) => values.map(numberText).join(', ');
  return [
    {
      what: 'p99 latency of the service at half its saturation load, with / without the agent',
      unit: 'x',
      measured: median(during) / median(without),
      target: below(1.05),
      note: `at ${numberText(perSecond)} requests/s; without ${list(without)} ms, with ${list(during)} ms; service, load, agent and receiver share the processors`,
    },
  ];
}
