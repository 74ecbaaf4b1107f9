import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { returnFilePages } from '../../src/bpf/file-pages.ts';

function residentKb(field: 'RssFile' | 'RssAnon'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found?.[1]);
}

test("most pages of Node's own file are given back, and what runs goes on", () => {
  const text = 'what was compressed before '.repeat(1000);
  const compressed = gzipSync(text);
  const before = residentKb('RssFile');
  const anonymousBefore = residentKb('RssAnon');
  returnFilePages();
  const after = residentKb('RssFile');
  assert.ok(after < before / 2, `${before} kB of files before, ${after} kB after`);
  // What was written to, such as relocated addresses, is still there.
  assert.ok(residentKb('RssAnon') > anonymousBefore / 2);
  assert.equal(gunzipSync(compressed).toString(), text);
  assert.deepEqual(
    JSON.parse(JSON.stringify({ a: [/b+/.exec('abbb')?.[0], new Intl.NumberFormat('de').format(1234)] })),
    {
      a: ['bbb', '1.234'],
    },
  );
});
