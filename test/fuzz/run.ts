/** Damages real executables and asks them everything: no crash, no hang, bounded memory (`npm run test:fuzz`). */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandLine, endWithUsage } from '../support/command-line.ts';
import { textTable } from '../support/text-table.ts';
import type { BatchResult } from './batch.ts';
import { type Base, baseExecutable, corpus } from './corpus.ts';

const run = promisify(execFile);

/** Starting a process costs as much as a hundred mutations, so it does many. */
const batchMutations = 1000;
/** A batch that takes longer hangs: a mutation takes some 10 ms. */
const batchTimeoutMs = 300_000;
/** More is unbounded: V8 ends the process there, and we after its native memory. */
const maxHeapMb = 512;
const maxRssMb = 1024;

/** What the batches of an executable have found so far. */
interface Sum {
  readonly base: Base;
  done: number;
  refused: number;
  slowestMs: number;
  maxRssMb: number;
  failed: boolean;
}

interface Batch {
  readonly sum: Sum;
  readonly path: string;
  readonly firstSeed: number;
  readonly count: number;
}

const usage = `npm run test:fuzz -- [--mutations N] [--seed N] [--jobs N]
Damages real executables at random and asks them everything: no crash, no hang, bounded memory. Takes 25 minutes of CPU time.
  --mutations N   how many in all; 100,000 unless given otherwise
  --seed N        mutation n of a kind has the seed N + n; a failure names its own
  --jobs N        processes at a time; as many as there are processors unless given otherwise`;

const { values } = commandLine(usage, {
  options: { mutations: { type: 'string' }, seed: { type: 'string' }, jobs: { type: 'string' } },
});
const mutations = Number(values.mutations ?? 100_000);
const seed = Number(values.seed ?? 1);
const jobs = Number(values.jobs ?? availableParallelism());
if (!(mutations >= 1) || !Number.isSafeInteger(seed) || !(jobs >= 1)) {
  endWithUsage(usage, 'test:fuzz: --mutations and --jobs are numbers from 1 on, --seed a whole number');
}

const sums = corpus.map((base): Sum => ({ base, done: 0, refused: 0, slowestMs: 0, maxRssMb: 0, failed: false }));
const batches = allBatches(Math.ceil(mutations / corpus.length));
// They share one generator: each takes the next batch when it is done with its own.
await Promise.all(Array.from({ length: jobs }, () => work(batches)));

const heading = ['question', 'Go', 'built', 'mutations', 'refused', 'slowest', 'memory'];
console.log(textTable([heading, ...sums.map(rowOf)]));
process.exitCode = sums.some(({ failed }) => failed) ? 1 : 0;

async function* allBatches(each: number): AsyncGenerator<Batch> {
  for (const sum of sums) {
    const path = await baseExecutable(sum.base);
    for (let first = 0; first < each && !sum.failed; first += batchMutations) {
      yield { sum, path, firstSeed: seed + first, count: Math.min(batchMutations, each - first) };
    }
  }
}

async function work(queue: AsyncGenerator<Batch>): Promise<void> {
  for (let next = await queue.next(); !next.done; next = await queue.next()) {
    const { sum } = next.value;
    const problem = await runBatch(next.value);
    if (problem === undefined) continue;
    sum.failed = true;
    console.error(`test:fuzz: ${sum.base.question}, Go ${sum.base.go} ${sum.base.built}: ${problem}`);
  }
}

/** Adds what the batch found to its sum. @returns what went wrong */
async function runBatch({ sum, path, firstSeed, count }: Batch): Promise<string | undefined> {
  const program = join(import.meta.dirname, 'batch.ts');
  const args = [`--max-old-space-size=${maxHeapMb}`, program, sum.base.question, path, `${firstSeed}`, `${count}`];
  let stdout: string;
  try {
    ({ stdout } = await run(process.execPath, args, { timeout: batchTimeoutMs }));
  } catch (error) {
    const { killed, stderr = '' } = error as { killed?: boolean; stderr?: string };
    const how = killed ? `did not end within ${batchTimeoutMs / 1000} s` : `ended:\n${stderr.slice(-2000)}`;
    return `the batch of seeds ${firstSeed} to ${firstSeed + count - 1} ${how}`;
  }
  const result = JSON.parse(stdout) as BatchResult;
  sum.done += count;
  sum.refused += result.refused;
  sum.slowestMs = Math.max(sum.slowestMs, result.slowestMs);
  sum.maxRssMb = Math.max(sum.maxRssMb, result.maxRssMb);
  if (result.failure) return `seed ${result.failure.seed}: ${result.failure.error}`;
  return result.maxRssMb > maxRssMb ? `${result.maxRssMb.toFixed(0)} MB, more than ${maxRssMb}` : undefined;
}

function rowOf({ base: { question, go, built }, done, refused, slowestMs, maxRssMb: memoryMb }: Sum): string[] {
  return [question, go, built, `${done}`, `${refused}`, `${slowestMs.toFixed(0)} ms`, `${memoryMb.toFixed(0)} MB`];
}
