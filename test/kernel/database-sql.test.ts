import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { startMariaDb } from '../support/mariadb.ts';
import type { SinkSpan } from '../support/otlp-sink.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type AgentResult, dropped, startTracedService } from '../support/traced-service.ts';

const rounds = 10;

type Counts = Readonly<Record<string, number>>;

/** As test/targets/sqlclient names what it calls. */
function labelOf({ name, attributes, status }: SinkSpan): string {
  const isPrepare = attributes['db.operation.name'] === 'PREPARE';
  const label = isPrepare ? 'PREPARE items' : name;
  return status === 'ERROR' ? `${label} failed` : label;
}

function countsOf(spans: readonly SinkSpan[], label: (span: SinkSpan) => string): Counts {
  const counts: Record<string, number> = {};
  for (const span of spans) counts[label(span)] = (counts[label(span)] ?? 0) + 1;
  return counts;
}

function assertExact(result: AgentResult, counts: Counts, scope: string, label = labelOf): readonly SinkSpan[] {
  const spans = result.spans.filter(({ kind }) => kind === 'CLIENT');
  assert.deepEqual(sorted(countsOf(spans, label)), sorted(counts));
  assert.ok(spans.every((span) => span.scope === scope));
  for (const probe of result.summary.probes) {
    assert.equal(dropped(probe), 0, JSON.stringify(probe));
    assert.equal(probe.enteredBeforeAttach + probe.stillRunning, 0, JSON.stringify(probe));
  }
  assert.equal(result.summary.balanced, true);
  // Neither what stands in texts nor the password nor what was passed as an argument, wherever.
  assert.doesNotMatch(JSON.stringify(result.spans) + result.log, /S3CR3T|987654/);
  return spans;
}

const sorted = (counts: Counts) => Object.fromEntries(Object.entries(counts).sort());

/** Statements that the server has run since its counters were reset, as the program names its calls. */
async function serverCounts(postgres: Postgres): Promise<Counts> {
  const rows = await postgres.query(`
    SELECT CASE WHEN query ~* '^(begin|commit|rollback)' THEN upper(split_part(query, ' ', 1))
                ELSE upper(split_part(query, ' ', 1)) || ' items' END AS what, sum(calls)
    FROM pg_stat_statements
    WHERE query ~* '^(begin|commit|rollback)' OR query ~ ' items'
    GROUP BY 1`);
  return Object.fromEntries(rows.map(([what = '', calls]) => [what, Number(calls)]));
}

const onServer = /^(?:BEGIN|COMMIT|ROLLBACK|(?:SELECT|INSERT|UPDATE|DELETE) items)$/;

const builds: readonly { readonly driver: string; readonly options: GoTargetOptions }[] = [
  { driver: 'postgres', options: {} },
  { driver: 'pgx', options: { ldflags: '-s -w' } },
  { driver: 'postgres', options: { go: '1.19', modfile: 'old.mod', ldflags: '-s -w' } },
];

test('database/sql on PostgreSQL: one span an operation, as the program and the server count', async (t) => {
  const postgres = await startPostgres(t);
  for (const { driver, options } of builds) {
    const name = `${driver} ${JSON.stringify(options)}`;
    const args = ['-driver', driver, '-dsn', postgres.dsn];
    const service = await startTracedService(t, await goTarget('sqlclient', options), { args });
    await postgres.query('SELECT pg_stat_statements_reset()');
    service.tell(String(rounds));
    const counts = JSON.parse(await service.line()) as Counts;
    const result = await service.stopAgent();
    const spans = assertExact(result, counts, 'sidespan/database/sql');
    const server = await serverCounts(postgres);
    const expected = Object.entries(counts).filter(([what]) => onServer.test(what));
    assert.deepEqual(sorted(server), sorted(Object.fromEntries(expected)), name);

    for (const { attributes } of spans) assert.equal(attributes['db.system.name'], 'postgresql');
    const [insert] = spans.filter((span) => labelOf(span) === 'INSERT items');
    assert.equal(insert?.attributes['db.query.text'], 'INSERT INTO items (id, name) VALUES (?, ?)');
    assert.equal(insert?.attributes['db.query.summary'], 'INSERT items');
    assert.equal(insert?.attributes['db.operation.name'], 'INSERT');
    assert.equal(insert?.attributes['db.collection.name'], 'items');
    const failures = Object.groupBy(
      spans.filter(({ status }) => status === 'ERROR'),
      labelOf,
    );
    const [twice] = failures['INSERT items failed'] ?? [];
    assert.equal(twice?.attributes['db.response.status_code'], '23505');
    assert.equal(twice?.attributes['error.type'], '23505');
    assert.equal(twice?.statusMessage, 'duplicate key value violates unique constraint ?');
    assert.equal(failures['SELECT missing failed']?.[0]?.attributes['db.response.status_code'], '42P01');
    assert.equal(failures['SELECT items failed']?.[0]?.attributes['error.type'], 'context.Canceled');
    assert.ok((failures['SELECT failed'] ?? []).every(({ durationNs }) => durationNs >= 15e6));
  }
});

