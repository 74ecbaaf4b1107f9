import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchQueueOptions, type BatchSink, createBatchQueue, listBatches } from '../../src/export/batch-queue.ts';
import fc from '../support/fast-check.ts';
import { eventually } from '../support/running.ts';

type Numbers = { readonly items: readonly number[] };
type Outcome = 'accepted' | 'half' | 'retry' | 'refused' | 'too_large' | 'never';

const defaults: BatchQueueOptions = {
  maxQueueSize: 100,
  maxBatchSize: 10,
  delayMs: 1,
  timeoutMs: 200,
  concurrency: 3,
  retry: { firstMs: 1, maxMs: 4 },
};

/** Answers as the script says, then accepts. */
function scripted(script: readonly Outcome[]): {
  sink: BatchSink<Numbers>;
  batches: number[][];
  closed: () => boolean;
} {
  const left = [...script];
  const batches: number[][] = [];
  let closed = false;
  const sink: BatchSink<Numbers> = {
    async send({ items }) {
      batches.push([...items]);
      const outcome = left.shift() ?? 'accepted';
      await sleep(1);
      switch (outcome) {
        case 'accepted':
          return { outcome, rejected: 0, message: '' };
        case 'half':
          return { outcome: 'accepted', rejected: Math.floor(items.length / 2), message: 'told to' };
        case 'never':
          return new Promise(() => {});
        default:
          return { outcome, reason: 'told to' };
      }
    },
    close() {
      closed = true;
    },
  };
  return { sink, batches, closed: () => closed };
}

function counted(sink: BatchSink<Numbers>, options: Partial<BatchQueueOptions> = {}) {
  const fates = new Map<number, string[]>();
  const problems: string[] = [];
  const note = (items: readonly number[], fate: string) => {
    for (const item of items) fates.set(item, [...(fates.get(item) ?? []), fate]);
  };
  const queue = createBatchQueue(
    'test',
    listBatches<number>(),
    sink,
    { ...defaults, ...options },
    {
      exported: (items) => note(items, 'exported'),
      dropped: note,
      problem: (message) => problems.push(message),
    },
  );
  const count = (fate: string) => [...fates.values()].filter(([first]) => first === fate).length;
  return { queue, fates, problems, count };
}

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

test('whatever the receiver does, each item has one fate', async () => {
  const outcome = fc.constantFrom<Outcome>('accepted', 'half', 'retry', 'refused', 'too_large', 'never');
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 8 }),
      async (script, adds) => {
        const { sink, closed } = scripted(script);
        const { queue, fates } = counted(sink);
        let added = 0;
        for (const count of adds) {
          queue.add(numbers(added, count));
          added += count;
          assert.ok(queue.size <= defaults.maxQueueSize);
          if (count % 2 === 0) await sleep(1);
        }
        await queue.shutdown(20);
        await sleep(3); // answers that come too late change nothing
        assert.equal(queue.size, 0);
        assert.equal(fates.size, added);
        for (const [item, fate] of fates) assert.equal(fate.length, 1, `${item}: ${fate}`);
        assert.equal(closed(), true);
      },
    ),
    { numRuns: 60 },
  );
});

test('a full batch goes at once, a lone item waits for its delay at most', async () => {
  const { sink, batches } = scripted([]);
  const { queue } = counted(sink, { delayMs: 3_600_000 });
  queue.add(numbers(0, 10));
  await eventually(
    () => batches.length,
    (sent) => sent === 1,
  );
  assert.deepEqual(batches, [numbers(0, 10)]);
  // The delay counts from the last request: the next lone one would wait an hour, but for a flush.
  queue.add([99]);
  await sleep(30);
  assert.equal(batches.length, 1);
  assert.equal(await queue.flush(1000), true);
  assert.deepEqual(batches[1], [99]);
  await queue.shutdown(10);
});

test('a failing receiver gets one batch at a time, the oldest first', async () => {
  const { sink, batches } = scripted(['retry', 'retry', 'retry', 'retry', 'retry', 'retry']);
  const { queue, count } = counted(sink, { timeoutMs: 5000, maxQueueSize: 1000 });
  queue.add(numbers(0, 40));
  assert.equal(await queue.flush(5000), true);
  assert.equal(count('exported'), 40);
  // The first three went side by side before the failure was known.
  const firsts = batches.map(([first]) => first);
  assert.deepEqual(firsts.slice(0, 4), [0, 10, 20, 0]);
  await queue.shutdown(10);
});

test('too large: in halves, down to one item that is refused', async () => {
  const { sink, batches } = scripted(['too_large', 'too_large', 'too_large']);
  const { queue, count } = counted(sink, { concurrency: 1, maxBatchSize: 2 });
  queue.add([1, 2]);
  await queue.flush(1000);
  assert.deepEqual(batches, [[1, 2], [1], [2]]);
  assert.equal(count('export_failed'), 2);
  await queue.shutdown(10);
});

test('what is added after the end is dropped', async () => {
  const { sink } = scripted([]);
  const { queue, fates } = counted(sink);
  await queue.shutdown(10);
  queue.add([7]);
  assert.deepEqual([...fates], [[7, ['export_failed']]]);
});

test('refusals are reported once in a while, failures and recoveries each', async () => {
  const { sink } = scripted(['refused', 'refused', 'retry', 'accepted']);
  const { queue, problems } = counted(sink, { concurrency: 1, maxBatchSize: 1 });
  queue.add([1, 2, 3]);
  await queue.flush(1000);
  assert.deepEqual(
    problems.map((problem) => problem.replace(/after \d+ s/, 'after n s')),
    [
      'test: 1 refused: told to',
      'test: told to; trying again, up to 100 wait',
      'test: takes data again after n s; 0 were dropped',
    ],
  );
  await queue.shutdown(10);
});
