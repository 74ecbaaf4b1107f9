import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arm64Decoder } from '../../../../src/probe/code/arm64/decoder.ts';
import { findSites } from '../../../../src/probe/code/site.ts';
import fc from '../../../support/fast-check.ts';

const entryVaddr = 0x41_1000;
const morestack = 0x40_0000;

function codeOf(words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function sitesOf(words: readonly number[], { isAssembly = false } = {}) {
  using decoder = new Arm64Decoder();
  const fn = { code: codeOf(words), entryVaddr, abi: 'registers', isAssembly } as const;
  return findSites(decoder, fn, (vaddr) => vaddr === morestack);
}

/** BL of morestack, as the word at that index. */
function callMorestack(index: number): number {
  return (0x9400_0000 | (((morestack - (entryVaddr + index * 4)) >> 2) & 0x03ff_ffff)) >>> 0;
}

const ret = 0xd65f_03c0;
const nop = 0xd503_201f;

test('the stack check with its way to morestack', () => {
  // ldr x16,[x28,#16]; cmp sp,x16; b.ls 5; nop; ret; (5) mov x3,x30; bl morestack; b 0
  const words = [0xf940_0b90, 0xeb30_63ff, 0x5400_0069, nop, ret, 0xaa1e_03e3, callMorestack(6), 0x17ff_fff9];
  assert.deepEqual(sitesOf(words).value, {
    abi: 'registers',
    entry: { offset: 8, stackCheck: true, emulated: true, why: 'stack check' },
    exits: [{ offset: 16, kind: 'return' }],
  });
});

test('without a stack check', () => {
  // add x0,x0,x1; ret: the first instruction changes an argument.
  assert.equal(sitesOf([0x8b01_0000, ret]).value?.entry.offset, 0);
  // cmp x0,x1; b.eq 3; nop; ret: a jump is simulated, and all arguments are still there.
  assert.deepEqual(sitesOf([0xeb01_001f, 0x5400_0040, nop, ret]).value?.entry, {
    offset: 4,
    stackCheck: false,
    emulated: true,
    why: 'first emulated instruction, +0x4',
  });
  // ldaxr x0,[x1]: stepping it would make its store fail for ever.
  assert.match(sitesOf([0xc85f_fc20, ret]).unavailable ?? '', /no probe at its first instruction/);
});

test('tail jumps are exits; tables of addresses are not', () => {
  // nop; b far
  assert.deepEqual(sitesOf([nop, 0x1400_0400]).value?.exits, [{ offset: 4, kind: 'tail jump' }]);
  // nop; ldr x27,[x0,#24]; br x27: a method of an interface.
  assert.deepEqual(sitesOf([nop, 0xf940_0c1b, 0xd61f_0360]).value?.exits, [{ offset: 8, kind: 'tail jump' }]);
  // nop; ldr x27,[x1,x3,lsl #3]; br x27; ret: a switch.
  assert.deepEqual(sitesOf([nop, 0xf863_783b, 0xd61f_0360, ret]).value?.exits, [{ offset: 12, kind: 'return' }]);
  assert.match(sitesOf([nop, 0xd61f_0360], { isAssembly: true }).unavailable ?? '', /indirect jump/);
});

test('constants between instructions are not taken for code', () => {
  // ldr x0, 8; ret; the constant is a RET as well: a breakpoint there would change it.
  assert.deepEqual(sitesOf([0x5800_0040, ret, ret, 0]).value?.exits, [{ offset: 4, kind: 'return' }]);
});

test('any bytes: sites within the function, or a reason', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (code, isAssembly) => {
      using decoder = new Arm64Decoder();
      const swept = decoder.sweep(code);
      assert.equal(swept.count, code.length >> 2);
      for (let i = 0; i < swept.count; i++) decoder.effect(code, swept.offset[i] ?? 0);
      const fn = { code, entryVaddr, abi: 'stack', isAssembly } as const;
      const { value, unavailable } = findSites(decoder, fn, () => true);
      assert.equal(value === undefined, unavailable !== undefined);
      for (const { offset } of value === undefined ? [] : [value.entry, ...value.exits]) {
        assert.ok(offset % 4 === 0 && (offset === 0 || offset < code.length));
      }
    }),
    { numRuns: 2000 },
  );
});
