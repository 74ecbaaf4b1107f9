import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { settingNames } from '../../src/config/schema.ts';
import { sidespan } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'sidespan-config-'));
after(() => rmSync(folder, { recursive: true }));

test('every value with its source, those that are set first', () => {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, 'SIDESPAN_MAX_FUNCTIONS: 40\nSIDESPAN_TARGET_PID: 3\n');
  const { code, stdout, stderr } = sidespan(['config', '--config', file, '--port', '8080'], {
    env: { SIDESPAN_TARGET_PID: '5', OTEL_EXPORTER_OTLP_HEADERS: 'key=hunter2', OTEL_TRACES_SAMPLER: 'never' },
  });
  assert.equal(code, 0);
  const [given = '', rest = ''] = stdout.split('\n\n');
  const rows = given.split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows, [
    ['SIDESPAN_TARGET_PID', '5', '(environment)'],
    ['SIDESPAN_TARGET_PORT', '8080', '(command line (--port))'],
    ['SIDESPAN_MAX_FUNCTIONS', '40', `(${file}:1)`],
    ['SIDESPAN_CONFIG', file, '(command line (--config))'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'key=***', '(environment)'],
  ]);
  assert.match(rest, /^SIDESPAN_RING_BYTES +8 MiB +\(default\)$/m);
  assert.match(
    stderr,
    /^warning: environment: OTEL_TRACES_SAMPLER: "never" is not a valid value\. .*The value is ignored\.\n$/,
  );
});

test('as JSON', () => {
  const { stdout } = sidespan(['config', '--json', '--exe', '/app/*'], { env: { OTEL_PROPAGATORS: 'jaeger' } });
  const { settings, warnings } = JSON.parse(stdout);
  assert.deepEqual(
    settings.map(({ name }: { name: string }) => name),
    settingNames,
  );
  assert.deepEqual(settings[1], { name: 'SIDESPAN_TARGET_EXE', value: '/app/*', source: 'command line (--exe)' });
  assert.deepEqual(settings[0], { name: 'SIDESPAN_TARGET_PID', value: null, source: 'default' });
  assert.equal(warnings.length, 1);
});

test('the example file is a valid one, and sets nothing', () => {
  const file = join(folder, 'example.yaml');
  writeFileSync(file, sidespan(['config', '--example']).stdout);
  const { code, stdout } = sidespan(['config', '--config', file]);
  assert.equal(code, 0);
  assert.deepEqual(stdout.split('\n\n')[0]?.split('\n').length, 1);
});

test('every problem is named, exit code 2', () => {
  const file = join(folder, 'b.yaml');
  writeFileSync(file, '# mine\nSIDESPAN_VIEWR: on\nSIDESPAN_VIEWER_PORT: 80 80\n');
  const { code, stdout, stderr } = sidespan(['config', '--config', file], { env: { SIDESPAN_PRESETS: 'http' } });
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.trimEnd().split('\n').sort(), [
    `sidespan: ${file}:2: SIDESPAN_VIEWR: no such setting. Did you mean SIDESPAN_VIEWER?`,
    `sidespan: ${file}:3: SIDESPAN_VIEWER_PORT: "80 80" is not an integer. Give a number from 0 to 65535.`,
    'sidespan: environment: SIDESPAN_PRESETS: "http" is not a valid value. Did you mean net/http? Valid: net/http, grpc, connect, database/sql, pgx, go-redis, none.',
  ]);
});
