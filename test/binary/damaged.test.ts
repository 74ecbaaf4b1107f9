import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ElfFile } from '../../src/binary/elf-file.ts';
import { Image } from '../../src/binary/image.ts';
import { openGoBinary } from '../../src/binary/open-go-binary.ts';
import fc from '../support/fast-check.ts';
import { askEverything, binaryErrorOf, DamagedFile, u64 } from './damaged-file.ts';
import { build } from './go-tools.ts';
import { tables } from './table-ranges.ts';

const odd = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 62n - 1n).map(u64),
  fc.uint8Array({ minLength: 1, maxLength: 16 }),
);

const fuzzed = [
  ['1.26', 'stripped', 150],
  ['1.26', 'stripped pie', 150],
  ['1.26', 'default', 100],
  ['1.15', 'stripped pie', 40],
  ['1.15', 'default', 20],
  ['1.16', 'stripped pie', 30],
  ['1.27', 'stripped pie', 30],
] as const;

for (const [go, variant, numRuns] of fuzzed) {
  test(`Go ${go} ${variant}: whatever bytes change, every question has a value or a BinaryError for an answer`, async () => {
    const { path } = await build(go, variant);
    const { ranges } = tables(path);
    const sound = askEverything(path);
    assert.ok(sound > 300, `${sound} answers from a sound file`);
    using file = new DamagedFile(path);
    const patch = fc
      .tuple(fc.constantFrom(...ranges), fc.integer({ min: 0, max: 999_999 }), odd)
      .map(([[start, size], part, bytes]) => ({ fileOffset: start + (Math.floor((part * size) / 1e6) & ~3), bytes }));
    fc.assert(
      fc.property(fc.array(patch, { minLength: 1, maxLength: 8 }), (patches) => {
        file.with(patches, () => askEverything(file.path));
      }),
      { numRuns },
    );
    assert.equal(askEverything(file.path), sound, 'the file was put back');
  });
}

test('cut short anywhere, every question has a value or a BinaryError for an answer', async () => {
  for (const variant of ['stripped', 'pie'] as const) {
    const { path } = await build('1.26', variant);
    using elf = new ElfFile(path);
    using file = new DamagedFile(path);
    for (let part = 0; part <= 20; part++) {
      file.restore();
      file.truncate(Math.floor((elf.sizeBytes * part) / 20.5));
      const error = binaryErrorOf(() => openGoBinary(file.path)[Symbol.dispose]());
      assert.ok(error !== undefined, `${part}/20 was accepted`);
      askEverything(file.path);
    }
  }
});

