/** What is not sampled is decided, counted and timed in the kernel: metrics know every call, spans only those that are kept. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { goTarget } from '../support/go-target.ts';
import type { SinkPoint } from '../support/otlp-sink.ts';
import { eventually } from '../support/running.ts';
import {
  type AgentResult,
  dropped,
  sendRaw,
  startTracedService,
  type TracedService,
} from '../support/traced-service.ts';
import { functions, type ServerCounts, serverSpans, serversOwn } from './http-counts.ts';

const run = promisify(execFile);
const paths = ['/hello', '/greet/ada?x=1', '/greet/nobody', '/status/204', '/status/404', '/status/503', '/nowhere'];

async function load({ address }: TracedService, requests: number, more: readonly string[] = [], of = paths) {
  const urls = of.flatMap((path) => ['-url', `http://${address}${path}`]);
  await run(await goTarget('load'), [...urls, '-n', String(requests), '-c', '16', ...more]);
}

async function countsOf({ address }: TracedService): Promise<ServerCounts> {
  const answer = await sendRaw(address, 'GET /debug/counts HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as ServerCounts;
}

const durations = ({ metrics }: AgentResult, name: string) => metrics.filter((point) => point.name === name);
const callsOf = (points: readonly SinkPoint[]) => points.reduce((sum, { count = 0 }) => sum + count, 0);

/** `route status` → requests, of the points of http.server.request.duration. */
function byRouteAndStatus(points: readonly SinkPoint[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { attributes, count = 0 } of points) {
    const key = `${attributes['http.route']} ${attributes['http.response.status_code'] ?? 0}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

/** Each attribute set once, each point's buckets its count: what the kernel and the agent counted is one series. */
function assertWhole(points: readonly SinkPoint[]): void {
  const sets = points.map(({ name, attributes }) => JSON.stringify([name, Object.entries(attributes).sort()]));
  assert.equal(new Set(sets).size, sets.length, sets.join('\n'));
  for (const { count, buckets = [], attributes } of points) {
    assert.equal(
      buckets.reduce((sum, each) => sum + each, 0),
      count,
      JSON.stringify(attributes),
    );
  }
}

const metricsToSink = { OTEL_METRICS_EXPORTER: 'otlp' };
const oneInAHundred = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };

for (const go of ['1.22', undefined]) {
  test(`50,000 requests at a ratio of 0.01, ${go ?? 'newest'} Go: metrics know each of them`, {
    timeout: 180_000,
  }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver', go === undefined ? {} : { go }), {
      functions,
      env: { ...metricsToSink, ...oneInAHundred },
    });
    await load(service, 48_000);
    await load(service, 1_000, ['-method', 'POST', '-body', 'some text'], ['/echo']);
    await load(service, 500, ['-header', 'X-Forwarded-Proto: https'], ['/hello']);
    await load(service, 500, [], ['/panic', '/hijack', '/stream?pieces=3', '/sleep?for=2ms']);
    const counts = await countsOf(service);
    const result = await service.stopAgent();
    const { summary, log } = result;

    const requests = durations(result, 'http.server.request.duration');
    assertWhole(requests);
    assert.deepEqual(byRouteAndStatus(requests), serversOwn(counts));
    const probe = summary.probes.find(({ kind }) => kind === 'http.server');
    assert.ok(probe, log);
    assert.equal(probe.seen, counts.requests);
    assert.equal(callsOf(requests), probe.seen);
    assert.equal(probe.exported + probe.sampledOut, probe.seen);
    assert.equal(dropped(probe), 0, JSON.stringify(probe));
    assert.equal(summary.balanced, true);
    // 50,000 draws at 0.01: outside of this once in a million years of test runs.
    assert.ok(probe.exported > 300 && probe.exported < 700, `${probe.exported}`);

    const echo = requests.filter(({ attributes }) => attributes['http.request.method'] === 'POST');
    assert.equal(callsOf(echo), 1_000);
    const secure = requests.filter(({ attributes }) => attributes['url.scheme'] === 'https');
    assert.equal(callsOf(secure), 500);
    const panicked = requests.filter(({ attributes }) => attributes['error.type'] === 'panic');
    assert.equal(callsOf(panicked), counts.routes['/panic']?.['0'] ?? counts.routes['GET /panic']?.['0']);

    for (const name of functions) {
      const points = durations(result, 'sidespan.function.duration').filter(
        ({ attributes }) => attributes['code.function.name'] === name,
      );
      assertWhole(points);
      assert.equal(callsOf(points), counts.functions[name], name);
    }

    const spans = serverSpans(result);
    assert.equal(spans.length, probe.exported);
    const ids = new Set(result.spans.map(({ spanId }) => spanId));
    for (const { traceState, parentSpanId, name } of result.spans) {
      // 0.99 of 2^56, to 32 bits.
      assert.equal(traceState, 'ot=th:fd70a3d7', name);
      assert.ok(parentSpanId === undefined || ids.has(parentSpanId), `the parent of ${name} was not kept`);
    }
    const greetings = spans.filter(({ attributes }) => attributes['url.path'] === '/greet/ada');
    const children = result.spans.filter(({ name }) => name === 'main.Greeting');
    const parents = new Set(children.map(({ parentSpanId }) => parentSpanId));
    for (const { spanId } of greetings) assert.ok(parents.has(spanId), 'children follow their parent');
  });
}

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

/** What a metric says of calls, but for what may differ from run to run: ports, and types of errors, known by name only of sampled calls. */
function outcomes(points: readonly SinkPoint[], quantity: 'count' | 'value' = 'count'): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name, attributes, ...point } of points) {
    const count = point[quantity] ?? 0;
    const { 'server.port': port, 'error.type': error, ...rest } = attributes;
    const known = Object.entries({ ...rest, port: port !== undefined, failed: error !== undefined });
    const key = `${name} ${known
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(' ')}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

test('clients and servers, HTTP/1.1, HTTP/2, TLS: metrics say the same of what is not sampled', {
  timeout: 120_000,
}, async (t) => {
  const observed = async (sampler: string) => {
    const service = await startTracedService(t, await goTarget('httpclient'), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler },
    });
    service.tell('3');
    await service.line();
    const result = await service.stopAgent();
    assert.equal(result.summary.balanced, true);
    const points = result.metrics.filter(({ name }) => /^http\.(client|server)\.request\.duration$/.test(name));
    assertWhole(points);
    const sizes = result.metrics.filter(({ name }) =>
      /^http\.(client|server)\.(request|response)\.body\.size$/.test(name),
    );
    assertWhole(sizes);
    return {
      outcomes: outcomes(points),
      sized: outcomes(sizes),
      bytes: outcomes(sizes, 'value'),
      spans: result.spans.length,
    };
  };
  const on = await observed('always_on');
  const off = await observed('always_off');
  assert.ok(on.spans > 50);
  assert.equal(off.spans, 0);
  assert.deepEqual(off.outcomes, on.outcomes);
  assert.deepEqual(off.sized, on.sized);
  assert.deepEqual(off.bytes, on.bytes);
});

