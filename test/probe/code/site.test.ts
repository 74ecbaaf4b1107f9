import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Amd64Decoder } from '../../../src/probe/code/amd64/decoder.ts';
import { findEntrySite, findSites } from '../../../src/probe/code/site.ts';

const entryVaddr = 0x40_1000;
const morestack = 0x40_0000;

/** Sites of a function given by its bytes in hex. */
function sitesOf(hex: string, { isAssembly = false } = {}) {
  using decoder = new Amd64Decoder();
  const code = Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
  return findSites(decoder, { code, entryVaddr, abi: 'registers', isAssembly }, (vaddr) => vaddr === morestack);
}

/** A call of morestack from that offset. */
function callMorestack(offset: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(morestack - (entryVaddr + offset + 5));
  return `e8 ${bytes.toString('hex')}`;
}

test('the stack check with its way to morestack', () => {
  // cmp rsp,[r14+10h]; jbe 0ch; push rbp; nop; pop rbp; ret; (0ch) call morestack; jmp 0
  const result = sitesOf(
    `49 3b 66 10 | 76 06 | 55 | 90 90 90 | 5d | c3 | ${callMorestack(12)} | eb ed`.replaceAll('|', ''),
  );
  assert.deepEqual(result.value, {
    abi: 'registers',
    entry: { offset: 4, stackCheck: true, emulated: true, why: 'stack check' },
    exits: [{ offset: 11, kind: 'return' }],
  });
});

test('a jbe that leads elsewhere is no stack check', () => {
  // cmp rax,rbx; jbe 7; inc rax; ret — taken for the first emulated instruction, which a jump may not lead behind.
  const result = sitesOf('48 39 d8 76 03 48 ff c0 c3');
  assert.deepEqual(result.value?.entry, {
    offset: 3,
    stackCheck: false,
    emulated: true,
    why: 'first emulated instruction, +0x3',
  });
  // The same check with a call of another function in place of morestack.
  const other = sitesOf('49 3b 66 10 76 06 55 90 90 90 5d c3 e8 00 00 00 00 eb ed');
  assert.match(other.unavailable ?? '', /head of a loop/);
});

test('without a stack check', () => {
  // push rbp; mov rbp,rsp; pop rbp; ret
  assert.equal(sitesOf('55 48 89 e5 5d c3').value?.entry.why, 'first instruction');
  // add rax,rbx; ret: the first instruction, which is single-stepped, because it changes an argument.
  assert.deepEqual(sitesOf('48 01 d8 c3').value?.entry, {
    offset: 0,
    stackCheck: false,
    emulated: false,
    why: 'first instruction',
  });
  // xor edx,edx; nop; ret: DX carries no argument, the nop is emulated.
  assert.equal(sitesOf('31 d2 90 c3').value?.entry.offset, 2);
  // mov [rsp+8],rax; nop; ret: what is written may be an argument on the stack.
  assert.equal(sitesOf('48 89 44 24 08 90 c3').value?.entry.offset, 0);
  // test eax,eax; je 7; nop (a loop back to 4 would hit the je twice): jumps to 2.
  assert.equal(sitesOf('85 c0 74 01 90 eb fb c3').value?.entry.offset, 0);
});

test('tail jumps are exits; jumps within, jump tables and the way back from morestack are not', () => {
  const exits = (hex: string, options = {}) => sitesOf(hex, options).value?.exits;
  // add rax,8; jmp far
  assert.deepEqual(exits('48 83 c0 08 e9 00 10 00 00'), [{ offset: 4, kind: 'tail jump' }]);
  // push rbp; jmp rcx
  assert.deepEqual(exits('55 ff e1'), [{ offset: 1, kind: 'tail jump' }]);
  // push rbp; jmp [rax+rcx*8]; pop rbp; ret
  assert.deepEqual(exits('55 ff 24 c8 5d c3'), [{ offset: 5, kind: 'return' }]);
  assert.match(sitesOf('55 ff e1', { isAssembly: true }).unavailable ?? '', /indirect jump/);
});

test('the byte c3 within an instruction is no exit', () => {
  // push rbp; mov rbx,rax (48 89 c3); pop rbp; ret
  assert.deepEqual(sitesOf('55 48 89 c3 5d c3').value?.exits, [{ offset: 5, kind: 'return' }]);
});

test('a function that never returns has an entry', () => {
  // push rbp; ud2
  assert.deepEqual(sitesOf('55 0f 0b').value?.exits, []);
});

test('functions that can not be traced say why', () => {
  assert.match(sitesOf('c3').unavailable ?? '', /first instruction leaves it/);
  assert.match(sitesOf('90 eb fd').unavailable ?? '', /head of a loop/);
  assert.match(sitesOf('55 06 c3').unavailable ?? '', /\+0x1 can't be decoded/);
  assert.match(sitesOf('f0 48 ff 08 c3').unavailable ?? '', /no probe at its first instruction/);
  assert.match(sitesOf('55 48 85 c0 0f 84 00 10 00 00 5d c3').unavailable ?? '', /conditional jump/);
  using decoder = new Amd64Decoder();
  // jmp rcx in assembly: its exits can't be told.
  const jumps = { code: Uint8Array.from([0x55, 0xff, 0xe1]), entryVaddr, abi: 'stack', isAssembly: true } as const;
  assert.equal(findEntrySite(decoder, jumps, () => false).value?.entry.offset, 0);
});

test('an entry that the kernel refuses is said, as one refused site keeps all others out', () => {
  // vmovdqu64 zmm1, [rax] (EVEX); ret
  const found = sitesOf('62f1fe486f08 c3');
  assert.match(found.unavailable ?? '', /kernel allows no probe at its first instruction/);
  // vmovdqu ymm0, [rax] (VEX); ret
  assert.equal(sitesOf('c5fe6f00 c3').unavailable, undefined);
});
