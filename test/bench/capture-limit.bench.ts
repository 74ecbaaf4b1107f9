import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { traceTarget } from '../support/traced-target.ts';
import { countBpfRuns, uprobeRuns } from './process-figures.ts';

// What SIDESPAN_CAPTURE_CALLS_PER_SECOND costs and saves, in BPF time a hit: calls with an int, a string and a slice, and
// two results; without a limit, with one that lets all be read, with one that lets nothing be read.
//   node test/bench/capture-limit.bench.ts

const rounds = 3;
const limits = { 'no limit': undefined, 'limit not reached': 1_000_000, 'limit of 1 a second': 1 };

test('BPF time a hit, smallest of some rounds', { timeout: 300_000 }, async (context) => {
  const best = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, capturesPerSecond] of Object.entries(limits)) {
      await context.test(`${name}, round ${round + 1}`, async (one) => {
        using _ = countBpfRuns();
        const target = await traceTarget(one, await goTarget('exact'), ['-calls', '60000', '-goroutines', '8'], {
          patterns: ['main.Traced'],
          ringBytes: 128 << 20,
          ...(capturesPerSecond !== undefined && { capturesPerSecond }),
        });
        target.tell();
        await target.line();
        const { runs, timeNs } = uprobeRuns(process.pid);
        best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, timeNs / runs));
      });
    }
  }
  for (const [name, ns] of best) console.log(`${name}: ${ns.toFixed(0)} ns`);
});
