import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { startTracedService } from '../support/traced-service.ts';

interface Outcome {
  readonly Method: string;
  /** Empty: it succeeded. */
  readonly Code: string;
}

const builds: readonly { readonly options: GoTargetOptions; readonly args: readonly string[] }[] = [
  { options: {}, args: ['-intercepted'] },
  { options: { ldflags: '-s -w' }, args: [] },
  { options: { ldflags: '-s -w', modfile: 'old.mod' }, args: [] },
];

for (const { options, args } of builds) {
  test(`connect-go's clients: what the program got, by all protocols, ${JSON.stringify(options)} ${args}`, {
    timeout: 120_000,
  }, async (t) => {
    const service = await startTracedService(t, await goTarget('connectclient', options), { args });
    service.tell();
    const outcomes = JSON.parse(await service.line()) as Outcome[];
    const { spans, summary } = await service.stopAgent();
    const calls = spans.filter(({ scope }) => scope === 'sidespan/connectrpc.com/connect');
    const said = calls.map(({ name, kind, status, attributes }) => {
      assert.equal(kind, 'CLIENT');
      assert.equal(attributes['rpc.system.name'], 'connectrpc');
      assert.equal(attributes['rpc.method'], name);
      assert.equal(attributes['server.address'], '127.0.0.1');
      assert.equal(status, attributes['rpc.status_code'] === undefined ? 'UNSET' : 'ERROR', name);
      assert.equal(attributes['error.type'], attributes['rpc.status_code']);
      return `${name} ${attributes['rpc.status_code'] ?? ''}`;
    });
    assert.deepEqual(said.sort(), outcomes.map(({ Method, Code }) => `${Method} ${Code}`).sort());

    const byId = new Map(calls.map((call) => [call.spanId, call]));
    const requests = spans.filter(
      ({ scope, kind, attributes }) =>
        scope === 'sidespan/net/http' && kind === 'CLIENT' && String(attributes['url.full']).endsWith('/Say'),
    );
    assert.ok(requests.length > 0);
    // Before 1.16 on a goroutine of their own.
    const isWithin = options.modfile === undefined;
    for (const { parentSpanId } of isWithin ? requests : [])
      assert.equal(byId.get(parentSpanId ?? '')?.name, 'test.v1.Echo/Say');
    assert.equal(summary.balanced, true, JSON.stringify(summary));
    for (const probe of summary.probes.filter(({ kind }) => kind === 'rpc.client')) {
      assert.equal(probe.stillRunning, 0, JSON.stringify(probe));
    }

    // What the server decided, its spans say too.
    const decided = /Echo\/\w+ (not_found|internal|unknown)?$/;
    const served = spans
      .filter(({ kind }) => kind === 'SERVER')
      .map(({ attributes }) => `${attributes['rpc.method']} ${attributes['rpc.status_code'] ?? ''}`);
    assert.deepEqual(
      served.filter((each) => decided.test(each)).sort(),
      said.filter((each) => decided.test(each)),
    );
  });
}

for (const sampler of ['always_on', 'always_off']) {
  test(`connect-go's clients: metrics, ${sampler}`, { timeout: 120_000 }, async (t) => {
    const env = { OTEL_TRACES_SAMPLER: sampler, OTEL_METRICS_EXPORTER: 'otlp' };
    const service = await startTracedService(t, await goTarget('connectclient'), { env });
    service.tell();
    const outcomes = JSON.parse(await service.line()) as Outcome[];
    const { metrics } = await service.stopAgent();
    const counts: Record<string, number> = {};
    for (const { attributes, count = 0 } of metrics.filter(({ name }) => name === 'rpc.client.call.duration')) {
      assert.equal(attributes['rpc.status_code'], attributes['error.type']);
      assert.equal(attributes['server.address'], '127.0.0.1');
      const key = `${attributes['rpc.method']} ${attributes['error.type'] ?? ''}`;
      counts[key] = (counts[key] ?? 0) + count;
    }
    const expected: Record<string, number> = {};
    for (const { Method, Code } of outcomes) {
      const key = `${Method} ${Code}`;
      expected[key] = (expected[key] ?? 0) + 1;
    }
    assert.deepEqual(counts, expected);
  });
}
