import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { below, exactly, type Figure, median, numberText } from './figure.ts';
import { countBpfRuns, cpuMicros, uprobeRuns } from './process-figures.ts';
import { exportTo, type Ledger, load, type Service, startAgent, startService } from './stage.ts';

const saturated = 64;

/** What one HTTP/1.1 request costs the service, and whether every one of them is accounted for. */
export async function requests(quick: boolean): Promise<Figure[]> {
  await using service = await startService(await goTarget('httpserver'));
  await using sink = await startOtlpSink();
  await load(service.address, { requests: 5000 });
  const figures = await saturation(service, exportTo(sink.grpc), quick ? 2 : 5);

  const steady = quick ? 20_000 : 50_000;
  {
    await using agent = await startAgent(service.pid, exportTo(sink.grpc));
    const { requestsPerSecond } = await load(service.address, { requests: steady, perSecond: 5000 });
    await agent.stop();
    figures.push({
      what: `requests dropped at 5,000 req/s, of ${numberText(steady)}`,
      unit: 'requests',
      measured: steady - sum(agent.ledger()).exported,
      target: exactly(0),
      note: `the load came to ${numberText(Math.round(requestsPerSecond))} requests/s; ${ledgerText(agent.ledger())}`,
    });
  }
  return [...(await hits(quick)), ...figures];
}

/** With and without the agent in turns: from one second to the next the same request costs a third more or less. */
async function saturation(service: Service, env: Readonly<Record<string, string>>, rounds: number): Promise<Figure[]> {
  const count = 40_000;
  const warmUp = 5000;
  const perRequest = async () => {
    const before = cpuMicros(service.pid);
    const { requestsPerSecond, p99Ns } = await load(service.address, { requests: count, connections: saturated });
    return { cpu: (cpuMicros(service.pid) - before) / count, requestsPerSecond, p99Ms: p99Ns / 1e6 };
  };
  const without = [await perRequest()];
  const during: typeof without = [];
  const agentCpu: number[] = [];
  const ledgers: Ledger[] = [];
  for (let round = 0; round < rounds; round++) {
    await using agent = await startAgent(service.pid, env);
    await load(service.address, { requests: warmUp });
    const agentBefore = cpuMicros(agent.pid);
    during.push(await perRequest());
    agentCpu.push((cpuMicros(agent.pid) - agentBefore) / count);
    await agent.stop();
    ledgers.push(agent.ledger());
    without.push(await perRequest());
  }
  const added = during.map(
    ({ cpu }, round) => cpu - mean([without[round], without[round + 1]].map((phase) => phase!.cpu)),
  );
  const list = (phases: typeof without, of: keyof (typeof without)[number]) =>
    phases.map((phase) => numberText(Math.round(phase[of] * 10) / 10)).join(' ');
  const calls = rounds * (count + warmUp);
  const all: Ledger = { balanced: true, probes: ledgers.flatMap(({ probes }) => probes) };
  return [
    {
      what: `added CPU of the service per HTTP/1.1 request, ${saturated} connections`,
      unit: 'us',
      measured: median(added),
      baseline: { value: median(without.map(({ cpu }) => cpu)), of: 'a request without the agent' },
      target: below(4),
      note:
        `median of ${rounds} turns: ${added.map(numberText).join(' ')}; without ${list(without, 'cpu')}, with ${list(during, 'cpu')} us; ` +
        `requests/s ${list(without, 'requestsPerSecond')}, with ${list(during, 'requestsPerSecond')}; ` +
        `p99 ${list(without, 'p99Ms')}, with ${list(during, 'p99Ms')} ms; agent ${numberText(median(agentCpu))} us a request`,
    },
    accounted(`requests accounted for at saturation, of ${numberText(calls)}`, all, calls),
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** In a pass of its own: the kernel's statistics cost time. */
async function hits(quick: boolean): Promise<Figure[]> {
  const count = quick ? 5000 : 20_000;
  await using service = await startService(await goTarget('httpserver'));
  await using agent = await startAgent(service.pid);
  await load(service.address, { requests: 1000 });
  using _ = countBpfRuns();
  const before = uprobeRuns(agent.pid);
  await load(service.address, { requests: count, connections: 8 });
  const after = uprobeRuns(agent.pid);
  const runs = after.runs - before.runs;
  const attached = /attached (.*) in \d+ ms/.exec(agent.log())?.[1] ?? 'unknown';
  await agent.stop();
  return [
    {
      what: 'uprobe hits per HTTP/1.1 request, default preset',
      unit: 'hits',
      measured: Number((runs / count).toFixed(2)),
      target: exactly(2),
      note: attached,
    },
    {
      what: 'BPF time per HTTP/1.1 request',
      unit: 'us',
      measured: (after.timeNs - before.timeNs) / 1000 / count,
      note: `${numberText((after.timeNs - before.timeNs) / runs)} ns a run, the counting included`,
    },
  ];
}

export function sum({ probes }: Ledger) {
  const total = (of: (probe: Ledger['probes'][number]) => number) => probes.reduce((all, probe) => all + of(probe), 0);
  return {
    seen: total(({ seen }) => seen),
    exported: total(({ exported }) => exported),
    sampledOut: total(({ sampledOut }) => sampledOut),
    dropped: total(({ dropped }) => Object.values(dropped).reduce((all, count) => all + count, 0)),
  };
}

export function ledgerText(ledger: Ledger): string {
  const { seen, exported, sampledOut, dropped } = sum(ledger);
  const reasons = ledger.probes
    .flatMap((probe) => Object.entries(probe.dropped))
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${numberText(count)}`);
  const text = `seen ${numberText(seen)} = exported ${numberText(exported)} + sampled out ${numberText(sampledOut)} + dropped ${numberText(dropped)}`;
  return reasons.length === 0 ? text : `${text} (${reasons.join(', ')})`;
}

export function accounted(what: string, ledger: Ledger, calls: number): Figure {
  const { seen, exported, sampledOut, dropped } = sum(ledger);
  return {
    what,
    unit: '%',
    measured: seen === calls && exported + sampledOut + dropped === seen ? 100 : (100 * seen) / calls - 1e-9,
    target: exactly(100),
    note: ledgerText(ledger),
  };
}
