import { goTarget } from '../support/go-target.ts';
import { randomNumbers } from '../support/random.ts';
import { startTracedService } from '../support/traced-service.ts';

/** What a parent by Sidespan is beside the one by the OpenTelemetry SDK within the same program. */
export type Judgement =
  /** The same call, or none either. */
  | 'right'
  /** One that encloses the SDK's, in the same request. */
  | 'ancestor'
  /** None where the SDK has one. */
  | 'missing'
  /** Any other. */
  | 'wrong';

export interface ParentTruth {
  /** By the way in which handlers work. */
  readonly byWay: ReadonlyMap<string, Readonly<Record<Judgement, number>>>;
  readonly calls: number;
  /** In words. */
  readonly wrong: readonly string[];
}

/** Keys of `ways` in test/targets/parents. */
export const parentWays = [
  ...['same', 'go', 'derived', 'outlives', 'background', 'errgroup', 'singleflight', 'afterfunc', 'pool', 'growing'],
  ...['timeout', 'plain', 'plaingrowing'],
];

export interface ParentOptions {
  /** SIDESPAN_GOROUTINE_PARENTS */
  readonly mode: 'none' | 'context' | 'start';
  readonly ways: readonly string[];
  readonly requests: number;
  readonly concurrent: number;
  readonly seed: number;
  readonly go?: string | undefined;
  readonly ldflags?: string | undefined;
}

/** Sends requests of all these ways mixed and holds each call's parent beside the SDK's. */
export async function compareParents(
  context: Parameters<typeof startTracedService>[0],
  { mode, ways, requests, concurrent, seed, go, ldflags }: ParentOptions,
): Promise<ParentTruth> {
  const target = await goTarget('parents', { ...(go && { go }), ...(ldflags && { ldflags }) });
  const service = await startTracedService(context, target, {
    // With what a stripped program does not tell.
    functions: [
      'main.step(ctx context.Context, id int, within func(context.Context))',
      'main.plain(id int)',
      'main.serve(w net/http.ResponseWriter, r *net/http.Request, id int)',
    ],
    env: { SIDESPAN_GOROUTINE_PARENTS: mode },
  });
  const random = randomNumbers(seed);
  const wayOf = Array.from({ length: requests + 1 }, () => ways[Math.floor(random() * ways.length)] ?? '');
  let next = 1;
  const send = async () => {
    while (next <= requests) {
      const id = next++;
      await (await fetch(`http://${service.address}/${wayOf[id]}?id=${id}`)).text();
    }
  };
  await Promise.all(Array.from({ length: concurrent }, send));
  process.kill(service.pid, 'SIGUSR1');
  const truth = new Map(Object.entries(JSON.parse(await service.line()) as Record<string, number>));
  const { spans } = await service.stopAgent();

  const idOf = new Map(spans.map((span) => [span.spanId, String(callId(span.attributes))]));
  const byWay = new Map<string, Record<Judgement, number>>();
  const wrong: string[] = [];
  let calls = 0;
  for (const span of spans) {
    const id = String(callId(span.attributes));
    const expected = truth.get(id);
    if (expected === undefined) throw new Error(`the program knows of no call ${id}`);
    const got = span.parentSpanId === undefined ? '0' : (idOf.get(span.parentSpanId) ?? 'unknown');
    const judgement = judge(String(expected), got, truth);
    const way = wayOf[Math.floor(Number(id) / 100)] ?? '';
    const counts = byWay.get(way) ?? { right: 0, ancestor: 0, missing: 0, wrong: 0 };
    counts[judgement]++;
    byWay.set(way, counts);
    calls++;
    if (judgement === 'wrong') {
      wrong.push(`${way}: the parent of ${id} is ${expected}, not ${got} (${span.attributes['sidespan.parent.by']})`);
    }
  }
  if (calls !== truth.size) throw new Error(`${calls} spans of ${truth.size} calls`);
  return { byWay, calls, wrong };
}

function judge(expected: string, got: string, truth: ReadonlyMap<string, number>): Judgement {
  if (got === expected) return 'right';
  if (got === '0') return 'missing';
  for (let id = expected; id !== '0'; id = String(truth.get(id) ?? 0)) if (id === got) return 'ancestor';
  return 'wrong';
}

function callId(attributes: Readonly<Record<string, unknown>>): number {
  const query = attributes['url.query'];
  if (typeof query === 'string') return Number(new URLSearchParams(query).get('id')) * 100;
  return Number(attributes['sidespan.argument.id']);
}

/** For people. */
export function parentTable({ byWay }: ParentTruth): string[][] {
  const rows = [...byWay].sort().map(([way, counts]) => [way, ...Object.values(counts).map(String)]);
  return [['way', 'right', 'ancestor', 'missing', 'wrong'], ...rows];
}
