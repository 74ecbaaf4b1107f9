import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { goLibrariesOf } from '../../src/discovery/loaded-libraries.ts';
import { targetByPid } from '../../src/discovery/target.ts';
import { goTarget } from '../support/go-target.ts';
import { startUntilLine } from '../support/running.ts';

const folder = mkdtempSync(join(tmpdir(), 'sidespan-loaded-'));
after(() => rmSync(folder, { recursive: true }));

/** Loads the library that is named, and waits. */
const hostSource = `
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  if (!dlopen(argv[1], RTLD_NOW)) return 1;
  puts("loaded");
  fflush(stdout);
  for (;;) pause();
}`;

test('a program in C that has loaded Go code is refused with the name of what it loaded', async (t) => {
  const host = join(folder, 'host');
  execFileSync('cc', ['-x', 'c', '-', '-o', host, '-ldl'], { input: hostSource });
  const library = await goTarget('loaded', { buildmode: 'c-shared', env: { CGO_ENABLED: '1' } });
  const { pid } = await startUntilLine(t, host, [library]);
  assert.deepEqual(goLibrariesOf(pid, host), [library]);
  assert.throws(() => targetByPid(pid), {
    message: new RegExp(
      `is not a Go program: .* It has loaded ${library}, which is Go code: only Go programs are traced`,
    ),
  });
});

test('the executable itself is none, nor are libraries in C; of a process that is gone it is not known', async (t) => {
  const { pid } = await startUntilLine(t, await goTarget('plain'));
  assert.deepEqual(goLibrariesOf(pid, await goTarget('plain')), []);
  assert.deepEqual(goLibrariesOf(process.pid, process.execPath), []);
  assert.equal(goLibrariesOf(2 ** 22 + 1, '/nothing'), undefined);
});
