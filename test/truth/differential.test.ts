import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPostgres } from '../support/postgres.ts';
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

test("database/sql's spans are those of its middleware, or a rule says why not", { timeout: 120_000 }, async (t) => {
  const { dsn } = await startPostgres(t);
  for (const driver of ['pgx', 'postgres']) {
    const truth = await compareSpans(t, { calls: 150, seed: 5, kind: 'sql', args: ['-driver', driver, '-dsn', dsn] });
    const table = textTable(spanTable(truth));
    assert.deepEqual(truth.unexplained, [], table);
    for (const field of ['CLIENT status', 'CLIENT db.system.name', 'CLIENT duration']) {
      assert.ok((truth.agreements.get(field) ?? 0) > 200, table);
    }
    assert.ok((truth.agreements.get('CLIENT db.response.status_code') ?? 0) > 30, table);
  }
});

test('the documentation has each rule', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8');
  for (const name of ruleNames) assert.ok(text.includes(`| ${name} |`), name);
});
