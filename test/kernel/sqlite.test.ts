import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { startTracedService } from '../support/traced-service.ts';
import { assertWhole, durations, metricsToSink } from './metric-counts.ts';

const builds: readonly GoTargetOptions[] = [{}, { ldflags: '-s -w' }];

for (const options of builds) {
  test(`SQLite: what a request asks of the database is the request's, on whatever goroutine, ${JSON.stringify(options)}`, {
    timeout: 300_000,
  }, async (t) => {
    const service = await startTracedService(t, await goTarget('sqlclient/sqliteserver', options));
    for (const path of ['here', 'there', 'transfer', 'nobody', 'wrong']) {
      const { status } = await fetch(`http://${service.address}/${path}`);
      assert.equal(status, 200, path);
    }
    const { spans, summary } = await service.stopAgent();
    const paths = new Map(
      spans.filter(({ kind }) => kind === 'SERVER').map((span) => [span.spanId, String(span.attributes['url.path'])]),
    );
    const asked = spans
      .filter(({ kind }) => kind === 'CLIENT')
      .map((span) => `${paths.get(span.parentSpanId ?? '') ?? 'nobody'}: ${span.name}`);
    assert.deepEqual(asked.sort(), [
      '/here: SELECT items',
      '/there: SELECT items',
      '/transfer: BEGIN',
      '/transfer: COMMIT',
      '/transfer: INSERT items',
      '/wrong: INSERT nothing',
      'nobody: SELECT items',
    ]);
    const clients = spans.filter(({ kind }) => kind === 'CLIENT');
    for (const { attributes } of clients) assert.equal(attributes['db.system.name'], 'sqlite');
    const [failed] = clients.filter(({ status }) => status === 'ERROR');
    assert.equal(failed?.name, 'INSERT nothing');
    const [query] = clients.filter(({ name }) => name === 'SELECT items');
    assert.equal(query?.attributes['db.query.text'], 'SELECT count(*) FROM items WHERE name <> ?');
    assert.doesNotMatch(JSON.stringify(spans), /S3CR3T/);
    assert.equal(summary.balanced, true);
  });
}

test('metrics by database and query, sampled or not', { timeout: 60_000 }, async (t) => {
  const observed = async (sampler: string) => {
    const service = await startTracedService(t, await goTarget('sqlclient/sqliteserver'), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler },
    });
    for (const path of ['here', 'there', 'transfer', 'nobody', 'wrong'])
      await fetch(`http://${service.address}/${path}`);
    const result = await service.stopAgent();
    assert.equal(result.summary.balanced, true);
    const points = durations(result, 'db.client.operation.duration');
    assertWhole(points);
    return points.map(({ attributes, count }) => JSON.stringify([Object.entries(attributes).sort(), count])).sort();
  };
  const on = await observed('always_on');
  assert.deepEqual(await observed('always_off'), on);
  assert.match(on.join('\n'), /"db.system.name","sqlite"/);
  assert.match(on.join('\n'), /"db.query.summary","SELECT items"/);
});
