import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { goTarget } from '../support/go-target.ts';
import { below, type Figure, numberText } from './figure.ts';
import { countBpfRuns, uprobeRuns } from './process-figures.ts';
import { type Program, startAgent, startService } from './stage.ts';

/** Uprobe hits and BPF time of a unary gRPC call, in the server and in the client. */
export async function grpcHits(quick: boolean): Promise<Figure[]> {
  const calls = quick ? 3000 : 10_000;
  const figures: Figure[] = [];
  await using server = await startService(await goTarget('grpcserver'));
  for (const side of ['server', 'client'] as const) {
    const args = ['-target', server.address, '-n', String(calls), '-kinds', 'ok', '-wait'];
    await using client = await startService(await goTarget('grpcserver/grpcload'), args);
    await using agent = await startAgent(side === 'server' ? server.pid : client.pid);
    using _ = countBpfRuns();
    const before = uprobeRuns(agent.pid);
    await callAll(client);
    const after = uprobeRuns(agent.pid);
    await agent.stop();
    figures.push({
      what: `uprobe hits per unary gRPC call, ${side}`,
      unit: 'hits',
      measured: Number(((after.runs - before.runs) / calls).toFixed(2)),
      target: below(3.1),
      note: `BPF time ${numberText((after.timeNs - before.timeNs) / 1000 / calls)} us a call, the counting included`,
    });
  }
  return figures;
}

/** It waits for a line, makes its calls and tells its counts. */
async function callAll({ child }: Program): Promise<void> {
  const counts = once(createInterface({ input: child.stdout as Readable }), 'line');
  child.stdin?.write('\n');
  await counts;
}
