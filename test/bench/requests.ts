import { goTarget } from '../support/go-target.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { below, exactly, type Figure, numberText } from './figure.ts';
import { countBpfRuns, cpuMicros, uprobeRuns } from './process-figures.ts';
import { exportTo, type Ledger, load, startAgent, startService } from './stage.ts';

const saturated = 64;

/** What one HTTP/1.1 request costs the service, and whether every one of them is accounted for. */
export async function requests(quick: boolean): Promise<Figure[]> {
  const count = quick ? 20_000 : 100_000;
  await using service = await startService(await goTarget('httpserver'));
  await using sink = await startOtlpSink();
  await load(service.address, { requests: 5000 });

  const perRequest = async () => {
    const before = cpuMicros(service.pid);
    const { requestsPerSecond, p99Ns } = await load(service.address, { requests: count, connections: saturated });
    return { cpu: (cpuMicros(service.pid) - before) / count, requestsPerSecond, p99Ns };
  };
  const figures: Figure[] = [];

  const before = await perRequest();
  {
    await using agent = await startAgent(service.pid, exportTo(sink.grpc));
    await load(service.address, { requests: 5000 });
    const agentBefore = cpuMicros(agent.pid);
    const during = await perRequest();
    const agentCpu = (cpuMicros(agent.pid) - agentBefore) / count;
    await agent.stop();
    const after = await perRequest();
    const without = (before.cpu + after.cpu) / 2;
    figures.push({
      what: `added CPU of the service per HTTP/1.1 request, ${saturated} connections`,
      unit: 'us',
      measured: during.cpu - without,
      baseline: { value: without, of: 'a request without the agent' },
      target: below(4),
      note:
        `without ${numberText(before.cpu)}, with ${numberText(during.cpu)}, without again ${numberText(after.cpu)} us; ` +
        `${numberText(Math.round(before.requestsPerSecond))}, ${numberText(Math.round(during.requestsPerSecond))}, ` +
        `${numberText(Math.round(after.requestsPerSecond))} requests/s; p99 ${numberText(before.p99Ns / 1e6)}, ` +
        `${numberText(during.p99Ns / 1e6)}, ${numberText(after.p99Ns / 1e6)} ms; agent ${numberText(agentCpu)} us a request`,
    });
    figures.push(
      accounted(`requests accounted for at saturation, of ${numberText(count + 5000)}`, agent.ledger(), count + 5000),
    );
  }

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
