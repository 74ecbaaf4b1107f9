/**
 * Damages real executables and asks them everything: no crash, no hang, bounded memory (`npm run test:fuzz`).
 *   --mutations N   how many in all; 100,000 unless given otherwise
 *   --seed N        mutation n of a kind has the seed N + n; a failure names its own
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { build, type VariantName } from '../binary/go-tools.ts';
import { textTable } from '../support/text-table.ts';
import type { BatchResult } from './batch.ts';

const run = promisify(execFile);

/** A batch that takes longer hangs: a mutation takes some 10 ms. */
const batchTimeoutMs = 300_000;
const batchMutations = 250;
/** More is unbounded: V8 ends the process there, and we after its native memory. */
const maxHeapMb = 512;
const maxRssMb = 1024;

const corpus: readonly (readonly [question: string, go: string, variant: VariantName])[] = [
  ['read', '1.15', 'default'],
  ['read', '1.16', 'stripped pie'],
  ['read', '1.18', 'default'],
  ['read', '1.22', 'stripped'],
  ['read', '1.26', 'pie'],
  ['read', '1.27', 'stripped pie'],
  ['plan', '1.15', 'default'],
  ['plan', '1.22', 'default'],
  ['plan', '1.24', 'pie'],
  ['plan', '1.26', 'stripped'],
  ['plan', '1.27', 'default'],
  ['list', '1.16', 'default'],
  ['list', '1.22', 'stripped pie'],
  ['list', '1.26', 'default'],
];

const { values } = parseArgs({ options: { mutations: { type: 'string' }, seed: { type: 'string' } } });
const mutations = Number(values.mutations ?? 100_000);
const seed = Number(values.seed ?? 1);
if (!(mutations >= 1) || !Number.isSafeInteger(seed)) {
  console.error('test:fuzz: --mutations is a number from 1 on, --seed a whole number');
  process.exit(2);
}
const each = Math.ceil(mutations / corpus.length);
const rows = [['question', 'Go', 'built', 'mutations', 'refused', 'slowest', 'memory']];
let failed = false;

for (const [question, go, variant] of corpus) {
  const { path } = await build(go, variant);
  const sum = { done: 0, refused: 0, slowestMs: 0, maxRssMb: 0 };
  for (let done = 0; done < each; done += batchMutations) {
    const count = Math.min(batchMutations, each - done);
    const problem = await batch(question, path, seed + done, count, sum);
    if (problem === undefined) continue;
    failed = true;
    console.error(`test:fuzz: ${question}, Go ${go} ${variant}: ${problem}`);
    break;
  }
  rows.push([
    question,
    go,
    variant,
    `${sum.done}`,
    `${sum.refused}`,
    `${sum.slowestMs.toFixed(0)} ms`,
    `${sum.maxRssMb.toFixed(0)} MB`,
  ]);
  if (process.stderr.isTTY) console.error(rows.at(-1)?.join('  '));
}
console.log(textTable(rows));
process.exitCode = failed ? 1 : 0;

/** Adds what the batch found to `sum`. @returns what went wrong */
async function batch(
  question: string,
  path: string,
  first: number,
  count: number,
  sum: { done: number; refused: number; slowestMs: number; maxRssMb: number },
): Promise<string | undefined> {
  const args = [`--max-old-space-size=${maxHeapMb}`, join(import.meta.dirname, 'batch.ts'), question, path];
  let stdout: string;
  try {
    ({ stdout } = await run(process.execPath, [...args, `${first}`, `${count}`], { timeout: batchTimeoutMs }));
  } catch (error) {
    const { killed, stderr = '' } = error as { killed?: boolean; stderr?: string };
    const how = killed ? `did not end within ${batchTimeoutMs / 1000} s` : `ended:\n${stderr.slice(-2000)}`;
    return `the batch of seeds ${first} to ${first + count - 1} ${how}`;
  }
  const result = JSON.parse(stdout) as BatchResult;
  sum.done += count;
  sum.refused += result.refused;
  sum.slowestMs = Math.max(sum.slowestMs, result.slowestMs);
  sum.maxRssMb = Math.max(sum.maxRssMb, result.maxRssMb);
  if (result.failure) return `seed ${result.failure.seed}: ${result.failure.error}`;
  return result.maxRssMb > maxRssMb ? `${result.maxRssMb.toFixed(0)} MB, more than ${maxRssMb}` : undefined;
}
