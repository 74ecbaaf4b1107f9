/** Which traces are kept: by the ids and flags that come with requests. */
import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { startTracedService, type TracedService } from '../support/traced-service.ts';
import { functions } from './http-counts.ts';
import { assertWhole, callsOf, durations, metricsToSink } from './metric-counts.ts';

/** Requests one after the other, each with a traceparent of its own. */
async function sendTraceparents({ address }: TracedService, traceIds: readonly string[], flags: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const traceId of traceIds) {
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` };
    await new Promise<void>((resolve, reject) => {
      get(`http://${address}/greet/ada`, { agent, headers }, (answer) => {
        answer.resume().on('end', resolve);
      }).on('error', reject);
    });
  }
  agent.destroy();
}

/** Spread evenly over what the decision looks at, and at both its ends. */
function traceIdsAround(ratio: number): string[] {
  const threshold = BigInt(Math.round((1 - ratio) * 2 ** 32)) << 24n;
  const edges = [0n, threshold - 1n, threshold, (1n << 56n) - 1n];
  const spread = Array.from({ length: 196 }, (_, i) => (BigInt(i) << 56n) / 196n);
  return [...edges, ...spread].map((random, i) => ((BigInt(i + 1) << 64n) | random).toString(16).padStart(32, '0'));
}

/** https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/#sampling-threshold-value-th */
const isKept = (traceId: string, ratio: number) =>
  BigInt(`0x${traceId.slice(18)}`) >= BigInt(Math.round((1 - ratio) * 2 ** 56));

test('the decision is that of consistent probability sampling, for the trace ids that come with requests', async (t) => {
  const ratio = 0.375;
  const service = await startTracedService(t, await goTarget('httpserver'), {
    functions,
    env: { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: String(ratio) },
  });
  const traceIds = traceIdsAround(ratio);
  await sendTraceparents(service, traceIds, '00');
  const { spans, summary } = await service.stopAgent();
  const kept = traceIds.filter((traceId) => isKept(traceId, ratio));
  assert.deepEqual(
    spans.filter(({ kind }) => kind === 'SERVER').map(({ traceId }) => traceId),
    kept,
  );
  // The request, and the two functions that it calls.
  assert.equal(spans.length, 3 * kept.length);
  assert.equal(summary.balanced, true);
});

for (const [flags, kept] of [
  ['01', 50],
  ['00', 0],
] as const) {
  test(`parent based: the flags ${flags} of a traceparent hold whatever the ratio`, async (t) => {
    const ratio = flags === '01' ? '0' : '1';
    const service = await startTracedService(t, await goTarget('httpserver'), {
      functions,
      env: {
        ...metricsToSink,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: ratio,
      },
    });
    await sendTraceparents(service, traceIdsAround(0.5).slice(0, 50), flags);
    const result = await service.stopAgent();
    assert.equal(result.spans.length, 3 * kept);
    // Which share of the traces the caller keeps is not known here.
    for (const { traceState } of result.spans) assert.equal(traceState, undefined);
    for (const name of ['http.server.request.duration', 'sidespan.function.duration']) {
      assertWhole(durations(result, name));
    }
    assert.equal(callsOf(durations(result, 'http.server.request.duration')), 50);
    assert.equal(callsOf(durations(result, 'sidespan.function.duration')), 100);
  });
}
