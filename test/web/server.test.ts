import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { HistogramList, LiveTraces, TraceDetail, TraceList } from '../../src/web/api.ts';
import { startViewer, type Viewer } from '../../src/web/server.ts';
import { createSpanStore, defaultLimits, type SpanStore } from '../../src/web/span-store.ts';
import { ViewerError } from '../../src/web/viewer-error.ts';
import { shopTraces } from '../support/shop-spans.ts';
import { shopStatus } from '../support/viewer-status.ts';

async function startShopViewer(t: TestContext, traces = 50): Promise<{ viewer: Viewer; store: SpanStore }> {
  const store = createSpanStore();
  for (const spans of shopTraces(traces)) store.add(spans);
  const viewer = await startViewer({ host: '127.0.0.1', port: 0, store, status: () => shopStatus });
  t.after(() => viewer.close());
  return { viewer, store };
}

async function getJson<T>(viewer: Viewer, path: string): Promise<T> {
  const response = await fetch(new URL(path, viewer.url));
  assert.equal(response.status, 200, path);
  return (await response.json()) as T;
}

/** Headers that fetch would not let us choose. */
async function statusOf(viewer: Viewer, headers: Record<string, string>, path = '/', method = 'GET'): Promise<number> {
  const sent = request({ host: '127.0.0.1', port: viewer.port, path, method, headers });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

test('lists traces newest first, filtered and limited', async (t) => {
  const { viewer } = await startShopViewer(t);
  const list = await getJson<TraceList>(viewer, '/api/traces?limit=10');
  assert.equal(list.traces.length, 10);
  assert.deepEqual({ more: list.more, kept: list.kept, total: list.total }, { more: 40, kept: 50, total: 50 });
  const orders = list.traces.map(({ order }) => order);
  assert.deepEqual(
    orders,
    orders.toSorted((a, b) => b - a),
  );
  const checkouts = await getJson<TraceList>(viewer, '/api/traces?service=inventory&name=checkout&minDurationMs=1');
  assert.ok(checkouts.traces.length > 0);
  assert.ok(checkouts.traces.every(({ name, durationNs }) => name === 'POST /checkout' && durationNs >= 1e6));
});

test('gives a trace with its spans, arguments and results', async (t) => {
  const { viewer } = await startShopViewer(t);
  const { traces } = await getJson<TraceList>(viewer, '/api/traces?name=checkout&limit=1');
  const trace = await getJson<TraceDetail>(viewer, `/api/traces/${traces[0]?.id}`);
  assert.equal(trace.spans[0]?.name, 'POST /checkout');
  assert.equal(trace.spans[0].parentId, undefined);
  const charge = trace.spans.find(({ name }) => name === 'main.charge');
  assert.deepEqual(
    charge?.arguments.map(({ name, goType }) => `${name} ${goType}`),
    ['o *main.Order', 'cents int64', 'method string'],
  );
  assert.equal(charge.results.at(-1)?.value, null);
  assert.ok(charge.attributes.some(([key, value]) => key === 'code.function.name' && value === 'main.charge'));
  assert.ok(!charge.attributes.some(([key]) => key.startsWith('sidespan.argument.')));
});

test('gives histograms, services, ledger, attachments and status', async (t) => {
  const { viewer } = await startShopViewer(t);
  const { histograms } = await getJson<HistogramList>(viewer, '/api/histograms');
  assert.ok(histograms.some(({ name, kind }) => name === 'main.charge' && kind === 'internal'));
  assert.deepEqual(await getJson(viewer, '/api/ledger'), { ledger: shopStatus.ledger });
  assert.deepEqual(await getJson(viewer, '/api/attachments'), { attachments: shopStatus.attachments });
  const status = await getJson<{ agent: unknown; store: { tracesKept: number } }>(viewer, '/api/status');
  assert.deepEqual(status.agent, shopStatus.agent);
  assert.equal(status.store.tracesKept, 50);
  const { services } = await getJson<{ services: { name: string }[] }>(viewer, '/api/services');
  assert.deepEqual(new Set(services.map(({ name }) => name)), new Set(['gateway', 'inventory']));
});

test('a bad query is refused in words', async (t) => {
  const { viewer } = await startShopViewer(t);
  const cases = {
    '/api/traces?limit=0': 'limit must be a whole number from 1 to 1000, not 0',
    '/api/traces?limit=9999999': 'limit must be a whole number from 1 to 1000, not 9999999',
    '/api/traces?minDurationMs=fast': 'minDurationMs must be a number from 0, not fast',
    '/api/traces?error=yes': 'error must be 1 or 0, not yes',
    '/api/live?minDurationMs=-1': 'minDurationMs must be a number from 0, not -1',
    [`/api/traces?name=${'x'.repeat(501)}`]: 'name is longer than 500 characters',
  };
  for (const [path, error] of Object.entries(cases)) {
    const response = await fetch(new URL(path, viewer.url));
    assert.equal(response.status, 400, path);
    assert.deepEqual(await response.json(), { error });
  }
});

test('what is not there is 404, by words', async (t) => {
  const { viewer } = await startShopViewer(t);
  const missing = [
    '/api/traces/0123456789abcdef0123456789abcdef',
    '/api/nothing',
    '/api/constructor',
    '/x.js',
    '/toString',
  ];
  const outside = [
    '/../server.ts',
    '/%2e%2e/server.ts',
    '/..%2fserver.ts',
    '/tsconfig.json',
    '/uplot.d.ts',
    '/a%00.js',
  ];
  for (const path of [...missing, ...outside]) assert.equal(await statusOf(viewer, {}, path), 404, path);
});

test('serves the page with strict headers, its modules as JavaScript, and says when nothing changed', async (t) => {
  const { viewer } = await startShopViewer(t, 0);
  for (const path of ['/', '/style.css', '/boot.js', '/uplot.js', '/uplot.css', '/api/traces']) {
    const response = await fetch(new URL(path, viewer.url));
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'self';/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cross-origin-resource-policy'), 'same-origin');
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    await response.arrayBuffer();
  }
  const script = await fetch(new URL('/boot.js', viewer.url));
  assert.match(script.headers.get('content-type') ?? '', /^text\/javascript/);
  assert.equal(await statusOf(viewer, { 'if-none-match': script.headers.get('etag') ?? '' }, '/boot.js'), 304);
  await script.arrayBuffer();
});

test('answers by address and as localhost, to no other name, to no other site, to no other method', async (t) => {
  const { viewer } = await startShopViewer(t, 0);
  const { port } = viewer;
  for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, '[::1]', '10.1.2.3:80', 'LOCALHOST']) {
    assert.equal(await statusOf(viewer, { host }), 200, host);
  }
  for (const host of ['evil.example', `127.0.0.1.evil.example:${port}`, 'localhost.', '127.0.0.1@evil', '1.2.3']) {
    assert.equal(await statusOf(viewer, { host }), 403, host);
  }
  const foreign = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
  assert.equal(await statusOf(viewer, foreign, '/api/traces'), 403);
  assert.equal(await statusOf(viewer, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), 200);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
    assert.equal(await statusOf(viewer, {}, '/api/traces', method), 405, method);
  }
});

