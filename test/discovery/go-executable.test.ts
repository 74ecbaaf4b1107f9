import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { goExecutable } from '../../src/discovery/go-executable.ts';
import fc from '../support/fast-check.ts';
import { goTarget } from '../support/go-target.ts';

const folder = mkdtempSync(join(tmpdir(), 'sidespan-go-'));
after(() => rmSync(folder, { recursive: true }));

test('Go executables of every kind of link', async () => {
  const builds = [{}, { ldflags: '-s -w' }, { buildmode: 'pie', ldflags: '-s -w' }];
  for (const build of builds) {
    assert.deepEqual(goExecutable(await goTarget('exact', build)), { kind: 'go' }, JSON.stringify(build));
  }
});

test('a Go executable without a section table is known by its build information', async () => {
  const copy = join(folder, 'no-sections');
  copyFileSync(await goTarget('exact', { ldflags: '-s -w' }), copy);
  const bytes = readFileSync(copy);
  bytes.fill(0, 40, 48);
  bytes.fill(0, 60, 64);
  writeFileSync(copy, bytes);
  assert.deepEqual(goExecutable(copy), { kind: 'go' });
});

test('other programs are not, and it says why', () => {
  assert.deepEqual(goExecutable(process.execPath), { kind: 'other', reason: 'no Go build information' });
  assert.deepEqual(goExecutable(import.meta.filename), { kind: 'other', reason: 'not an ELF file' });
  const empty = join(folder, 'empty');
  writeFileSync(empty, '');
  assert.deepEqual(goExecutable(empty), { kind: 'other', reason: 'not an ELF file' });
});

test("what can't be read is unknown, not another program", () => {
  assert.equal(goExecutable(join(folder, 'nothing')).kind, 'unknown');
  assert.equal(goExecutable(folder).kind, 'unknown');
});

test('a file that changes in place is looked at again', async () => {
  const path = join(folder, 'changing');
  copyFileSync(await goTarget('exact'), path);
  assert.equal(goExecutable(path).kind, 'go');
  const fd = openSync(path, 'r+');
  ftruncateSync(fd, 100);
  closeSync(fd);
  execFileSync('touch', [path]);
  assert.equal(goExecutable(path).kind, 'other');
});

test('damaged headers give an answer, in bounded time and memory', async () => {
  const original = readFileSync(await goTarget('exact', { ldflags: '-s -w' }));
  const path = join(folder, 'damaged');
  const place = fc.nat({ max: 63 });
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 12 }), (changes) => {
      const bytes = Buffer.from(original.subarray(0, 200_000));
      for (const [at, value] of changes) bytes[at] = value;
      writeFileSync(path, bytes);
      assert.match(goExecutable(path).kind, /^(go|other|unknown)$/);
    }),
    { numRuns: 60 },
  );
});
