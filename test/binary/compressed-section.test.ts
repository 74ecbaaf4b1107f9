import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, zstdCompressSync } from 'node:zlib';
import { decompressSection, decompressZdebug } from '../../src/binary/compressed-section.ts';
import { ElfFile } from '../../src/binary/elf-file.ts';
import fc from '../support/fast-check.ts';
import { binaryErrorOf, u64 } from './damaged-file.ts';
import { build } from './go-tools.ts';

const place = { file: 'api', section: '.debug_info' };

function header(type: number, sizeBytes: bigint | number): Uint8Array {
  return Buffer.concat([Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0), u64(sizeBytes), u64(1)]);
}

test('zlib, zstd and .zdebug contents round-trip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (content) => {
      const zlib = Buffer.concat([header(1, content.length), deflateSync(content)]);
      assert.deepEqual(Buffer.from(decompressSection(zlib, place)), Buffer.from(content));
      const zstd = Buffer.concat([header(2, content.length), zstdCompressSync(content)]);
      assert.deepEqual(Buffer.from(decompressSection(zstd, place)), Buffer.from(content));
      const old = Buffer.concat([
        Buffer.from('ZLIB'),
        Buffer.from(u64(content.length)).reverse(),
        deflateSync(content),
      ]);
      assert.deepEqual(Buffer.from(decompressZdebug(old, place)), Buffer.from(content));
    }),
    { numRuns: 30 },
  );
});

test('lying sizes, unknown types and damaged data are errors', () => {
  const content = Uint8Array.from({ length: 100_000 }, (_, index) => (index * index) >> 7);
  const packed = { 1: deflateSync(content), 2: zstdCompressSync(content) };
  for (const type of [1, 2] as const) {
    for (const claim of [2n ** 63n, 2n ** 40n, 100_001n, 99_999n, 1n]) {
      const section = Buffer.concat([header(type, claim), packed[type]]);
      assert.ok(binaryErrorOf(() => decompressSection(section, place)) !== undefined, `type ${type}, ${claim} bytes`);
    }
    const cut = Buffer.concat([header(type, content.length), packed[type].subarray(0, -4)]);
    assert.match(binaryErrorOf(() => decompressSection(cut, place))?.message ?? '', /data is damaged/);
  }
  assert.match(binaryErrorOf(() => decompressSection(header(9, 1), place))?.message ?? '', /type 9 is unknown/);
  assert.ok(binaryErrorOf(() => decompressSection(new Uint8Array(23), place)) !== undefined);
  assert.ok(binaryErrorOf(() => decompressZdebug(Buffer.from('ZLIBxxxxxxxx'), place)) !== undefined);
  assert.ok(binaryErrorOf(() => decompressZdebug(Buffer.from('nothing'), place)) !== undefined);
});

test('the debug sections of a real program decompress to DWARF', async () => {
  using elf = new ElfFile((await build('1.26', 'default')).path);
  const section = elf.debugSection('.debug_info');
  assert.ok(section?.compressed);
  const cursor = elf.sectionCursor(section);
  cursor.u32();
  assert.equal(cursor.u16(), 5, 'DWARF version of the first unit');
  assert.match(binaryErrorOf(() => elf.sectionRange(section, 0, 4))?.message ?? '', /compressed section/);
});
