import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { sendRaw, startTracedService } from '../support/traced-service.ts';
import { assertWhole, durations, metricsToSink } from './metric-counts.ts';

const withBraces = {
  '/': '/',
  '/users/7': '/users/{id}',
  '/api/v1/items/ham': '/api/v1/items/{item:[a-z]+}',
  '/api/v1/deep/parts/9': '/api/v1/deep/parts/{part}',
  '/nowhere': undefined,
};
const withColons = {
  '/': '/',
  '/users/7': '/users/:id',
  '/api/v1/items/ham': '/api/v1/items/:item',
  '/api/v1/deep/parts/9': '/api/v1/deep/parts/:part',
  '/nowhere': undefined,
};
/** Of each router: the route of each path, as the program has it (test/targets/routers). */
const routes = { chi: withBraces, looking: withBraces, mux: withBraces, gin: withColons, echo: withColons };

const requests = Object.entries(routes).flatMap(([router, paths]) =>
  Object.entries(paths).flatMap(([path, route]) => Array.from({ length: 5 }, () => ({ router, path, route }))),
);

async function sendRequests(address: string): Promise<void> {
  await Promise.all(
    requests.map(({ router, path }) =>
      sendRaw(address, `GET ${path} HTTP/1.1\r\nHost: ${router}\r\nConnection: close\r\n\r\n`),
    ),
  );
}

const builds = [{}, { ldflags: '-s -w' }, { modfile: 'old.mod' }];

for (const build of builds) {
  test(`routes of routers, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('routers', build));
    await sendRequests(service.address);
    const { spans, summary, log } = await service.stopAgent();
    assert.equal(summary.balanced, true);
    assert.equal(spans.length, requests.length, log);
    const found = spans.map(({ attributes, name }) => {
      const route = attributes['http.route'];
      assert.equal(name, route === undefined ? 'GET' : `GET ${route}`);
      return `${attributes['server.address']} ${attributes['url.path']} ${route}`;
    });
    assert.deepEqual(found.sort(), requests.map(({ router, path, route }) => `${router} ${path} ${route}`).sort());
  });
}

for (const build of [{}, { modfile: 'old.mod' }]) {
  test(`routes of requests that are not sampled, ${JSON.stringify(build)}`, { timeout: 120_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('routers', build), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: 'always_off' },
    });
    await sendRequests(service.address);
    const result = await service.stopAgent();
    assert.equal(result.summary.balanced, true);
    const points = durations(result, 'http.server.request.duration');
    assertWhole(points);
    const found = Object.fromEntries(points.map(({ attributes, count }) => [`${attributes['http.route']}`, count]));
    const expected: Record<string, number> = {};
    for (const { route } of requests) expected[`${route}`] = (expected[`${route}`] ?? 0) + 1;
    assert.deepEqual(found, expected);
  });
}