test('calls that fail or are slow are kept, each by itself; metrics count all', { timeout: 120_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), {
    functions,
    env: {
      ...metricsToSink,
      OTEL_TRACES_SAMPLER: 'always_off',
      SIDESPAN_KEEP_ERRORS: 'on',
      SIDESPAN_KEEP_SLOWER_THAN: '200ms',
    },
  });
  await load(service, 2_100);
  await load(service, 40, [], ['/panic', '/sleep?for=300ms']);
  await load(service, 20, ['-header', 'tracestate: ot=th:c;rv:abcdefabcdefab,acme=1'], ['/status/503']);
  await load(
    service,
    20,
    [
      ...['-header', 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'],
      ...['-header', 'tracestate: ot=th:c;rv:abcdefabcdefab,acme=1'],
    ],
    ['/status/503'],
  );
  const counts = await countsOf(service);
  const result = await service.stopAgent();
  const { spans, summary, log } = result;
  const own = serversOwn(counts);

  const ofPath = (path: string) => serverSpans(result).filter(({ attributes }) => attributes['url.path'] === path);
  const [failed, panicked, slow] = [ofPath('/status/503'), ofPath('/panic'), ofPath('/sleep')];
  assert.equal(failed.length, own['/status/{code} 503'], log);
  assert.equal(panicked.length, 20);
  assert.equal(slow.length, 20);
  assert.equal(serverSpans(result).length, failed.length + 40, 'no others');
  for (const { attributes, status } of [...failed, ...panicked]) {
    assert.equal(attributes['sidespan.kept'], 'error');
    assert.equal(status, 'ERROR');
  }
  for (const { attributes, durationNs } of slow) {
    assert.equal(attributes['sidespan.kept'], 'slow');
    assert.equal(attributes['url.query'], 'for=300ms');
    assert.ok(durationNs > 200e6);
  }
  for (const { attributes, flags } of spans) {
    // Neither sampled nor selected by probability.
    assert.equal(flags & 1, 0);
    assert.equal(attributes['sidespan.unavailable'], undefined);
  }
  const continued = failed.filter(({ traceId }) => traceId === '0af7651916cd43dd8448eb211c80319c');
  assert.equal(continued.length, 20);
  for (const { traceState, parentSpanId } of continued) {
    assert.equal(traceState, 'ot=rv:abcdefabcdefab,acme=1');
    assert.equal(parentSpanId, 'b7ad6b7169203331');
  }
  const greetings = spans.filter(({ name }) => name === 'main.Greeting');
  assert.equal(greetings.length, 300);
  for (const { attributes } of greetings) {
    assert.equal(attributes['sidespan.kept'], 'error');
    assert.equal(attributes['sidespan.argument.name'], 'nobody');
  }

  const requests = durations(result, 'http.server.request.duration');
  assertWhole(requests);
  assert.deepEqual(byRouteAndStatus(requests), own);
  assert.equal(summary.balanced, true);
  for (const probe of summary.probes) {
    assert.equal(dropped(probe), 0, JSON.stringify(probe));
    assert.equal(probe.exported + probe.sampledOut, probe.seen);
  }
});

