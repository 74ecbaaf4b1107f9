import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/config-file.ts';
import { configurationExample, configurationMarkdown } from '../../src/config/document.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { shownSettings } from '../../src/config/render.ts';
import { isSettingName, settingNames, settingOf } from '../../src/config/schema.ts';

const root = join(import.meta.dirname, '..', '..');

test('config/sidespan.yaml is the example of the schema', () => {
  const path = join(root, 'config', 'sidespan.yaml');
  assert.equal(
    readFileSync(path, 'utf8'),
    configurationExample(),
    'npx sidespan config --example > config/sidespan.yaml',
  );
});

test("the README's table of settings is that of the schema", (context) => {
  const readme = existsSync(join(root, 'README.md')) ? readFileSync(join(root, 'README.md'), 'utf8') : '';
  if (!readme.includes('SIDESPAN_TARGET_PID')) return context.skip('the README has no table of settings yet');
  assert.ok(readme.includes(configurationMarkdown()), 'paste `npx sidespan config --markdown` into README.md');
});

test('every example is a valid value, in the environment and uncommented in the file', () => {
  for (const name of settingNames) {
    const { example, type } = settingOf(name);
    assert.ok(type.schema.safeParse(example).success, `${name}=${example}`);
  }
  const uncommented = configurationExample()
    .replace(/^#(?! )/gm, '')
    .replace(/^# {3}- /gm, '  - ');
  const { entries, problems } = parseConfig(uncommented, 'example');
  assert.deepEqual(problems, []);
  assert.deepEqual([...entries.keys()].sort(), settingNames.filter((name) => !settingOf(name).notInFile).sort());
  for (const [name, { text }] of entries) assert.ok(settingOf(name).type.schema.safeParse(text).success, name);
});

test('every default is a valid value', () => {
  for (const name of settingNames) {
    const { fallback, type } = settingOf(name);
    assert.ok(fallback === undefined || type.schema.safeParse(fallback).success, name);
  }
});

test('the table is a table: every row has four cells', () => {
  const rows = configurationMarkdown()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  assert.equal(rows.length, settingNames.length);
  for (const row of rows) assert.equal(row.split(/(?<!\\)\|/).length, 6, row);
});

test('secrets are not shown', () => {
  const shown = shownSettings(
    loadConfig({
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2, x=hunter2',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:hunter2@collector:4318',
      OTEL_EXPORTER_OTLP_CLIENT_KEY: '/hunter2.pem',
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/client.pem',
    }),
  );
  const value = (name: string) => shown.find((setting) => setting.name === name)?.value;
  assert.equal(value('OTEL_EXPORTER_OTLP_HEADERS'), 'authorization=***,x=***');
  assert.equal(value('OTEL_EXPORTER_OTLP_ENDPOINT'), 'http://***@collector:4318');
  assert.equal(value('OTEL_EXPORTER_OTLP_CLIENT_KEY'), '***');
  assert.equal(value('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'), '/client.pem');
  assert.doesNotMatch(JSON.stringify(shown), /hunter2/);
});

test('names of Object are no settings', () => {
  for (const name of ['constructor', '__proto__', 'toString']) assert.equal(isSettingName(name), false);
});
