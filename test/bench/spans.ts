import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { below, type Figure, numberText } from './figure.ts';
import { cpuMicros, memoryMb } from './process-figures.ts';
import { exportTo, load, startAgent, startService } from './stage.ts';

/** What exported spans cost the agent in CPU time, and whether its memory stays where it is. */
export async function spans(quick: boolean): Promise<Figure[]> {
  const steps = quick ? 2 : 4;
  const step = 100_000;
  const perSecond = 5000;
  await using service = await startService(await goTarget('httpserver'));
  await using sink = await startOtlpSink();
  await using agent = await startAgent(service.pid, exportTo(sink.grpc));
  await load(service.address, { requests: 20_000, perSecond });

  const idle = memoryMb(agent.pid);
  const memory: number[] = [];
  let cpu = 0;
  for (let at = 0; at < steps; at++) {
    // The first is at the rate that the target names; the others as fast as all of them are exported.
    const rate = at === 0 ? perSecond : 2 * perSecond;
    const before = cpuMicros(agent.pid);
    await load(service.address, { requests: step, perSecond: rate });
    if (at === 0) cpu = (cpuMicros(agent.pid) - before) / step;
    memory.push(memoryMb(agent.pid));
  }
  const highest = memoryMb(agent.pid, 'VmHWM');
  await agent.stop();
  const { spans: arrived } = await sink.state();
  return [
    {
      what: `agent CPU per exported span at ${numberText(perSecond)} spans/s (OTLP over gRPC)`,
      unit: 'us',
      measured: cpu,
      target: below(8),
    },
    {
      what: `agent memory (RSS) at ${numberText(2 * perSecond)} spans/s, the most of ${steps - 1} readings`,
      unit: 'MB',
      measured: Math.max(...memory.slice(1)),
      baseline: { value: idle, of: 'after the first 20,000' },
      target: below(100),
      note:
        `after every ${numberText(step)}: ${memory.map((mb) => mb.toFixed(0)).join(' ')} MB; at its highest ` +
        `${highest.toFixed(0)} MB; ${numberText(arrived)} spans arrived`,
    },
  ];
}
