/** Binaries that are not as `go build` leaves them: linked by others, packed, loaded by others, of odd versions. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { describedTypes } from '../../src/binary/described-layout.ts';
import { ElfFile } from '../../src/binary/elf-file.ts';
import { Image } from '../../src/binary/image.ts';
import { findModuleData } from '../../src/binary/module-data.ts';
import { ModuleReader } from '../../src/binary/module-reader.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { goExecutable } from '../../src/discovery/go-executable.ts';
import { sidespan } from '../support/cli.ts';
import { foreignProgram, unpackedProgram } from '../support/debian.ts';
import { type GoTargetOptions, goTarget } from '../support/go-target.ts';
import { binaryErrorOf, DamagedFile } from './damaged-file.ts';
import { build, everyVersion, textSymbols } from './go-tools.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'sidespan-odd-'));
after(() => rmSync(folder, { recursive: true }));

const cgo = { CGO_ENABLED: '1' };

const linkedByOthers: readonly (GoTargetOptions & { readonly ldflags: string })[] = [
  { go: '1.15', env: cgo, ldflags: '-linkmode=external' },
  { go: '1.19', env: cgo, ldflags: '-linkmode=external', buildmode: 'pie' },
  { go: '1.26', env: cgo, ldflags: '-linkmode=external -extldflags=-static' },
  // Relocations in the packed form that newer distributions turn on.
  { go: '1.26', env: cgo, ldflags: '-linkmode=external -extldflags=-Wl,-z,pack-relative-relocs', buildmode: 'pie' },
];

for (const options of linkedByOthers) {
  test(`every function and the runtime's types of ${JSON.stringify(options)}, stripped`, async () => {
    const path = await goTarget('plain', { ...options, ldflags: `${options.ldflags} -s -w` });
    const twin = await goTarget('plain', options);
    using binary = openGoBinary(path);
    assert.equal(binary.hasSymbols, false);
    const symbols = new Map((await textSymbols(twin)).map(({ vaddr, name }) => [vaddr, name.replace(/\.abi0$/, '')]));
    const own = [...binary.functions()].filter(({ name }) => name.startsWith('main.'));
    assert.ok(own.length > 5);
    for (const fn of own) assert.equal(symbols.get(fn.entryVaddr), fn.name);
    assert.equal(binary.runtimeType('runtime.g')?.fields?.find(({ name }) => name === 'goid')?.offsetBytes, 152);
    assert.ok(binary.implementations('error').length > 30);
  });
}

// Older descriptors have other forms, by which they are known.
for (const go of everyVersion.filter((version) => version >= '1.22')) {
  test(`Go ${go}: the binary's own description of its tables leads where the table of layouts does`, async () => {
    for (const variant of ['default', 'stripped pie'] as const) {
      const { path } = await build(go, variant);
      using elf = new ElfFile(path);
      const image = new Image(elf);
      const module = findModuleData(elf, image, `go${go}`);
      // Map types' size matters to what lies behind them; before 1.24 no program has a descriptor of it.
      const { layout: described, ...range } = describedTypes(new ModuleReader(image, module.vaddr)) ?? {};
      const { layout, ...expected } = module.types ?? {};
      assert.deepEqual(range, expected);
      assert.deepEqual(described?.moduledata, layout?.moduledata);
    }
  });
}

test('a version that is newer than all that is known is read by what the binary says', async () => {
  for (const go of ['1.24', '1.27']) {
    const { path } = await build(go, 'stripped pie');
    using elf = new ElfFile(path);
    using binary = openGoBinary(path);
    const info = elf.section('.go.buildinfo');
    using file = new DamagedFile(path);
    const bytes = Buffer.from(`go1.99`.padEnd(binary.buildInfo.goVersion.length, '9'));
    file.with([{ fileOffset: (info?.fileOffset ?? 0) + 33, bytes }], () => {
      using newer = openGoBinary(file.path);
      assert.match(newer.buildInfo.goVersion, /^go1\.99/);
      assert.equal(newer.functionCount, binary.functionCount);
      for (const name of ['runtime.g', 'runtime.m', 'main.Order', '*errors.errorString', 'map[string]int']) {
        assert.equal(newer.runtimeTypeAddress(name), binary.runtimeTypeAddress(name), name);
        assert.ok(newer.runtimeType(name) !== undefined, name);
      }
      assert.equal(newer.implementations('error').length, binary.implementations('error').length);
    });
  }
});

test('without build information the version is that of runtime.buildVersion', async () => {
  for (const [go, variant] of [
    ['1.15', 'stripped pie'],
    ['1.18', 'default'],
    ['1.27', 'stripped pie'],
  ] as const) {
    const { path } = await build(go, variant);
    using elf = new ElfFile(path);
    using binary = openGoBinary(path);
    using file = new DamagedFile(path);
    file.with([{ fileOffset: elf.section('.go.buildinfo')?.fileOffset ?? 0, bytes: Buffer.alloc(16) }], () => {
      using bare = openGoBinary(file.path);
      assert.equal(bare.buildInfo.goVersion, binary.buildInfo.goVersion);
      assert.equal(bare.functionCount, binary.functionCount);
      assert.deepEqual([bare.buildInfo.path, bare.buildInfo.settings.size], ['', 0]);
    });
  }
});

test('what UPX packed is refused by name', async () => {
  const packed = join(folder, 'packed');
  copyFileSync(await goTarget('plain', { go: '1.15', ldflags: '-s -w' }), packed);
  const [loader, ...args] = foreignProgram(await unpackedProgram('trixie', 'upx-ucl'), 'usr/bin/upx-ucl');
  await run(loader, [...args, '-q', '-1', packed]);
  const error = binaryErrorOf(() => openGoBinary(packed)[Symbol.dispose]());
  assert.match(error?.message ?? '', /packed by UPX.*upx -d/);
  assert.equal(error?.kind, 'unsupported');
  const { kind, reason } = goExecutable(packed) as { kind: string; reason: string };
  assert.deepEqual([kind, /packed by UPX/.test(reason)], ['other', true]);
  const { code, stderr } = sidespan(['functions', '--exe', packed]);
  assert.deepEqual([code, /packed by UPX/.test(stderr)], [1, true], stderr);
});

test('plugins and shared libraries are listed, and it is said when they are traced', async () => {
  for (const [buildmode, when] of [
    ['plugin', 'where it is loaded, its functions are traced'],
    ['c-shared', 'other programs load it'],
  ] as const) {
    const library = await goTarget('loaded', { buildmode, env: cgo });
    const { stdout, stderr } = sidespan(['functions', '--exe', library, '*.Hello']);
    assert.match(stdout, /\.Hello {2}\S+hello\.go:\d+ {2}entry \+0x/);
    assert.match(stderr, new RegExp(`built with -buildmode=${buildmode}: ${when}`));
  }
});
