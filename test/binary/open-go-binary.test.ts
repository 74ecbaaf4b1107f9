import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ElfFile } from '../../src/binary/elf-file.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { goTarget } from '../support/go-target.ts';
import { DamagedFile } from './damaged-file.ts';
import { build, textSymbols } from './go-tools.ts';

for (const [go, program, buildmode] of [
  ['1.15', 'plain', 'exe'],
  ['1.26', 'values', 'exe'],
  ['1.26', 'values', 'pie'],
] as const) {
  test(`arm64 programs are read the same way: Go ${go} ${buildmode}`, async () => {
    const path = await goTarget(program, { go, buildmode, env: { GOARCH: 'arm64' } });
    using binary = openGoBinary(path);
    assert.equal(binary.arch, 'arm64');
    const symbols = (await textSymbols(path)).filter(({ sizeBytes }) => sizeBytes > 0);
    assert.ok(symbols.length > 1000);
    const wrong = symbols.filter(({ vaddr }) => binary.functionAt(vaddr)?.entryVaddr !== vaddr);
    assert.deepEqual(wrong, []);
    const [main] = binary.functionsNamed('main.main');
    assert.match(binary.sourceLine(main?.entryVaddr ?? 0)?.file ?? '', new RegExp(`${program}/main\\.go$`));
    assert.equal(binary.runtimeType('runtime.g')?.fields?.find(({ name }) => name === 'goid')?.offsetBytes, 152);
  });
}

/** The C compiler that links Go programs with cgo; a test bed without one can't make such programs. */
function hasCompiler(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

for (const go of ['1.22', '1.26']) {
  for (const buildmode of ['exe', 'pie']) {
    const skip = hasCompiler() ? false : 'there is no gcc to link with';
    test(`Go ${go} ${buildmode} linked by the system's linker, stripped`, { skip }, async () => {
      const options = { go, buildmode, env: { CGO_ENABLED: '1' } };
      const path = await goTarget('values', { ...options, ldflags: '-linkmode=external -s -w' });
      const twin = await goTarget('values', { ...options, ldflags: '-linkmode=external' });
      using binary = openGoBinary(path);
      const symbols = new Map(
        (await textSymbols(twin)).map(({ name, vaddr }) => [`${name.replace(/\.abi0$/, '')} ${vaddr}`, vaddr]),
      );
      const functions = [...binary.functions()];
      assert.ok(functions.length > 1000);
      const wrong = functions.filter(
        ({ name, entryVaddr }) => !symbols.has(`${name.replaceAll('·', '.')} ${entryVaddr}`),
      );
      assert.deepEqual(
        wrong.map(({ name }) => name),
        [],
      );
      assert.equal(binary.runtimeType('main.Order')?.name, 'main.Order');
      assert.ok(binary.implementations('error').some(({ type }) => type.name === '*main.CodedError'));
      // Until Go 1.25 the system's linker merges pclntab into another section of a PIE.
      using elf = new ElfFile(path);
      assert.equal(elf.section('.gopclntab') === undefined, go === '1.22' && buildmode === 'pie');
    });
  }
}

test('relocations are found in whatever order they are', async () => {
  const { path } = await build('1.24', 'stripped pie');
  using binary = openGoBinary(path);
  using elf = new ElfFile(path);
  const section = elf.section('.rela') ?? elf.section('.rela.dyn');
  assert.ok(section !== undefined);
  const content = Buffer.from(elf.sectionContent(section));
  const entries = Array.from({ length: content.length / 24 }, (_, index) =>
    content.subarray(index * 24, index * 24 + 24),
  );
  const reversed = Buffer.concat(entries.reverse());
  using file = new DamagedFile(path);
  file.with([{ fileOffset: section.fileOffset, bytes: reversed }], () => {
    using other = openGoBinary(file.path);
    assert.equal(other.functionCount, binary.functionCount);
    const fieldsOf = (name: string, of = binary): unknown => of.runtimeType(name)?.fields?.map(({ type }) => type.name);
    for (const name of ['runtime.g', 'main.Order', 'runtime.moduledata']) {
      assert.ok(binary.runtimeType(name)?.fields !== undefined, name);
      assert.deepEqual(fieldsOf(name, other), fieldsOf(name));
    }
  });
});

test('of a running process the file is read that it runs, also after it was replaced', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-replaced-'));
  const path = join(folder, 'values');
  copyFileSync((await build('1.26', 'stripped')).path, path);
  const child = spawn(path, ['-every', '1s'], { stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    rmSync(path);
    writeFileSync(path, 'another file');
    using binary = openGoBinary(`/proc/${child.pid}/exe`);
    assert.equal(binary.functionsNamed('main.main').length, 1);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(folder, { recursive: true });
  }
});

test('signatures come from DWARF, or with a reason', async () => {
  using binary = openGoBinary((await build('1.26', 'default')).path);
  const [takesStruct] = binary.functionsNamed('main.takesBigStruct');
  assert.ok(takesStruct !== undefined);
  const { value } = binary.signature(takesStruct);
  assert.deepEqual(
    value?.parameters.map(({ name, type }) => [name, type.name]),
    [
      ['o', 'main.Order'],
      ['extra', 'int'],
    ],
  );
  using stripped = openGoBinary((await build('1.26', 'stripped')).path);
  assert.match(stripped.signature(takesStruct).unavailable ?? '', /no debug information/);
});

test('after release everything is read again', async () => {
  using binary = openGoBinary((await build('1.26', 'pie')).path);
  const ask = (): unknown => [
    binary.functionsNamed('main.main').map((fn) => JSON.stringify([fn, binary.sourceLine(fn.entryVaddr)])),
    binary.runtimeType('runtime.m')?.fields?.map(({ name, type }) => [name, type.name]),
    binary
      .functionsNamed('main.divide')
      .map((fn) => binary.signature(fn).value?.parameters.map(({ type }) => type.name)),
  ];
  const before = ask();
  assert.deepEqual((before as unknown[][])[2], [['int', 'int']]);
  binary.release();
  assert.deepEqual(ask(), before);
});
