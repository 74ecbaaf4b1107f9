/** One kind of call is one series of a metric, whether it was sampled or not. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { startTracedService } from '../support/traced-service.ts';
import { assertWhole, durations, metricsToSink } from './metric-counts.ts';

const rounds = 20;

/** What the metric says of the program's operations, with half of them sampled or all: its series and their counts. */
async function observed(
  t: TestContext,
  target: string,
  args: readonly string[],
  sampler: Readonly<Record<string, string>>,
) {
  const service = await startTracedService(t, await goTarget(target, { ldflags: '-s -w' }), {
    args,
    env: { ...metricsToSink, ...sampler },
  });
  service.tell(String(rounds));
  await service.line();
  const result = await service.stopAgent();
  assert.equal(result.summary.balanced, true);
  const points = durations(result, 'db.client.operation.duration');
  assertWhole(points);
  const series = points
    .map(({ attributes, count }) => JSON.stringify([Object.entries(attributes).sort(), count]))
    .sort();
  return { series, points, spans: result.spans.length };
}

async function compared(t: TestContext, target: string, args: readonly string[]) {
  const all = await observed(t, target, args, { OTEL_TRACES_SAMPLER: 'always_on' });
  const half = await observed(t, target, args, { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' });
  assert.ok(half.spans > 0 && half.spans < all.spans, `${half.spans} of ${all.spans}`);
  assert.deepEqual(half.series, all.series);
  return all.points.map(({ attributes }) => attributes);
}

test('database/sql and pgx on PostgreSQL', async (t) => {
  const { dsn, port } = await startPostgres(t);
  for (const driver of ['postgres', 'pgx']) {
    const series = await compared(t, 'sqlclient', ['-driver', driver, '-dsn', dsn]);
    assert.ok(series.some((attributes) => attributes['error.type'] === '23505'));
    assert.ok(series.some((attributes) => attributes['error.type'] === 'context.Canceled'));
  }
  const series = await compared(t, 'sqlclient/pgxnative', ['-dsn', dsn]);
  for (const attributes of series) {
    assert.equal(attributes['server.address'], '127.0.0.1');
    assert.equal(attributes['server.port'], port);
    assert.equal(attributes['db.namespace'], 'postgres');
  }
});

test('database/sql on MariaDB', async (t) => {
  const { dsn, port } = await startMariaDb(t);
  const series = await compared(t, 'sqlclient', ['-driver', 'mysql', '-dsn', dsn]);
  for (const attributes of series) {
    assert.equal(attributes['server.port'], port);
    assert.equal(attributes['db.namespace'], 'shop');
  }
  assert.ok(series.some((attributes) => attributes['error.type'] === '1062'));
});

test('go-redis', async (t) => {
  const { address } = await startRedis(t);
  const series = await compared(t, 'redisclient', ['-address', address]);
  const operations = new Set(series.map((attributes) => attributes['db.operation.name']));
  assert.deepEqual([...operations].sort(), ['PIPELINE', 'get', 'incr', 'lpush', 'set']);
  const errors = new Set(series.map((attributes) => attributes['error.type'] ?? ''));
  assert.deepEqual([...errors].sort(), ['', 'WRONGTYPE', 'context.Canceled']);
});
