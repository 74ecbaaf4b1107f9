import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BinaryErrorKind } from '../../src/binary/binary-error.ts';
import { ElfFile } from '../../src/binary/elf-file.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import { binaryErrorOf, DamagedFile, u64 } from './damaged-file.ts';
import { build, goVersions } from './go-tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'sidespan-elf-'));
after(() => rmSync(folder, { recursive: true }));

function refusal(path: string, kind: BinaryErrorKind, text: RegExp): void {
  const error = binaryErrorOf(() => openGoBinary(path)[Symbol.dispose]());
  assert.ok(error !== undefined, `${path} was accepted`);
  assert.match(error.message, text);
  assert.equal(error.kind, kind, error.message);
  assert.ok(error.message.startsWith(`${path}: `), error.message);
  assert.match(error.remedy, /\.$/);
}

test('what can not be read is refused with the reason', () => {
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  refusal(join(folder, 'missing'), 'unreadable', /no such file/);
  refusal(join('/etc/passwd', 'x'), 'unreadable', /not a directory/);
  refusal(folder, 'unreadable', /not a regular file/);
  refusal(fifo, 'unreadable', /not a regular file/);
  refusal('/proc/4194305/exe', 'unreadable', /no such file/);
});

test('what is no ELF file is named for what it is', () => {
  for (const [content, text] of [
    ['', /but empty/],
    ['#!/bin/sh\n', /but a script/],
    ['MZ\x90', /but a Windows program/],
    ['\xcf\xfa\xed\xfe', /but a macOS program/],
    ['hello', /begins with 68656c6c/],
    ['\x7fEL', /begins with 7f454c/],
  ] as const) {
    const path = join(folder, 'other');
    writeFileSync(path, content, 'latin1');
    refusal(path, 'not-elf', text);
  }
});

test('a program in C is no Go program', () => {
  refusal('/bin/ls', 'not-go', /neither Go build information nor/);
});

test('headers that are cut short, of another machine, or hostile are refused', async () => {
  using file = new DamagedFile((await build('1.26', 'default')).path);
  const refused = (
    fileOffset: number,
    bytes: readonly number[] | Uint8Array,
    kind: BinaryErrorKind,
    text: RegExp,
  ): void => {
    file.with([{ fileOffset, bytes: Uint8Array.from(bytes) }], () => refusal(file.path, kind, text));
  };
  refused(4, [1], 'unsupported', /class is 32-bit/);
  refused(5, [2], 'unsupported', /big-endian/);
  refused(18, [40, 0], 'unsupported', /another processor \(arm\)/i);
  refused(16, [1, 0], 'unsupported', /no executable \(ELF type rel\)/);
  refused(32, u64(2n ** 63n), 'damaged', /beyond 2\^53/);
  refused(32, u64(2 ** 52), 'damaged', /the file ends at/);
  refused(40, u64(2n ** 64n - 1n), 'damaged', /beyond 2\^53/);
  refused(54, [0, 0], 'damaged', /entries of 0 and 64 bytes/);
  refused(56, [255, 255], 'damaged', /65535 segments/);
  refused(56, [0, 0], 'damaged', /no segments/);
  refused(60, [255, 255], 'damaged', /65535 sections/);
  refused(62, [200, 0], 'damaged', /names are said to be in section 200/);
  refused(62, [1, 0], 'damaged', /contradicts itself/);

  const whole = readFileSync(file.path);
  const [programsAt, sectionsAt] = [whole.readUInt32LE(32), whole.readUInt32LE(40)];
  refused(programsAt + 56 + 32, u64(2 ** 50), 'damaged', /program header \d: it claims 0x4000000000000 bytes/);
  refused(programsAt + 56 + 16, u64(2n ** 63n), 'damaged', /beyond 2\^53/);
  refused(sectionsAt + 64 + 32, u64(2n ** 63n), 'damaged', /beyond 2\^53/);
  refused(sectionsAt + 64 + 24, u64(2 ** 50), 'damaged', /section 1 .*: it claims/);

  for (const sizeBytes of [63, 64, 200, 4096]) {
    file.restore();
    file.truncate(sizeBytes);
    refusal(file.path, 'damaged', sizeBytes < 64 ? /header is cut short/ : /the file ends at/);
  }
});

for (const go of goVersions) {
  for (const variant of ['stripped', 'stripped pie'] as const) {
    test(`Go ${go} ${variant}: without section headers all is found by search`, async () => {
      const { path } = await build(go, variant);
      using binary = openGoBinary(path);
      using file = new DamagedFile(path);
      const none = [
        { fileOffset: 40, bytes: u64(0) },
        { fileOffset: 60, bytes: new Uint8Array(4) },
      ];
      file.with(none, () => {
        using bare = openGoBinary(file.path);
        assert.deepEqual(bare.buildInfo, binary.buildInfo);
        assert.ok(bare.buildId !== '');
        assert.deepEqual(JSON.stringify([...bare.functions()]), JSON.stringify([...binary.functions()]));
        assert.equal(bare.runtimeTypeAddress('main.Order'), binary.runtimeTypeAddress('main.Order'));
      });
    });
  }
}

test('linked addresses lead to the bytes in the file, and to none where there are none', async () => {
  const { path } = await build('1.26', 'pie');
  using elf = new ElfFile(path);
  const file = readFileSync(path);
  for (const name of ['.text', '.rodata', '.gopclntab', '.data']) {
    const section = elf.section(name);
    assert.ok(section !== undefined, name);
    assert.equal(elf.fileOffset(section.vaddr), section.fileOffset);
    assert.deepEqual(
      Buffer.from(elf.read(section.vaddr, 64)),
      file.subarray(section.fileOffset, section.fileOffset + 64),
    );
    assert.deepEqual(elf.sectionContent(section).length, section.sizeBytes);
    assert.equal(elf.sectionRange(section, 8, 4).offset, 8);
    assert.ok(binaryErrorOf(() => elf.sectionRange(section, section.sizeBytes - 1, 2)) !== undefined);
  }
  const bss = elf.section('.bss');
  assert.match(binaryErrorOf(() => elf.read(bss?.vaddr ?? 0, 1))?.message ?? '', /are not in the file/);
  assert.match(binaryErrorOf(() => elf.sectionContent(bss as never))?.message ?? '', /no content/);
  for (const vaddr of [-1, 2 ** 60, Number.NaN]) {
    assert.ok(binaryErrorOf(() => elf.fileOffset(vaddr)) !== undefined, String(vaddr));
    assert.ok(binaryErrorOf(() => elf.read(vaddr, 2 ** 60)) !== undefined, String(vaddr));
  }
});

test('a closed file says so', async () => {
  const { path } = await build('1.26', 'default');
  const binary = openGoBinary(path);
  binary[Symbol.dispose]();
  assert.match(binaryErrorOf(() => binary.functionCount)?.message ?? '', /after it was closed/);
});
