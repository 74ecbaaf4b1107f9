import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig, placeText } from '../../src/config/load-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'sidespan-config-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function file(text: string): string {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

/** The messages of the error, the file's path shortened to `FILE`. */
function problems(env: Record<string, string>, path?: string): string[] {
  try {
    loadConfig(env, path);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.problems.length, error.message.split('\n').length);
    return error.message.replaceAll(path ?? '\0', 'FILE').split('\n');
  }
  return assert.fail('no error');
}

test('with nothing set: the presets, the viewer on loopback, no exporter', () => {
  const { config, warnings } = loadConfig({ PATH: '/bin', SIDESPAN_TARGET_EXE: '', OTEL_TRACES_EXPORTER: '  ' });
  assert.deepEqual(config.target, { pid: undefined, exe: undefined, port: undefined });
  assert.deepEqual(config.presets, ['net/http', 'grpc', 'connect', 'database/sql', 'pgx', 'go-redis']);
  assert.deepEqual(config.functions, []);
  assert.deepEqual(config.viewer, { enabled: true, host: '127.0.0.1', port: 4380 });
  assert.deepEqual([config.traces.exporters, config.metrics.exporters], [[], []]);
  assert.equal(config.ringBytes, 8 * 1024 * 1024);
  assert.equal(config.cpuBudget, 0.05);
  assert.deepEqual(warnings, []);
});

test('a budget of CPU time is a share, or off', () => {
  const budget = (text: string) => loadConfig({ SIDESPAN_CPU_BUDGET: text }).config.cpuBudget;
  assert.deepEqual([budget('0.5%'), budget('200 %'), budget('off')], [0.005, 2, undefined]);
  assert.match(problems({ SIDESPAN_CPU_BUDGET: '5' })[0]!, /"5" is no percentage\. Write 5%, or off\./);
});

test('later sources win: default, file, environment, command line', () => {
  const path = file(
    'SIDESPAN_MAX_FUNCTIONS: 1\nSIDESPAN_TARGET_PID: 2\nSIDESPAN_VIEWER_PORT: 3\n\nSIDESPAN_TARGET_EXE: a\n',
  );
  const { config, sources } = loadConfig({ SIDESPAN_TARGET_PID: '20', SIDESPAN_VIEWER_PORT: '30' }, path, [
    { setting: 'SIDESPAN_VIEWER_PORT', option: '--viewer-port', text: '300' },
    { setting: 'SIDESPAN_TARGET_EXE', option: '--exe', text: undefined },
  ]);
  assert.equal(config.maxFunctions, 1);
  assert.equal(config.target.pid, 20);
  assert.equal(config.viewer.port, 300);
  assert.equal(config.target.exe, 'a');
  const place = (name: Parameters<typeof sources.get>[0]) => placeText(sources.get(name)!).replace(path, 'FILE');
  assert.equal(place('SIDESPAN_MAX_FUNCTIONS'), 'FILE:1');
  assert.equal(place('SIDESPAN_TARGET_PID'), 'environment');
  assert.equal(place('SIDESPAN_VIEWER_PORT'), 'command line (--viewer-port)');
  assert.equal(place('SIDESPAN_TARGET_EXE'), 'FILE:5');
  assert.equal(place('SIDESPAN_RING_BYTES'), 'default');
});

test('SIDESPAN_CONFIG names the file', () => {
  const path = file('SIDESPAN_MAX_FUNCTIONS: 7');
  assert.equal(loadConfig({ SIDESPAN_CONFIG: path }).config.maxFunctions, 7);
});

test('lists, maps, numbers and words of YAML say what the environment says', () => {
  const path = file(`
SIDESPAN_FUNCTIONS:
  - main.*
  - github.com/acme/shop.(*Cart).Add   # comments are comments
SIDESPAN_PRESETS: [net/http]
SIDESPAN_VIEWER: off
SIDESPAN_RING_BYTES: 1 MiB
OTEL_RESOURCE_ATTRIBUTES:
  service.name: cart
  note: "a,b=c %"
OTEL_EXPORTER_OTLP_HEADERS: &headers {x-key: 12}
OTEL_EXPORTER_OTLP_TRACES_HEADERS: *headers
OTEL_TRACES_SAMPLER_ARG: .25
SIDESPAN_TARGET_EXE:
`);
  const { config } = loadConfig({}, path);
  assert.deepEqual(config.functions, ['main.*', 'github.com/acme/shop.(*Cart).Add']);
  assert.deepEqual(config.presets, ['net/http']);
  assert.equal(config.viewer.enabled, false);
  assert.equal(config.ringBytes, 1024 * 1024);
  assert.equal(config.serviceName, 'cart');
  assert.deepEqual([...config.resourceAttributes], [['note', 'a,b=c %']]);
  assert.deepEqual([...config.traces.otlp.headers], [['x-key', '12']]);
  assert.equal(config.traces.sampler.ratio, 0.25);
  assert.equal(config.target.exe, undefined);
});

