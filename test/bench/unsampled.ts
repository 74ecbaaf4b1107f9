import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { below, type Figure, numberText } from './figure.ts';
import { countBpfRuns, cpuMicros, uprobeRuns } from './process-figures.ts';
import { exportTo, load, startAgent, startService } from './stage.ts';

const saturated = 64;
const none = { OTEL_TRACES_SAMPLER: 'always_off', OTEL_METRIC_EXPORT_INTERVAL: '10000' };

/** What a request costs that is not sampled: counted and timed in the kernel, read for metrics every ten seconds. */
export async function unsampled(quick: boolean): Promise<Figure[]> {
  const count = quick ? 20_000 : 100_000;
  await using service = await startService(await goTarget('httpserver'));
  await using sink = await startOtlpSink();
  await load(service.address, { requests: 5000 });
  const perRequest = async () => {
    const before = cpuMicros(service.pid);
    const begun = performance.now();
    await load(service.address, { requests: count, connections: saturated });
    return { cpu: (cpuMicros(service.pid) - before) / count, tookMs: performance.now() - begun };
  };

  const before = await perRequest();
  await using agent = await startAgent(service.pid, { ...exportTo(sink.grpc), ...none });
  await load(service.address, { requests: 5000 });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const idleFrom = cpuMicros(agent.pid);
  const idleMs = quick ? 3000 : 10_000;
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const busyFrom = cpuMicros(agent.pid);
  const during = await perRequest();
  const idle = ((busyFrom - idleFrom) / idleMs) * during.tookMs;
  const busy = cpuMicros(agent.pid) - busyFrom;
  const bpfNs = await bpfTime(agent.pid, service.address, quick ? 5000 : 20_000);
  await agent.stop();
  const after = await perRequest();
  const without = (before.cpu + after.cpu) / 2;
  return [
    {
      what: `added CPU of the service per HTTP/1.1 request that is not sampled, ${saturated} connections`,
      unit: 'us',
      measured: during.cpu - without,
      baseline: { value: without, of: 'a request without the agent' },
      target: below(4),
      note:
        `without ${numberText(before.cpu)}, with ${numberText(during.cpu)}, without again ${numberText(after.cpu)} us; ` +
        `BPF time ${numberText(bpfNs / 1000)} us a request`,
    },
    {
      what: 'agent CPU per HTTP/1.1 request that is not sampled',
      unit: 'us',
      measured: Math.max(0, busy - idle) / count,
      target: below(0.2),
      note:
        `${numberText(busy / 1000)} ms in ${numberText(during.tookMs / 1000)} s of load, of which ${numberText(idle / 1000)} ms ` +
        'as without load; the kernel counts in steps of 10 ms',
    },
  ];
}

/** A request; in a pass of its own: the kernel's statistics cost time. */
async function bpfTime(agentPid: number, address: string, count: number): Promise<number> {
  using _ = countBpfRuns();
  const before = uprobeRuns(agentPid);
  await load(address, { requests: count, connections: 8 });
  return (uprobeRuns(agentPid).timeNs - before.timeNs) / count;
}
