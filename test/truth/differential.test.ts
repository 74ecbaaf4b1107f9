import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { textTable } from '../support/text-table.ts';
import { compareSpans, spanTable } from './compare-spans.ts';
import { ruleNames } from './span-rules.ts';

/** `npm run test:truth -- differential` sends many more. */
const load = { calls: 300, seed: 3 };

test("spans are those of the SDK's middleware, or a rule says why not", { timeout: 60_000 }, async (t) => {
  const truth = await compareSpans(t, load);
  const table = textTable(spanTable(truth));
  assert.deepEqual(truth.unexplained, [], table);
  assert.ok(truth.pairs > load.calls, table);
  for (const field of ['http.request.method', 'url.path', 'client.address', 'user_agent.original']) {
    assert.ok((truth.agreements.get(`SERVER ${field}`) ?? 0) > load.calls, table);
  }
});

test("gRPC's spans are those of the SDK's middleware, or a rule says why not", { timeout: 60_000 }, async (t) => {
  const truth = await compareSpans(t, { ...load, kind: 'grpc' });
  const table = textTable(spanTable(truth));
  assert.deepEqual(truth.unexplained, [], table);
  assert.ok(truth.pairs > 1.8 * load.calls, table);
  for (const field of [
    'SERVER name',
    'SERVER status',
    'CLIENT status',
    'CLIENT status message',
    'CLIENT server.port',
  ]) {
    assert.ok((truth.agreements.get(field) ?? 0) > 0.85 * load.calls, table);
  }
});

test('the documentation has each rule', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8');
  for (const name of ruleNames) assert.ok(text.includes(`| ${name} |`), name);
});