test('unknown names and bad values of the environment: which, where, the nearest valid one; all at once', () => {
  assert.deepEqual(
    problems({
      SIDESPAN_TARGT_PID: '1',
      SIDESPAN_QQQ: '1',
      SIDESPAN_TARGET_PORT: '99999',
      SIDESPAN_RING_BYTES: '9MiB',
      SIDESPAN_VIEWER: 'maybe',
      SIDESPAN_PRESETS: 'net/htp',
      SIDESPAN_LOG_LEVEL: 'wran',
      SIDESPAN_MAX_FUNCTIONS: '1e3',
    }).sort(),
    [
      'environment: SIDESPAN_LOG_LEVEL: "wran" is not a valid value. Did you mean warn? Valid: silent, error, warn, info, debug.',
      'environment: SIDESPAN_MAX_FUNCTIONS: "1e3" is not an integer. Give a number from 1 to 3500.',
      'environment: SIDESPAN_PRESETS: "net/htp" is not a valid value. Did you mean net/http? Valid: net/http, grpc, connect, database/sql, pgx, go-redis, none.',
      'environment: SIDESPAN_QQQ: no such setting. All are listed by `sidespan config`.',
      'environment: SIDESPAN_RING_BYTES: 9MiB is not a power of two. The nearest is 8388608 (8 MiB).',
      'environment: SIDESPAN_TARGET_PORT: 99999 is not within 1 to 65535. The nearest is 65535.',
      'environment: SIDESPAN_TARGT_PID: no such setting. Did you mean SIDESPAN_TARGET_PID?',
      'environment: SIDESPAN_VIEWER: "maybe" is neither on nor off. Valid: on, off.',
    ],
  );
});

test('what is wrong in a file has its line', () => {
  const rows: readonly [text: string, expected: string][] = [
    ['\nSIDESPAN_TARGT_PID: 3', 'FILE:2: SIDESPAN_TARGT_PID: no such setting. Did you mean SIDESPAN_TARGET_PID?'],
    [
      'SIDESPAN_VIEWER: on\nSIDESPAN_TARGET_PORT: 0',
      'FILE:2: SIDESPAN_TARGET_PORT: 0 is not within 1 to 65535. The nearest is 1.',
    ],
    [
      'SIDESPAN_CONFIG: x',
      'FILE:1: SIDESPAN_CONFIG: can not be set in a file. Set it in the environment, or use --config.',
    ],
    [
      'SIDESPAN_VIEWER: [on]',
      'FILE:1: SIDESPAN_VIEWER: a list is not a value for it. Give a plain value, such as off.',
    ],
    [
      'OTEL_TRACES_SAMPLER: alwayson',
      'FILE:1: OTEL_TRACES_SAMPLER: "alwayson" is not a valid value. Did you mean always_on? Valid: always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio.',
    ],
    ['- a\n- b', 'FILE:1: the file is not a map of settings. Write NAME: value lines.'],
    ['SIDESPAN_FUNCTIONS: [[a]]', 'FILE:1: SIDESPAN_FUNCTIONS: an item is not a plain value. List plain values.'],
  ];
  for (const [text, expected] of rows) assert.deepEqual(problems({}, file(text)), [expected], text);
  assert.match(
    problems({}, file('SIDESPAN_VIEWER: on\nSIDESPAN_VIEWER: off'))[0]!,
    /^FILE:2: not valid YAML: .*unique/,
  );
  const alias = [
    "FILE:1: SIDESPAN_FUNCTIONS: *main.x without quotes is a reference to YAML's &main.x. Write '*main.x'.",
  ];
  assert.deepEqual(problems({}, file('SIDESPAN_FUNCTIONS: *main.x')), alias);
  assert.deepEqual(problems({}, file('SIDESPAN_FUNCTIONS: [a, *main.x]')), alias);
  assert.match(problems({}, file('SIDESPAN_TARGET_EXE: *'))[0]!, /^FILE:1: /);
  assert.match(problems({}, file('a: "\n\n'))[0]!, /not valid YAML/);
});

test('a file that can not be read', () => {
  assert.match(problems({}, join(folder, 'nothing.yaml'))[0]!, /^FILE: no such file\. Name a readable YAML file/);
  assert.match(problems({}, folder)[0]!, /: is a directory\./);
  assert.match(problems({}, '/dev/zero')[0]!, /: is larger than 1048576 bytes\./);
});