for (const sampler of ['always_on', 'always_off']) {
  test(`requests that are open are active, ${sampler}`, { timeout: 60_000 }, async (t) => {
    const service = await startTracedService(t, await goTarget('httpserver'), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler, OTEL_METRIC_EXPORT_INTERVAL: '200' },
    });
    const agent = new Agent({ keepAlive: true });
    const open = Array.from({ length: 12 }, () => get(`http://${service.address}/sleep?for=60s`, { agent }));
    for (const request of open) request.on('error', () => {});
    const active = async () =>
      (await service.metrics())
        .filter(({ name }) => name === 'http.server.active_requests')
        .map(({ attributes, value }) => [attributes['http.request.method'], attributes['url.scheme'], value]);
    await eventually(active, (points) => points.some(([, , value]) => value === 12));
    assert.deepEqual(await active(), [['GET', 'http', 12]]);
    for (const request of open) request.destroy();
    await eventually(active, (points) => points.every(([, , value]) => value === 0));
    await service.stopAgent();
  });
}

test('exemplars are spans that were exported, of the value that they have', { timeout: 60_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), { functions, env: metricsToSink });
  await load(service, 500, [], [...paths, '/sleep?for=30ms']);
  const { metrics, spans } = await service.stopAgent();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const points = metrics.filter(({ name }) => name === 'http.server.request.duration');
  let found = 0;
  for (const { attributes, buckets = [], exemplars = [] } of points) {
    assert.equal(exemplars.length, buckets.filter((count) => count > 0).length, 'one for each bucket');
    for (const { traceId, spanId, value, unixNs } of exemplars) {
      const span = byId.get(spanId);
      assert.ok(span, `${spanId} was not exported`);
      assert.equal(span.traceId, traceId);
      assert.equal(span.attributes['http.route'], attributes['http.route']);
      assert.ok(Math.abs(value * 1e9 - span.durationNs) < 1);
      assert.equal(BigInt(unixNs), BigInt(span.startUnixNs) + BigInt(span.durationNs));
      found++;
    }
  }
  assert.ok(found >= points.length);
});

test('gRPC: metrics say the same of what is not sampled', { timeout: 120_000 }, async (t) => {
  const kinds = 'ok,notfound,unknown,download,upload,chat';
  const observed = async (sampler: string) => {
    const service = await startTracedService(t, await goTarget('grpcserver'), {
      env: { ...metricsToSink, OTEL_TRACES_SAMPLER: sampler },
    });
    await run(await goTarget('grpcserver/grpcload'), ['-target', service.address, '-n', '140', '-kinds', kinds]);
    const result = await service.stopAgent();
    assert.equal(result.summary.balanced, true);
    const points = durations(result, 'rpc.server.call.duration');
    assertWhole(points);
    return outcomes(points);
  };
  assert.deepEqual(await observed('always_off'), await observed('always_on'));
});

test('over the limit of traces a second nothing is kept; metrics count all', { timeout: 120_000 }, async (t) => {
  const service = await startTracedService(t, await goTarget('httpserver'), {
    functions,
    env: { ...metricsToSink, SIDESPAN_TRACES_PER_SECOND: '10' },
  });
  const begun = performance.now();
  await load(service, 3_000, ['-rate', '1000'], ['/greet/ada']);
  const seconds = Math.ceil((performance.now() - begun) / 1000) + 1;
  const { summary, spans, metrics } = await service.stopAgent();
  const probe = summary.probes.find(({ kind }) => kind === 'http.server');
  assert.ok(probe);
  assert.equal(probe.seen, 3_000);
  assert.equal(probe.exported + probe.sampledOut, 3_000);
  assert.equal(probe.shed, probe.sampledOut);
  // Ten in each second that it touched; the second look at the latest also lowers the share.
  assert.ok(probe.exported >= 10 && probe.exported <= 10 * seconds, `${probe.exported} in ${seconds} s`);
  assert.equal(spans.length, 3 * probe.exported, 'whole traces');
  assert.equal(callsOf(metrics.filter(({ name }) => name === 'http.server.request.duration')), 3_000);
});