test('a status that cannot be made is an answer, not the end of the agent', async (_t) => {
  const store = createSpanStore();
  const status = () => {
    throw new Error('no such process');
  };
  await using viewer = await startViewer({ host: '127.0.0.1', port: 0, store, status });
  const response = await fetch(new URL('/api/ledger', viewer.url));
  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), { error: 'no such process' });
  assert.equal((await fetch(new URL('/api/traces', viewer.url))).status, 200);
});

test('a port in use names itself and the setting', async (t) => {
  const { viewer, store } = await startShopViewer(t, 0);
  await assert.rejects(
    startViewer({ host: '127.0.0.1', port: viewer.port, store, status: () => shopStatus }),
    (error: unknown) => {
      assert.ok(error instanceof ViewerError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1 port ${viewer.port}: .* SIDESPAN_VIEWER_PORT`));
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE');
      return true;
    },
  );
});

/** Reads a stream of server-sent events until `enough`. */
async function readEvents(url: URL, enough: (events: { event: string; data: string }[]) => boolean, headers = {}) {
  const cancel = new AbortController();
  const response = await fetch(url, { signal: cancel.signal, headers });
  assert.equal(response.status, 200);
  const events: { event: string; data: string }[] = [];
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event = '', data = ''] = /^event: (\w+)\nid: \d+\ndata: (.*)$/.exec(block) ?? [];
      events.push({ event, data });
    }
    if (enough(events)) break;
  }
  cancel.abort();
  return events;
}

test('live: new traces come in batches, filtered, and the status comes by itself', async (t) => {
  const { viewer, store } = await startShopViewer(t, 0);
  const arriving = readEvents(new URL('/api/live?service=inventory', viewer.url), (events) => {
    if (events.length === 1) for (const spans of shopTraces(60)) store.add(spans);
    return events.some(({ event }) => event === 'traces') && events.some(({ event }) => event === 'status');
  });
  const events = await arriving;
  assert.deepEqual(JSON.parse(events[0]?.data ?? '').agent, shopStatus.agent);
  const live = JSON.parse(events.find(({ event }) => event === 'traces')?.data ?? '') as LiveTraces;
  assert.ok(live.traces.length > 5);
  assert.ok(live.traces.every(({ services }) => services.includes('inventory')));
  assert.equal(live.skipped, 0);
});

test('live: more than fits in a message is skipped and said; going on from a list leaves no gap', async (t) => {
  const { viewer, store } = await startShopViewer(t, 5);
  const { revision } = await getJson<TraceList>(viewer, '/api/traces');
  for (const spans of shopTraces(400, { seed: 2 })) store.add(spans);
  const events = await readEvents(new URL(`/api/live?after=${revision}`, viewer.url), (all) =>
    all.some(({ event }) => event === 'traces'),
  );
  const live = JSON.parse(events.find(({ event }) => event === 'traces')?.data ?? '') as LiveTraces;
  assert.equal(live.traces.length, 100);
  assert.equal(live.skipped, 300);
});

test('live: a place from before a restart of the agent is not waited for', async (t) => {
  const { viewer, store } = await startShopViewer(t, 0);
  const events = await readEvents(
    new URL('/api/live', viewer.url),
    (all) => {
      if (all.length === 1) for (const spans of shopTraces(3)) store.add(spans);
      return all.some(({ event }) => event === 'traces');
    },
    { 'last-event-id': '99999999' },
  );
  assert.equal((JSON.parse(events.find(({ event }) => event === 'traces')?.data ?? '') as LiveTraces).traces.length, 3);
});

test('live: a browser that does not read is owed one message, not a queue', async (t) => {
  const store = createSpanStore({ ...defaultLimits, recent: { maxTraces: 10_000, maxBytes: 64 << 20 } });
  const viewer = await startViewer({ host: '127.0.0.1', port: 0, store, status: () => shopStatus });
  t.after(() => viewer.close());
  const socket = connect(viewer.port, '127.0.0.1').setEncoding('utf8').pause();
  t.after(() => socket.destroy());
  socket.write('GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  // 1.2 MB a tick: the kernel's socket buffers are soon full. From then on ticks must merge into one message, in which
  // more traces than fit were skipped; a queue would hold one complete message a tick.
  const name = '…'.repeat(4000);
  const traces = shopTraces(3000);
  for (let tick = 0; tick < 12; tick++) {
    for (let index = 0; index < 100; index++) {
      const [span] = traces.next().value as ReadableSpan[];
      if (span !== undefined) store.add([{ ...span, name }]);
    }
    await sleep(260);
  }
  let received = '';
  socket.on('data', (text: string) => {
    received += text;
  });
  socket.resume();
  await sleep(1000);
  const skipped = [...received.matchAll(/"skipped":(\d+)/g)].map(([, count]) => Number(count));
  assert.ok(skipped.length < 12, `${skipped.length} messages`);
  assert.ok(
    skipped.some((count) => count >= 100),
    `skipped ${skipped.join(' ')}`,
  );
});

test('live: too many browsers are told so, and closing makes room', async (t) => {
  const { viewer } = await startShopViewer(t, 0);
  const cancels = Array.from({ length: 16 }, () => new AbortController());
  // Of a response that nobody holds the collector closes the stream, and there is room again.
  const streams: Response[] = [];
  for (const { signal } of cancels) streams.push(await fetch(new URL('/api/live', viewer.url), { signal }));
  assert.equal(await statusOf(viewer, {}, '/api/live'), 503);
  assert.ok(streams.every(({ status }) => status === 200));
  for (const cancel of cancels) cancel.abort();
  await sleep(50);
  const again = new AbortController();
  assert.equal((await fetch(new URL('/api/live', viewer.url), { signal: again.signal })).status, 200);
  again.abort();
});

test('closing ends open streams and frees the port', async () => {
  const store = createSpanStore();
  const viewer = await startViewer({ host: '127.0.0.1', port: 0, store, status: () => shopStatus });
  const stream = await fetch(new URL('/api/live', viewer.url));
  await viewer.close();
  await assert.rejects(async () => {
    for await (const _ of stream.body ?? []);
    await fetch(viewer.url);
  });
  await using again = await startViewer({ host: '127.0.0.1', port: viewer.port, store, status: () => shopStatus });
  assert.equal(again.port, viewer.port);
});
