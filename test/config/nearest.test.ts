import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName, nearestNames } from '../../src/config/nearest.ts';
import { settingNames } from '../../src/config/schema.ts';

test('mistypings of settings find the setting', () => {
  const rows: readonly [given: string, expected: string][] = [
    ['SIDESPAN_TARGT_PID', 'SIDESPAN_TARGET_PID'],
    ['SIDESPAN_TARGETPID', 'SIDESPAN_TARGET_PID'],
    ['sidespan_target_pid', 'SIDESPAN_TARGET_PID'],
    ['SIDESPAN-VIEWER-PORT', 'SIDESPAN_VIEWER_PORT'],
    ['OTEL_EXPORTER_OTLP_ENDPIONT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ['SIDESPAN_FUNCTION', 'SIDESPAN_FUNCTIONS'],
  ];
  for (const [given, expected] of rows) assert.equal(nearestName(given, settingNames), expected, given);
});

test('a name that resembles nothing gets no suggestion', () => {
  assert.equal(nearestName('PATH', settingNames), undefined);
  assert.equal(nearestName('', ['run', 'trace']), undefined);
  assert.equal(nearestName('zzz', ['run', 'trace']), undefined);
});

test('the best come first, and no more than asked for', () => {
  assert.deepEqual(nearestNames('trcae', ['track', 'trace', 'crane', 'tracer'], 2), ['trace', 'tracer']);
  assert.deepEqual(nearestNames('run', ['run']), ['run']);
});
