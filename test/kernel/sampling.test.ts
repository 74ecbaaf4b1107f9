/** What is not sampled is counted and timed in the kernel: metrics know every call, spans only those that are kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { dropped, startTracedService } from '../support/traced-service.ts';
import { functions, serverSpans, serversOwn } from './http-counts.ts';
import { assertWhole, byRouteAndStatus, callsOf, countsOf, durations, load, metricsToSink } from './metric-counts.ts';

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
