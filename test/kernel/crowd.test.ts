import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { dropped, startTracedService, type TracedService } from '../support/traced-service.ts';

/** Server and client have as many files open. */
const crowd = Number(process.env.CROWD ?? 5000);

async function askedAtOnce(service: TracedService, requests: number): Promise<void> {
  service.tell(String(requests));
  assert.equal(await service.line(), 'all there');
  service.tell();
  assert.equal(await service.line(), String(requests));
}

test(`${crowd} requests at the same time, each by its own connection: one span each`, {
  timeout: 300_000,
}, async (t) => {
  const service = await startTracedService(t, await goTarget('crowd'), {
    // It has a context: those of requests are kept for it.
    functions: ['main.answer'],
    env: { SIDESPAN_MAX_GOROUTINES: String(Math.max(65536, 2 * crowd)), OTEL_BSP_MAX_QUEUE_SIZE: String(4 * crowd) },
  });
  await askedAtOnce(service, crowd);
  await service.untilArrived(2 * crowd);
  const { spans: all, summary, log } = await service.stopAgent();
  const spans = all.filter(({ kind }) => kind === 'SERVER');
  assert.equal(spans.length, crowd, log);
  assert.equal(new Set(spans.map(({ attributes }) => attributes['url.query'])).size, crowd);
  for (const { attributes } of spans) assert.equal(attributes['http.response.status_code'], 200);
  for (const probe of summary.probes) assert.equal(dropped(probe), 0, JSON.stringify(probe));
  // In 2,048 buckets of four that their addresses lead to.
  const server = summary.probes.find(({ kind }) => kind === 'http.server');
  assert.ok((server?.incomplete['context_no_room'] ?? 0) > 0, log);
  assert.equal(summary.balanced, true);
});

test('more of them than the tables hold: counted, with the reason', { timeout: 300_000 }, async (t) => {
  const many = 6000;
  const service = await startTracedService(t, await goTarget('crowd'), { env: { SIDESPAN_MAX_GOROUTINES: '1024' } });
  await askedAtOnce(service, many);
  const { spans, summary, log } = await service.stopAgent();
  const [probe] = summary.probes;
  assert.ok(probe);
  assert.deepEqual(
    { seen: probe.seen, exported: probe.exported, balanced: summary.balanced },
    { seen: many, exported: spans.length, balanced: true },
    log,
  );
  assert.deepEqual(
    Object.entries(probe.dropped).filter(([, count]) => count > 0),
    [['goroutine_table_full', many - spans.length]],
  );
  assert.ok(spans.length < many);
});
