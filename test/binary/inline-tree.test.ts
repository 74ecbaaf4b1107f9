import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { goTarget } from '../support/go-target.ts';

const sources = new Map<string, readonly string[]>();

function sourceText(file: string, line: number): string | undefined {
  if (!sources.has(file)) sources.set(file, existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  return sources.get(file)?.[line - 1];
}

/** One of each form of the tables: Go 1.15, 1.16, 1.18, 1.20 and the funcdata in pclntab of 1.26. */
for (const go of ['1.15', '1.17', '1.19', '1.22', '1.26', '1.27']) {
  test(`inlined calls are where the source has them, Go ${go}`, async () => {
    const path = await goTarget('plain', { go, ldflags: '-s -w' });
    using binary = openGoBinary(path);
    let compared = 0;
    const wrong: string[] = [];
    for (const { name, into, vaddr, callVaddr } of binary.inlinedCalls(() => true)) {
      assert.ok(vaddr >= into.entryVaddr && vaddr < into.endVaddr, `${name} in ${into.name}`);
      const calledAt = binary.sourceLine(callVaddr);
      const text = calledAt && sourceText(calledAt.file, calledAt.line);
      // A closure, a loop over an iterator function, a generic function, a wrapper: what is written there is no name.
      const called = /\.(\w+)$/.exec(name)?.[1];
      if (text === undefined || called === undefined || /^(func)?\d+$|\[/.test(called) || /[[-]/.test(name)) continue;
      compared++;
      if (!new RegExp(`\\b${called}\\b`).test(text)) wrong.push(`${name} in ${into.name}: ${text.trim()}`);
    }
    assert.ok(compared > 2000, `${compared} compared`);
    // Some calls are written over several lines, or are by the name of an embedded field.
    assert.ok(wrong.length < compared * 0.02, `${wrong.length} of ${compared}:\n${wrong.slice(0, 30).join('\n')}`);
  });
}

test('only the wanted ones, with the line of the call', async () => {
  using binary = openGoBinary(await goTarget('values', { go: '1.26', ldflags: '-s -w' }));
  const calls = [...binary.inlinedCalls((name) => name === 'time.Duration.String')];
  const own = calls.find(({ into }) => into.name === 'main.takesNamed') ?? assert.fail(JSON.stringify(calls));
  const calledAt = binary.sourceLine(own.callVaddr);
  assert.match(calledAt?.file ?? '', /values\/functions\.go$/);
  // The program may have been built in another checkout, which is gone: this one has the same source.
  const source = fileURLToPath(new URL('../targets/values/functions.go', import.meta.url));
  assert.match(sourceText(source, calledAt!.line) ?? '', /d\.String\(\)/);
  assert.deepEqual([...binary.inlinedCalls(() => false)], []);
});
