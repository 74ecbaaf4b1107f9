import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sanitizeSql } from '../../src/sql/sanitize-sql.ts';

type Row = readonly [
  system: string | undefined,
  sql: string,
  text: string,
  summary?: string | undefined,
  operation?: string,
  collection?: string,
];

const rows: readonly Row[] = [
  [
    'postgresql',
    "SELECT a FROM users\n\tWHERE name='bob' AND id = 42 -- hi 'x'\n AND c IN (1,2,'c')",
    'SELECT a FROM users WHERE name=? AND id = ? AND c IN (?)',
    'SELECT users',
    'SELECT',
    'users',
  ],
  [
    'postgresql',
    'INSERT INTO shipping_details (id, address) SELECT id, address FROM orders WHERE id = $1',
    'INSERT INTO shipping_details (id, address) SELECT id, address FROM orders WHERE id = $1',
    'INSERT shipping_details SELECT orders',
  ],
  [
    'postgresql',
    'SELECT * FROM songs s, artists AS a',
    'SELECT * FROM songs s, artists AS a',
    'SELECT songs artists',
    'SELECT',
  ],
  [
    'postgresql',
    'select x from (select * from orders o join customers c on o.id = c.id) q',
    'select x from (select * from orders o join customers c on o.id = c.id) q',
    'select select orders customers',
  ],
  [
    'postgresql',
    'WITH r AS (SELECT * FROM orders WHERE d > \'2020-01-01\') DELETE FROM public."Line Items" USING r WHERE true',
    'WITH r AS (SELECT * FROM orders WHERE d > ?) DELETE FROM public."Line Items" USING r WHERE ?',
    'SELECT orders DELETE public."Line Items"',
  ],
  [
    'postgresql',
    "SELECT E'it\\'s'\n '\\'x', $a$it's$a$, $$b$$, extract(day from ts), 1.5e-10, 0xFF, .5, arr[1:2], '{}'::jsonb->>'k' FROM t",
    'SELECT ?, ?, ?, extract(day from ts), ?, ?, ?, arr[?:?], ?::jsonb->>? FROM t',
    'SELECT t',
    'SELECT',
    't',
  ],
  ['postgresql', '/* a /* b */ c */ SELECT 1 # 2', 'SELECT ? # ?', 'SELECT', 'SELECT'],
  ['postgresql', 'UPDATE a SET b = NULL FROM c', 'UPDATE a SET b = NULL FROM c', 'UPDATE a c', 'UPDATE'],
  [
    'postgresql',
    'INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2 RETURNING id',
    'INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = ? RETURNING id',
    'INSERT t',
    'INSERT',
    't',
  ],
  ['postgresql', 'SELECT a FROM t FOR UPDATE', 'SELECT a FROM t FOR UPDATE', 'SELECT t', 'SELECT', 't'],
  ['postgresql', 'SELECT 1; SELECT 2 FROM b', 'SELECT ?; SELECT ? FROM b', 'SELECT SELECT b'],
  [
    'postgresql',
    'SELECT * FROM generate_series(1, 9) g, t',
    'SELECT * FROM generate_series(?, ?) g, t',
    'SELECT t',
    'SELECT',
    't',
  ],
  [
    'postgresql',
    'CREATE TABLE IF NOT EXISTS foo (id int)',
    'CREATE TABLE IF NOT EXISTS foo (id int)',
    'CREATE TABLE foo',
    'CREATE TABLE',
    'foo',
  ],
  ['postgresql', 'TRUNCATE foo', 'TRUNCATE foo', 'TRUNCATE foo', 'TRUNCATE', 'foo'],
  [
    'postgresql',
    "CREATE FUNCTION f() RETURNS text AS $$ SELECT 'x' $$ LANGUAGE sql",
    'CREATE FUNCTION f() RETURNS text AS ? LANGUAGE sql',
    'CREATE FUNCTION',
    'CREATE FUNCTION',
  ],
  ['postgresql', 'frobnicate all', 'frobnicate all'],
  ['postgresql', 'GRANT SELECT ON t TO bob', 'GRANT SELECT ON t TO bob', 'GRANT', 'GRANT'],
  ['postgresql', '', ''],
  [
    'mysql',
    'SELECT `a` FROM `db`.`t` WHERE s = "it\\"s" AND u = \'x\' # y\n AND n = 5--3',
    'SELECT `a` FROM `db`.`t` WHERE s = ? AND u = ? AND n = ?--?',
    'SELECT `db`.`t`',
    'SELECT',
    '`db`.`t`',
  ],
  ['mysql', 'REPLACE INTO t(a) VALUES (?)', 'REPLACE INTO t(a) VALUES (?)', 'REPLACE t', 'REPLACE', 't'],
  [
    'sqlite',
    'SELECT "bob" FROM "users" u JOIN "x"."y" WHERE [it\'s] = "bob" ESCAPE \'\\\'',
    'SELECT ? FROM "users" u JOIN "x"."y" WHERE [it\'s] = ? ESCAPE ?',
    'SELECT "users" "x"."y"',
    'SELECT',
  ],
  ['microsoft.sql_server', "SELECT N'x' FROM [a]]'b]", "SELECT ? FROM [a]]'b]", "SELECT [a]]'b]", 'SELECT', "[a]]'b]"],
  [undefined, 'SELECT a FROM t WHERE b = "x"', 'SELECT a FROM t WHERE b = ?', 'SELECT t', 'SELECT', 't'],
  // What may be a literal or not is left out, and all behind it.
  [undefined, "SELECT 1 # it's\n, 'x'", 'SELECT ?…', 'SELECT'],
  [undefined, "SELECT ['a']", 'SELECT…', 'SELECT'],
  [undefined, "SELECT q'[it's]'", 'SELECT…', 'SELECT'],
  // By these servers' other setting the backslash means the opposite: one reading makes no sense, or none is shown.
  ['mysql', "SELECT 'x\\', 'secret', 'y'", 'SELECT ?, ?, ?', 'SELECT', 'SELECT'],
  [
    'postgresql',
    "SELECT a FROM t WHERE a LIKE $1 ESCAPE '\\' AND b = 'c'",
    'SELECT a FROM t WHERE a LIKE $1 ESCAPE ? AND b = ?',
    'SELECT t',
    'SELECT',
    't',
  ],
  ['mysql', "SELECT 'it\\'s' AND \"x\" # 'y\n AND 1", 'SELECT…', 'SELECT'],
];

test('literals are replaced, operations and tables named', () => {
  for (const [system, sql, text, summary, operation, collection] of rows) {
    assert.deepEqual(sanitizeSql(sql, system), { text, summary, operation, collection }, sql);
  }
});

test('a text that was cut says so and names neither operation nor table', () => {
  assert.deepEqual(sanitizeSql("INSERT INTO t VALUES (1, 'ab", 'postgresql', true), {
    text: 'INSERT INTO t VALUES (?, ?…',
    summary: 'INSERT t',
    operation: undefined,
    collection: undefined,
  });
});