test('a file full of false tables is refused after a few of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidespan-hostile-'));
  const path = join(folder, 'hostile');
  try {
    writeFileSync(path, hostileProgram(16 * 1024 * 1024));
    using binary = openGoBinary(path);
    assert.equal(binary.buildInfo.goVersion, 'go1.26');
    assert.match(binaryErrorOf(() => binary.functionCount)?.message ?? '', /its pclntab belongs to no moduledata/);
    assert.match(binaryErrorOf(() => binary.runtimeType('runtime.g'))?.message ?? '', /belongs to no moduledata/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** One writable segment: build information, then pclntab headers as far as it goes, each with pointers to the first. */
function hostileProgram(sizeBytes: number): Buffer {
  const base = 0x400000;
  const file = Buffer.alloc(sizeBytes);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(64, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  // A PT_LOAD segment, readable and writable, of the whole file.
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(6, 68);
  file.set(u64(base), 80);
  file.set(u64(sizeBytes), 96);
  file.set(u64(sizeBytes), 104);
  file.write('\xff Go buildinf:\x08\x02', 4096, 'latin1');
  file.write('\x06go1.26\0', 4096 + 32, 'latin1');
  for (let at = 8192; at + 8192 < sizeBytes; at += 96) {
    file.set([0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8, 1], at);
    for (const [index, offset] of [72, 80, 88, 96, 104].entries()) file.writeUInt32LE(offset, at + 32 + index * 8);
    file.set(u64(base + 8192), at + 72);
    file.set(u64(base + 8192), at + 80);
  }
  return file;
}

test("an obfuscator's random pclntab magic and unknown version do no harm", async () => {
  for (const variant of ['stripped', 'stripped pie'] as const) {
    const { path } = await build('1.26', variant);
    using binary = openGoBinary(path);
    const { module, offsetOf } = tables(path);
    using file = new DamagedFile(path);
    using elf = new ElfFile(path);
    const info = elf.section('.go.buildinfo');
    const magic = { fileOffset: offsetOf(module.pclntab.vaddr), bytes: Uint8Array.of(0x12, 0x34, 0x56, 0x78) };
    const version = { fileOffset: (info?.fileOffset ?? 0) + 33, bytes: Buffer.from('unknown   ') };
    file.with([magic, version], () => {
      using hidden = openGoBinary(file.path);
      assert.equal(hidden.buildInfo.goVersion.trim(), 'unknown');
      assert.equal(hidden.functionCount, binary.functionCount);
      assert.equal(hidden.runtimeTypeAddress('runtime.g'), binary.runtimeTypeAddress('runtime.g'));
    });
  }
});

test('a form of pclntab that nobody knows is refused as such', async () => {
  const { path } = await build('1.26', 'stripped');
  const { module, offsetOf } = tables(path);
  using file = new DamagedFile(path);
  using elf = new ElfFile(path);
  const functab = offsetOf(module.functions.vaddr);
  const record = functab + Buffer.from(elf.readFile(functab + 8 * 100 + 4, 4)).readUInt32LE();
  const name = Buffer.from(elf.readFile(record + 4, 4)).readUInt32LE();
  const magic = { fileOffset: offsetOf(module.pclntab.vaddr), bytes: Uint8Array.of(0xf2, 0xff, 0xff, 0xff) };
  file.with([magic, { fileOffset: record + 4, bytes: u64(name + 1).subarray(0, 4) }], () => {
    using binary = openGoBinary(file.path);
    const error = binaryErrorOf(() => [...binary.functions()]);
    assert.match(error?.message ?? '', /has a form that is not known: the name of function 100 would begin within/);
    assert.equal(error?.kind, 'unsupported');
  });
});

test('functab out of order, names and records past the end are errors that say where', async () => {
  const { path } = await build('1.26', 'stripped');
  const { module, offsetOf } = tables(path);
  const functab = offsetOf(module.functions.vaddr);
  using file = new DamagedFile(path);
  const message = (fileOffset: number, bytes: number[], ask: (path: string) => unknown): string =>
    file.with(
      [{ fileOffset, bytes: Uint8Array.from(bytes) }],
      () => binaryErrorOf(() => ask(file.path))?.message ?? '',
    );
  const all = (name: string): unknown => {
    using binary = openGoBinary(name);
    return [...binary.functions()].map((fn) => [fn.name, binary.sourceLine(fn.entryVaddr)]);
  };
  assert.match(message(functab + 8 * 100, [0, 0, 0, 0], all), /functab\+0x320: functab's entry 100 is 0x0/);
  assert.match(message(functab + 8 * 100, [0xff, 0xff, 0xff, 0xff], all), /outside of the text or out of order/);
  assert.match(
    message(functab + 8 * 100 + 4, [0xff, 0xff, 0xff, 0xff], all),
    /_func record of function 100 is out of order or past/,
  );
  using elf = new ElfFile(path);
  const record = functab + Buffer.from(elf.readFile(functab + 8 * 100 + 4, 4)).readUInt32LE();
  assert.match(
    message(record + 4, [0xff, 0xff, 0xff, 0xff], all),
    /a function's name at 0xffffffff is not in the table/,
  );
  assert.match(message(record + 20, [0xff, 0xff, 0xff, 0xff], all), /pc-value table at 0xffffffff is past the end/);
  assert.match(message(record + 32, [0xff, 0xff, 0xff, 0x7f], all), /past the end of the compile units/);
});

test('build information of Go 1.17 and older leads by addresses: odd ones are errors that say where', async () => {
  for (const variant of ['default', 'stripped pie'] as const) {
    const { path } = await build('1.17', variant);
    using elf = new ElfFile(path);
    const info = elf.section('.go.buildinfo');
    assert.ok(info !== undefined);
    const versionVaddr = new Image(elf).cursor(info.vaddr + 16, 8).u64();
    using file = new DamagedFile(path);
    const message = (vaddr: number, bytes: Uint8Array): string =>
      file.with(
        [{ fileOffset: elf.fileOffset(vaddr), bytes }],
        () => binaryErrorOf(() => openGoBinary(file.path)[Symbol.dispose]())?.message ?? '',
      );
    // In a PIE relocations are laid over what the file has in these places.
    if (variant === 'default') assert.match(message(info.vaddr + 16, u64(0x1234)), /linked address 0x1234 are not in/);
    assert.match(message(versionVaddr + 8, u64(2 ** 40)), /a text of 1099511627776 bytes is longer than the limit/);
    assert.match(message(versionVaddr + 8, u64(2n ** 63n)), /beyond 2\^53/);
  }
});

test('a type that is its own element is an error, not a hang', async () => {
  const { path } = await build('1.26', 'stripped');
  using binary = openGoBinary(path);
  const vaddr = binary.runtimeTypeAddress('*main.Order') ?? 0;
  using file = new DamagedFile(path);
  file.with([{ fileOffset: binary.fileOffset(vaddr + 48), bytes: u64(vaddr) }], () => {
    using looped = openGoBinary(file.path);
    const type = looped.runtimeTypeAt(vaddr).value;
    assert.equal(type?.elem, type);
    assert.match(binaryErrorOf(() => type?.name)?.message ?? '', /or of itself/);
    assert.equal(looped.runtimeType('runtime.g')?.kind, 'struct', 'other types are not affected');
    assert.equal(looped.runtimeType('no/such.Type'), undefined);
  });
});
