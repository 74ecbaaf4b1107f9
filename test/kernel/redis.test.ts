import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { startRedis } from '../support/redis.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';

const builds: readonly GoTargetOptions[] = [{ ldflags: '-s -w' }, { go: '1.22', modfile: 'old.mod' }];

test('go-redis: one span a command or pipeline, as the program and the server count', async (t) => {
  const redis = await startRedis(t);
  for (const options of builds) {
    const name = JSON.stringify(options);
    const args = ['-address', redis.address];
    const service = await startTracedService(t, await goTarget('redisclient', options), { args });
    const before = await redis.commandCounts();
    service.tell('20');
    const counts = JSON.parse(await service.line()) as Record<string, number>;
    const { spans, summary, log } = await service.stopAgent();
    const after = await redis.commandCounts();

    const seen: Record<string, number> = {};
    for (const span of spans) {
      const label = span.status === 'ERROR' ? `${span.name} failed` : span.name;
      seen[label] = (seen[label] ?? 0) + 1;
      assert.equal(span.kind, 'CLIENT');
      assert.equal(span.attributes['db.system.name'], 'redis');
      assert.equal(span.attributes['server.address'], '127.0.0.1');
      assert.equal(`127.0.0.1:${span.attributes['server.port']}`, redis.address);
    }
    assert.deepEqual(Object.entries(seen).sort(), Object.entries(counts).sort(), name);
    // What was cancelled before was not sent; a pipeline has an incr and an hset.
    const ran = (command: string) => (after[command] ?? 0) - (before[command] ?? 0);
    assert.equal(ran('set'), counts['set 3']);
    assert.equal(ran('get'), counts['get 3']);
    assert.equal(ran('incr'), (counts['incr 3'] ?? 0) + (counts['PIPELINE 3'] ?? 0));
    assert.equal(ran('lpush'), counts['lpush 3 failed']);
    const wrong = spans.find((span) => span.name === 'lpush 3');
    assert.equal(wrong?.attributes['db.response.status_code'], 'WRONGTYPE');
    const cancelled = spans.find((span) => span.name === 'get 3' && span.status === 'ERROR');
    assert.equal(cancelled?.attributes['error.type'], 'context.Canceled');
    for (const probe of summary.probes) assert.equal(dropped(probe), 0, JSON.stringify(probe));
    assert.equal(summary.balanced, true);
    assert.doesNotMatch(JSON.stringify(spans) + log, /S3CR3T/);
  }
});