test('an empty file, and one with comments only, set nothing', () => {
  for (const text of ['', '# nothing\n', '---\n']) assert.equal(loadConfig({}, file(text)).texts.size, 1, text);
});

test('bad OTEL_* values of the environment are warnings and count as unset', () => {
  const { config, warnings, sources } = loadConfig({
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_BSP_MAX_QUEUE_SIZE: '-1',
    OTEL_SDK_DISABLED: '1',
    OTEL_TRACES_EXPORTER: 'otlp,zipkin,otlp',
    OTEL_PROPAGATORS: 'jaeger',
    OTEL_RESOURCE_ATTRIBUTES: 'a=b,c',
    OTEL_EXPORTER_OTLP_HEADERS: 'secret-token',
    OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
  });
  assert.equal(config.traces.sampler.name, 'parentbased_always_on');
  assert.equal(config.traces.batch.maxQueueSize, 16384);
  assert.deepEqual(config.traces.exporters, ['otlp']);
  assert.deepEqual(config.propagators, ['tracecontext', 'baggage']);
  assert.equal(config.resourceAttributes.size, 0);
  assert.equal(config.traces.otlp.timeoutMs, 10_000);
  assert.equal(placeText(sources.get('OTEL_TRACES_SAMPLER')!), 'default');
  assert.equal(warnings.length, 8);
  assert.ok(
    warnings.includes(
      'environment: OTEL_PROPAGATORS: "jaeger" is not supported. Valid: tracecontext, baggage, b3, b3multi, none. The value is ignored.',
    ),
  );
  assert.ok(
    warnings.includes(
      'environment: OTEL_TRACES_EXPORTER: "zipkin" is not supported. Valid: otlp, console, none. It is ignored.',
    ),
  );
  assert.doesNotMatch(warnings.join(), /secret-token/);
});

test('headers are to be written, in no format: a warning', () => {
  const warned = (OTEL_PROPAGATORS: string) => loadConfig({ SIDESPAN_PROPAGATION: 'write', OTEL_PROPAGATORS }).warnings;
  for (const propagators of ['none', 'baggage']) {
    assert.match(warned(propagators).join(), /names no format of the trace context: .* writes nothing\. Add/);
  }
  for (const propagators of ['b3', 'baggage,tracecontext']) assert.deepEqual(warned(propagators), []);
});

test('variables that Kubernetes, Docker and the repository itself set are no settings', () => {
  loadConfig({
    SIDESPAN_PORT: 'tcp://10.0.0.1:4380',
    SIDESPAN_SERVICE_HOST: '10.0.0.1',
    SIDESPAN_SERVICE_PORT: '4380',
    SIDESPAN_SERVICE_PORT_HTTP: '4380',
    SIDESPAN_PORT_4380_TCP_ADDR: '10.0.0.1',
    SIDESPAN_VIEWER_PORT: 'tcp://10.0.0.1:80',
    SIDESPAN_CACHE: '/tmp',
  });
});

test('a mistyped OTEL_* variable is warned of, one of other programs is not', () => {
  const { warnings } = loadConfig({
    OTEL_EXPORTER_OTLP_ENDPIONT: 'http://x',
    OTEL_BLRP_SCHEDULE_DELAY: '1',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://x',
    OTEL_ATTRIBUTE_COUNT_LIMIT: '1',
    OTEL_GO_X_EXEMPLAR: 'true',
    OTEL_SOMETHING_ELSE: '1',
  });
  assert.deepEqual(warnings, [
    'environment: OTEL_EXPORTER_OTLP_ENDPIONT: no such setting, ignored. Did you mean OTEL_EXPORTER_OTLP_ENDPOINT?',
  ]);
});

test("headers' names are tokens, in lower case, known methods as they are, and of both there are not too many", () => {
  const prefix = 'OTEL_INSTRUMENTATION_HTTP_';
  const { http } = loadConfig({
    [`${prefix}SERVER_CAPTURE_REQUEST_HEADERS`]: 'X-Request-Id, accept,accept',
    [`${prefix}KNOWN_METHODS`]: 'GET,purge',
  }).config;
  assert.deepEqual(http.headers.serverRequest, ['x-request-id', 'accept']);
  assert.deepEqual(http.headers.clientResponse, []);
  assert.deepEqual(http.knownMethods, ['GET', 'purge']);
  const many = Array.from({ length: 17 }, (_, n) => `x-${n}`).join(',');
  for (const bad of ['a b', 'x:y', 'x'.repeat(57), many]) {
    const { config, warnings } = loadConfig({ [`${prefix}CLIENT_CAPTURE_REQUEST_HEADERS`]: bad });
    assert.deepEqual(config.http.headers.clientRequest, []);
    assert.equal(warnings.length, 1, bad);
  }
});
