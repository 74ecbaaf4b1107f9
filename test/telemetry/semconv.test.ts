import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ValueType } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { CUMULATIVE, DATA_POINT, DELTA, VALUE_TYPE } from '../../src/telemetry/metric-data.ts';
import { ATTR, METRIC, SCHEMA_URL, UNSTABLE_ATTR, UNSTABLE_METRIC } from '../../src/telemetry/semconv.ts';

const stableNames = new Map(Object.entries(stable));
const allNames = new Map(Object.entries(incubating));

test('stable names are those of the package', () => {
  for (const [key, name] of Object.entries(ATTR)) assert.equal(stableNames.get(`ATTR_${key}`), name, key);
  for (const [key, name] of Object.entries(METRIC)) assert.equal(stableNames.get(`METRIC_${key}`), name, key);
});

test('unstable names exist, and are still unstable', () => {
  for (const [key, name] of Object.entries(UNSTABLE_ATTR)) {
    assert.equal(allNames.get(`ATTR_${key}`), name, key);
    assert.equal(stableNames.has(`ATTR_${key}`), false, `${key} became stable: move it`);
  }
  for (const [key, name] of Object.entries(UNSTABLE_METRIC)) {
    assert.equal(allNames.get(`METRIC_${key}`), name, key);
    assert.equal(stableNames.has(`METRIC_${key}`), false, `${key} became stable: move it`);
  }
});

test('the schema is the one of the installed conventions', () => {
  const entry = import.meta.resolve('@opentelemetry/semantic-conventions');
  const manifest = JSON.parse(readFileSync(new URL('../package.json', entry), 'utf8'));
  assert.equal(SCHEMA_URL, `https://opentelemetry.io/schemas/${manifest.version}`);
});

test("copied enumerations are the SDK's", () => {
  assert.equal(CUMULATIVE, AggregationTemporality.CUMULATIVE);
  assert.equal(DELTA, AggregationTemporality.DELTA);
  assert.equal(DATA_POINT.SUM, DataPointType.SUM);
  assert.equal(DATA_POINT.GAUGE, DataPointType.GAUGE);
  assert.equal(DATA_POINT.HISTOGRAM, DataPointType.HISTOGRAM);
  assert.equal(VALUE_TYPE.INT, ValueType.INT);
  assert.equal(VALUE_TYPE.DOUBLE, ValueType.DOUBLE);
});
