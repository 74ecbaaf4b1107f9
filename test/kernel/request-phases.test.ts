import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';

/** What the program sleeps in each part of a request, less the moments in which one side waits for the other to go to sleep. */
const partSeconds = 0.04;
const surely = 0.5 * partSeconds;

const builds: readonly GoTargetOptions[] = [{ ldflags: '-s -w' }, { go: '1.27' }];

for (const build of builds) {
  test(`where the time of requests goes, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('phases', build), {
      env: { SIDESPAN_REQUEST_PHASES: 'on' },
    });
    for (const kind of ['http', 'http', 'http2', 'http2', 'retried', 'retried']) {
      service.tell(kind);
      assert.equal(await service.line(), 'done');
    }
    const { spans, summary, log } = await service.stopAgent();
    const secondsOf = (attributes: Readonly<Record<string, unknown>>, phase: string) =>
      Number(attributes[`sidespan.request.${phase}`] ?? 0);
    const told = (kind: string) =>
      spans
        .filter((span) => span.kind === kind)
        .sort((a, b) => Number(BigInt(a.startUnixNs) - BigInt(b.startUnixNs)))
        .map(({ attributes }) => attributes);

    const served = told('SERVER');
    assert.deepEqual(
      served.map((attributes) => attributes['network.protocol.version']),
      ['1.1', '1.1', '2', '2'],
      log,
    );
    for (const attributes of served) {
      const said = JSON.stringify(attributes);
      for (const phase of ['reading', 'handling', 'writing']) assert.ok(secondsOf(attributes, phase) > surely, said);
      if (attributes['network.protocol.version'] === '1.1') assert.ok(secondsOf(attributes, 'queued') > surely, said);
    }

    const sent = told('CLIENT');
    assert.deepEqual(
      sent.map((attributes) => [
        attributes['sidespan.http.connection.reused'],
        attributes['http.request.resend_count'] ?? 0,
        secondsOf(attributes, 'connecting') > surely,
      ]),
      [
        [false, 0, true],
        [true, 0, false],
        [false, 0, true],
        [true, 0, false],
        [false, 0, true],
        // Its connection was closed: it went out again by another one.
        [false, 1, true],
      ],
      log,
    );
    // Until the headers are there, which is before the answer is read.
    for (const attributes of sent.slice(0, 4))
      assert.ok(secondsOf(attributes, 'answering') > 2 * surely, JSON.stringify(attributes));
    for (const probe of summary.probes) assert.equal(dropped(probe), 0, JSON.stringify(probe));
    assert.equal(summary.balanced, true);
  });
}

for (const build of builds) {
  test(`requests that net/http sends again are counted without it, ${JSON.stringify(build)}`, {
    timeout: 120_000,
  }, async (t) => {
    const service = await startTracedService(t, await goTarget('phases', build));
    for (const kind of ['retried', 'retried', 'posted']) {
      service.tell(kind);
      assert.equal((await service.line()) === 'done', kind === 'retried');
    }
    const { spans, log } = await service.stopAgent();
    const again = spans.map(({ status, attributes }) => [status, attributes['http.request.resend_count']]);
    assert.deepEqual(
      again,
      [
        ['UNSET', undefined],
        ['UNSET', 1],
        ['ERROR', undefined],
      ],
      log,
    );
  });
}
