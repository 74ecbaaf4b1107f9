import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';

interface Build {
  readonly name: string;
  readonly options: GoTargetOptions;
}

const servers = ['x-serveconn', 'x-h2c', 'x-tls'];
const builds: readonly Build[] = [
  { name: 'with a server and a client of its own', options: { ldflags: '-s -w' } },
  { name: "over net/http's", options: { go: '1.27', modfile: 'net-0.60.0.mod', ldflags: '-s -w' } },
];
const times = 5;

for (const { name, options } of builds) {
  test(`golang.org/x/net/http2 ${name}: one span a request on either side`, { timeout: 300_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('webparts', options), {});
    const send = async (order: object) => {
      service.tell(JSON.stringify({ by: 'http2', times, ...order }));
      return service.line();
    };
    const all = (text: string) => Array.from({ length: times }, () => text).join(' ');
    for (const to of servers) {
      assert.equal(await send({ method: 'GET', to, path: '/headers' }), all('202'), to);
      assert.equal(await send({ method: 'POST', to, path: '/echo', body: 'some text' }), all('200'), to);
      assert.equal(await send({ method: 'GET', to, path: '/panic' }), all('error'), to);
    }
    const { spans, summary, log } = await service.stopAgent();

    for (const kind of ['SERVER', 'CLIENT']) {
      const counts: Record<string, number> = {};
      for (const span of spans.filter((one) => one.kind === kind)) {
        const { attributes } = span;
        const path = attributes['url.path'] ?? new URL(String(attributes['url.full'])).pathname;
        const ended =
          attributes['error.type'] === undefined ? '' : kind === 'SERVER' ? attributes['error.type'] : 'error';
        const key = `${path} ${attributes['http.response.status_code'] ?? '-'} ${ended}`;
        counts[key] = (counts[key] ?? 0) + 1;
        if (ended === '') assert.equal(attributes['network.protocol.version'], '2');
        if (kind === 'SERVER' && path === '/echo') assert.equal(attributes['http.response.body.size'], 9);
      }
      const each = times * servers.length;
      const panics = kind === 'SERVER' ? { '/panic - panic': each } : { '/panic - error': each };
      assert.deepEqual(counts, { '/headers 202 ': each, '/echo 200 ': each, ...panics }, `${kind}: ${log}`);
    }
    for (const probe of summary.probes) {
      assert.deepEqual([dropped(probe), probe.enteredBeforeAttach], [0, 0], JSON.stringify(probe));
    }
    assert.equal(summary.balanced, true);
  });
}

for (const sampler of ['always_on', 'always_off']) {
  test(`what a connection without TLS begins with is no request, ${sampler}`, { timeout: 60_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('webparts', { ldflags: '-s -w' }), {
      env: { OTEL_TRACES_SAMPLER: sampler, OTEL_METRICS_EXPORTER: 'otlp' },
    });
    service.tell(JSON.stringify({ by: 'http2', times, method: 'GET', to: 'x-h2c', path: '/headers' }));
    await service.line();
    const { metrics } = await service.stopAgent();
    const counted = (name: string) =>
      metrics
        .filter((point) => point.name === name)
        .map(({ attributes, count, value }) => [attributes['http.request.method'], count ?? value]);
    assert.deepEqual(counted('http.server.request.duration'), [['GET', times]]);
    assert.deepEqual(
      counted('http.server.active_requests').filter(([, open]) => open !== 0),
      [],
    );
  });
}