test('database/sql on MariaDB, by go-sql-driver/mysql', async (t) => {
  const mariaDb = await startMariaDb(t);
  const args = ['-driver', 'mysql', '-dsn', mariaDb.dsn];
  const service = await startTracedService(t, await goTarget('sqlclient', { ldflags: '-s -w' }), { args });
  const before = await mariaDb.statementCounts();
  service.tell(String(rounds));
  const counts = JSON.parse(await service.line()) as Record<string, number>;
  const after = await mariaDb.statementCounts();
  // By their database, as the driver's connector says it.
  const named = (span: SinkSpan) => labelOf(span).replace(/^(BEGIN|COMMIT|ROLLBACK|PING) shop/, '$1');
  const spans = assertExact(await service.stopAgent(), counts, 'sidespan/database/sql', named);
  const { BEGIN, COMMIT, ROLLBACK, PING } = counts;
  const items = (operation: string) => counts[`${operation} items`] ?? 0;
  assert.deepEqual(
    ['begin', 'commit', 'rollback', 'admin_commands', 'insert', 'select', 'update', 'delete'].map(
      (kind) => (after[`Com_${kind}`] ?? 0) - (before[`Com_${kind}`] ?? 0),
    ),
    // What was cancelled never came there.
    [BEGIN, COMMIT, ROLLBACK, PING, items('INSERT') + (counts['INSERT items failed'] ?? 0)]
      .concat(items('SELECT') + (counts['SELECT missing failed'] ?? 0))
      .concat(items('UPDATE'), items('DELETE')),
  );
  for (const { attributes } of spans) {
    assert.equal(attributes['db.system.name'], 'mysql');
    assert.equal(attributes['server.port'], mariaDb.port);
    assert.equal(attributes['db.namespace'], 'shop');
  }
  const [insert] = spans.filter((span) => labelOf(span) === 'INSERT items');
  assert.equal(insert?.attributes['db.query.text'], 'INSERT INTO items (id, name) VALUES (?, ?)');
  const twice = spans.find((span) => labelOf(span) === 'INSERT items failed');
  assert.equal(twice?.attributes['db.response.status_code'], '1062');
  assert.equal(twice?.attributes['error.type'], '1062');
  assert.equal(twice?.statusMessage, 'Duplicate entry ? for key ?');
});

test('pgx by itself on PostgreSQL', async (t) => {
  const postgres = await startPostgres(t);
  const args = ['-dsn', postgres.dsn];
  const service = await startTracedService(t, await goTarget('sqlclient/pgxnative', { ldflags: '-s -w' }), { args });
  await postgres.query('SELECT pg_stat_statements_reset()');
  service.tell(String(rounds));
  const counts = JSON.parse(await service.line()) as Counts;
  const result = await service.stopAgent();
  const named = (span: SinkSpan) => (span.status === 'ERROR' ? `${span.name} failed` : span.name);
  const spans = assertExact(result, counts, 'sidespan/github.com/jackc/pgx/v5', named);
  const server = await serverCounts(postgres);
  // A batch has three.
  assert.equal(server['INSERT items'], (counts['INSERT items'] ?? 0) + 3 * (counts['BATCH postgres'] ?? 0));
  assert.equal(server['SELECT items'], counts['SELECT items']);
  assert.deepEqual([server.BEGIN, server.COMMIT, server.ROLLBACK], [counts.begin, counts.commit, counts.rollback]);
  for (const { attributes } of spans) {
    assert.equal(attributes['server.address'], '127.0.0.1');
    assert.equal(attributes['server.port'], postgres.port);
    assert.equal(attributes['db.namespace'], 'postgres');
  }
  const [batch] = spans.filter(({ name }) => name === 'BATCH postgres');
  assert.equal(batch?.attributes['db.operation.batch.size'], 3);
  const [insert] = spans.filter(({ name, status }) => name === 'INSERT items' && status !== 'ERROR');
  assert.equal(insert?.attributes['sidespan.db.affected_rows'], 1);
  const twice = spans.find(({ name, status }) => name === 'INSERT items' && status === 'ERROR');
  assert.equal(twice?.attributes['db.response.status_code'], '23505');
});
