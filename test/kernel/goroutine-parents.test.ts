import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { startTracedService, type TracedServiceOptions } from '../support/traced-service.ts';

const functions = ['main.step', 'main.serve', 'main.plain'];

async function spansOf(
  context: Parameters<typeof startTracedService>[0],
  options: TracedServiceOptions,
  requests: readonly string[],
) {
  const service = await startTracedService(context, await goTarget('parents'), { functions, ...options });
  for (const [n, way] of requests.entries()) await (await fetch(`http://${service.address}/${way}?id=${n + 1}`)).text();
  return service.stopAgent();
}

test('the decision about a trace holds on other goroutines too', { timeout: 120_000 }, async (t) => {
  const env = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' };
  const requests = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? 'go' : 'timeout'));
  const { spans, summary } = await spansOf(t, { env }, requests);
  const servers = spans.filter(({ kind }) => kind === 'SERVER');
  assert.ok(servers.length > 50 && servers.length < 150, `${servers.length} of ${requests.length} requests`);
  const known = new Map(spans.map((span) => [span.spanId, span]));
  for (const span of spans) {
    if (span.kind === 'SERVER') continue;
    assert.equal(known.get(span.parentSpanId ?? '')?.traceId, span.traceId, JSON.stringify(span));
  }
  const children = spans.length - servers.length;
  const expected = servers.reduce((sum, { attributes }) => sum + (attributes['url.path'] === '/go' ? 4 : 1), 0);
  assert.equal(children, expected);
  assert.equal(summary.balanced, true);
});

test('parents on other goroutines can be switched off, and say how they were found', {
  timeout: 120_000,
}, async (t) => {
  const by = async (mode: string) => {
    const { spans } = await spansOf(t, { env: { SIDESPAN_GOROUTINE_PARENTS: mode } }, ['go', 'timeout', 'plain']);
    const functionSpans = spans.filter(({ kind }) => kind === 'INTERNAL');
    return functionSpans.map(({ attributes }) => attributes['sidespan.parent.by'] ?? 'none').sort();
  };
  assert.deepEqual(await by('none'), Array(8).fill('none'));
  // Steps of `go` and `plain` on the request's own goroutine, and two plain ones without a context.
  assert.deepEqual(await by('context'), [...Array(4).fill('context'), ...Array(4).fill('none')]);
  assert.deepEqual(await by('start'), [...Array(6).fill('goroutine start'), ...Array(2).fill('none')]);
});
