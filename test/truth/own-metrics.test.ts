/** Programs' own metrics beside Sidespan's; all of them, and spans: `npm run test:truth -- own-metrics`. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { textTable } from '../support/text-table.ts';
import { compareOwnMetrics } from './compare-own-metrics.ts';
import { ruleNames } from './own-metric-names.ts';
import { countTable, isDifferent } from './own-metrics.ts';

for (const kind of ['http', 'grpc'] as const) {
  test(`${kind}: what promhttp and go-grpc-middleware count, half of the calls sampled`, {
    timeout: 60_000,
  }, async (t) => {
    const rows = await compareOwnMetrics(t, { kind, sampled: 'half', calls: 300, seed: 3 });
    assert.ok(rows.length > 20 && rows.every(({ own }) => own > 0), textTable(countTable(rows)));
    assert.equal(textTable(countTable(rows.filter(isDifferent))), textTable(countTable([])));
  });
}

test('the documentation has each rule', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8');
  for (const name of ruleNames) assert.ok(text.includes(`| ${name} |`), name);
});
