import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load-config.ts';

const prefix = 'OTEL_EXPORTER_OTLP_';
const load = (env: Record<string, string>) => loadConfig(env).config;

test('an endpoint alone turns OTLP on, for its signals', () => {
  const both = load({ [`${prefix}ENDPOINT`]: 'http://c:4318' });
  assert.deepEqual([both.traces.exporters, both.metrics.exporters], [['otlp'], ['otlp']]);
  const traces = load({ [`${prefix}TRACES_ENDPOINT`]: 'http://c:4318' });
  assert.deepEqual([traces.traces.exporters, traces.metrics.exporters], [['otlp'], []]);
  const none = load({ [`${prefix}ENDPOINT`]: 'http://c:4318', OTEL_METRICS_EXPORTER: 'none' });
  assert.deepEqual([none.traces.exporters, none.metrics.exporters], [['otlp'], []]);
  const off = load({
    [`${prefix}ENDPOINT`]: 'http://c:4318',
    OTEL_METRICS_EXPORTER: 'prometheus',
    OTEL_SDK_DISABLED: 'true',
  });
  assert.deepEqual([off.traces.exporters, off.metrics.exporters], [[], []]);
});

test('where the two signals go', () => {
  const rows: readonly [env: Record<string, string>, traces: string, metrics: string][] = [
    [{}, 'http://localhost:4318/v1/traces', 'http://localhost:4318/v1/metrics'],
    [{ ENDPOINT: 'http://c:4318' }, 'http://c:4318/v1/traces', 'http://c:4318/v1/metrics'],
    [{ ENDPOINT: 'http://c:4318/' }, 'http://c:4318/v1/traces', 'http://c:4318/v1/metrics'],
    [{ ENDPOINT: 'https://c/base/?key=1' }, 'https://c/base/v1/traces?key=1', 'https://c/base/v1/metrics?key=1'],
    [{ ENDPOINT: 'http://c', TRACES_ENDPOINT: 'http://t/here' }, 'http://t/here', 'http://c/v1/metrics'],
    [{ PROTOCOL: 'grpc' }, 'http://localhost:4317', 'http://localhost:4317'],
    [{ PROTOCOL: 'grpc', ENDPOINT: 'c:4317' }, 'https://c:4317', 'https://c:4317'],
    [{ PROTOCOL: 'grpc', ENDPOINT: 'c:4317', INSECURE: 'true' }, 'http://c:4317', 'http://c:4317'],
    [{ PROTOCOL: 'grpc', ENDPOINT: 'c:4317', METRICS_INSECURE: 'true' }, 'https://c:4317', 'http://c:4317'],
    [{ PROTOCOL: 'grpc', ENDPOINT: 'http://c:4317', INSECURE: 'false' }, 'http://c:4317', 'http://c:4317'],
    [{ TRACES_PROTOCOL: 'grpc' }, 'http://localhost:4317', 'http://localhost:4318/v1/metrics'],
  ];
  for (const [env, traces, metrics] of rows) {
    const config = load(Object.fromEntries(Object.entries(env).map(([name, text]) => [prefix + name, text])));
    assert.deepEqual([config.traces.otlp.url, config.metrics.otlp.url], [traces, metrics], JSON.stringify(env));
  }
});

test("a signal's own settings win over the common ones", () => {
  const { traces, metrics } = load({
    [`${prefix}HEADERS`]: 'a=1, b = x%20y ,',
    [`${prefix}METRICS_HEADERS`]: 'c=3==',
    [`${prefix}TIMEOUT`]: '1000',
    [`${prefix}TRACES_COMPRESSION`]: 'GZIP',
    [`${prefix}CERTIFICATE`]: '/ca.pem',
    [`${prefix}METRICS_TEMPORALITY_PREFERENCE`]: 'Delta',
  });
  assert.deepEqual(
    [...traces.otlp.headers],
    [
      ['a', '1'],
      ['b', 'x y'],
    ],
  );
  assert.deepEqual([...metrics.otlp.headers], [['c', '3==']]);
  assert.deepEqual([traces.otlp.timeoutMs, metrics.otlp.timeoutMs], [1000, 1000]);
  assert.deepEqual([traces.otlp.compression, metrics.otlp.compression], ['gzip', 'none']);
  assert.equal(metrics.otlp.tls.caFile, '/ca.pem');
  assert.equal(metrics.otlp.temporality, 'delta');
});

test('a header that no request can have is ignored, and said without its value', () => {
  for (const [bad, what] of [
    ['x y=secret', '"x y" is no header\'s name'],
    ['x%0A=secret', '"x\\n" is no header\'s name'],
    ['x=sec%0Aret', 'the value of x has a character that no header can have'],
  ] as const) {
    const { config, warnings } = loadConfig({ [`${prefix}HEADERS`]: bad, [`${prefix}ENDPOINT`]: 'http://c' });
    assert.equal(config.traces.otlp.headers.size, 0);
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0]?.includes(what) && !warnings[0].includes('sec'), warnings[0]);
  }
});

test('what contradicts itself is an error where it is used, and only there', () => {
  const env = { [`${prefix}ENDPOINT`]: 'collector:4318', OTEL_METRICS_EXPORTER: 'none' };
  const message =
    'environment: OTEL_EXPORTER_OTLP_ENDPOINT: collector:4318 has no scheme, which OTLP over HTTP needs. Write http://collector:4318, or set OTEL_EXPORTER_OTLP_PROTOCOL to grpc.';
  assert.throws(() => load(env), { name: 'ConfigError', message });
  // It is used for both signals, and said once.
  assert.throws(() => load({ ...env, OTEL_METRICS_EXPORTER: 'otlp' }), { message });
  assert.equal(load({ ...env, OTEL_TRACES_EXPORTER: 'console' }).traces.exporters[0], 'console');
  const key = { [`${prefix}ENDPOINT`]: 'http://c', [`${prefix}CLIENT_KEY`]: '/key.pem' };
  assert.throws(() => load(key), /CLIENT_KEY: a key and a certificate are needed together/);
  assert.throws(() => load({ SIDESPAN_PRESETS: 'none,grpc' }), /none stands beside other presets/);
});

test('an endpoint that is none is an error, and shows no password', () => {
  for (const endpoint of ['ftp://c', 'http://', 'http://a b', 'http://user:hunter2@']) {
    assert.throws(
      () => load({ [`${prefix}ENDPOINT`]: endpoint }),
      (error) => error instanceof ConfigError && !error.message.includes('hunter2'),
      endpoint,
    );
  }
});

test('presets, log level and limits that depend on another setting', () => {
  assert.deepEqual(load({ SIDESPAN_PRESETS: 'none' }).presets, []);
  assert.equal(load({ OTEL_LOG_LEVEL: 'DEBUG' }).logLevel, 'debug');
  assert.equal(load({ OTEL_LOG_LEVEL: 'debug', SIDESPAN_LOG_LEVEL: 'error' }).logLevel, 'error');
  assert.equal(load({ OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'service.name=b' }).serviceName, 'a');
  const { config, warnings } = loadConfig({ OTEL_BSP_MAX_QUEUE_SIZE: '100' });
  assert.equal(config.traces.batch.maxBatchSize, 100);
  assert.equal(warnings.length, 1);
});
