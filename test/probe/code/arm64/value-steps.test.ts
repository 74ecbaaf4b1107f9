/** Floats of arm64 functions: what the compiler's and the assembler's usual instructions do with them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arm64Decoder } from '../../../../src/probe/code/arm64/decoder.ts';
import { arm64ValueSteps } from '../../../../src/probe/code/arm64/value-steps.ts';
import { type FloatPlace, type FloatSite, findFloatSites } from '../../../../src/probe/code/float-sites.ts';
import { findSites } from '../../../../src/probe/code/site.ts';
import fc from '../../../support/fast-check.ts';

const entryVaddr = 0x41_1000;
const constantVaddr = 0x50_0648;

// A frame of 64 bytes: str x30,[sp,#-64]!; stur x29,[sp,#-8]; sub x29,sp,#8
const begin = [0xf81c_0ffe, 0xf81f_83fd, 0xd100_23fd];
// ldur x29,[sp,#-8]; ldr x30,[sp],#64; ret
const end = [0xf85f_83fd, 0xf844_07fe, 0xd65f_03c0];
const call = 0x9400_1000;
const storeF0 = 0xfd00_2fe0; // str d0,[sp,#88]
const loadF0 = 0xfd40_2fe0; // ldr d0,[sp,#88]
const addF1 = 0x1e61_2800; // fadd d0,d0,d1

/** Sites of a function whose float arguments are F0 and F1 and whose result is F0. */
function sitesOf(words: readonly number[]) {
  const code = new Uint8Array(Uint32Array.from(words).buffer);
  using decoder = new Arm64Decoder();
  const sites = findSites(decoder, { code, entryVaddr, abi: 'registers', isAssembly: false }, () => false);
  if (sites.value === undefined) return { bodies: [], exits: new Map<number, FloatSite>() };
  const part = (floatRegister: number) => ({ floatRegister, sizeBytes: 8 });
  const fn = { code, entryVaddr, sites: sites.value, parameters: [part(0), part(1)], results: [part(0)] };
  const readConstant = (vaddr: number) => (vaddr === constantVaddr ? 42n : undefined);
  return findFloatSites(decoder, decoder.values, fn, readConstant);
}

/** `index of the instruction (bytes below the entry's SP): part in place …` */
function text({ offset, frameBytes, places }: FloatSite): string {
  const show = (place: FloatPlace) =>
    'constant' in place
      ? `=${place.constant}`
      : Object.entries(place)
          .map(([key, n]) => `${key} ${n}`)
          .join(' ');
  return `${offset / 4} (${frameBytes}): ${[...places].map(([part, place]) => `${part} in ${show(place)}`).join(', ')}`;
}

const bodies = (...words: number[]) => sitesOf(words).bodies.map(text);
const exits = (...words: number[]) => [...sitesOf(words).exits.values()].map(text);

/** A double, as a constant's bits. */
function bitsOf(value: number): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
}

test('arguments are read where they were stored, one or two at once', () => {
  assert.deepEqual(bodies(...begin, storeF0, call, ...end), ['4 (64): 0 in fromSp 88']);
  // stp d0,d1,[sp,#88]
  assert.deepEqual(bodies(...begin, 0x6d05_87e0, call, ...end), ['4 (64): 0 in fromSp 88, 1 in fromSp 96']);
  // str d1,[x0,#16]
  assert.deepEqual(bodies(...begin, 0xfd00_0801, call, ...end), ['4 (64): 1 in base 0 displacement 16']);
  // fmov d2,d1; fmov x3,d2; mov x4,x3; mov x3,x0
  assert.deepEqual(bodies(...begin, 0x1e60_4022, 0x9e66_0043, 0xaa03_03e4, 0xaa00_03e3, call, ...end), [
    '7 (64): 1 in register 4',
  ]);
});

test('what may have changed is not read', () => {
  assert.deepEqual(bodies(...begin, addF1, storeF0, call, ...end), []);
  assert.deepEqual(bodies(...begin, call, storeF0, call, ...end), []);
  // str s0,[sp,#88]: half of it
  assert.deepEqual(bodies(...begin, 0xbd00_5be0, call, ...end), []);
  // ldp d0,d2,[sp,#8] in front of it
  assert.deepEqual(bodies(...begin, 0x6d40_8be0, storeF0, call, ...end), []);
  // stp xzr,xzr,[sp,#80] behind it: only that instruction itself stands where it can be read
  assert.deepEqual(bodies(...begin, storeF0, 0xa905_7fff, call, ...end), ['4 (64): 0 in fromSp 88']);
  // str d0,[x0],#8: the base has moved
  assert.deepEqual(bodies(...begin, 0xfc00_8400, call, ...end), []);
});

test('a large frame, made in parts', () => {
  // mov x27,#0x1040; sub x20,sp,x27; stp x29,x30,[x20,#-8]; mov sp,x20; sub x29,sp,#8; str d0,[sp,#4168]
  const large = [0xd282_081b, 0xcb3b_63f4, 0xa93f_fa9d, 0x9100_029f, 0xd100_23fd, 0xfd08_27e0];
  // ldp x29,x30,[sp,#-8]; mov x27,#0x1040; add sp,sp,x27; ret
  const leave = [0xa97f_fbfd, 0xd282_081b, 0x8b3b_63ff, 0xd65f_03c0];
  assert.deepEqual(bodies(...large, call, ...leave), ['6 (4160): 0 in fromSp 4168']);
  // ldr d0,[sp,#4168]
  assert.deepEqual(exits(...large, call, 0xfd48_27e0, ...leave), ['11 (0): 0 in fromSp 8']);
  // add x27,sp,#40; add x27,x27,#1,lsl #12; str d0,[x27,#8]
  const far = [...large.slice(0, 5), 0x9100_a3fb, 0x9140_077b, 0xfd00_0760];
  assert.deepEqual(bodies(...far, call, ...leave), ['8 (4160): 0 in fromSp 4144']);
  // mov sp,x19, of which nothing is known
  assert.deepEqual(bodies(...begin, 0x9100_027f, storeF0, call, ...end), []);
});

test('results are read where they came from', () => {
  assert.deepEqual(exits(...begin, call, loadF0, ...end), ['7 (0): 0 in fromSp 24']);
  // ldr d0,[sp,#40]: within the frame, before it goes
  assert.deepEqual(exits(...begin, call, 0xfd40_17e0, ...end), ['6 (64): 0 in fromSp 40']);
  // ldr d0,[x0,#16]; fmov d0,x1
  assert.deepEqual(exits(0xfd40_0800, 0xd65f_03c0), ['1 (0): 0 in base 0 displacement 16']);
  assert.deepEqual(exits(0x9e67_0020, 0xd65f_03c0), ['1 (0): 0 in register 1']);
  assert.deepEqual(exits(...begin, call, loadF0, addF1, ...end), []);
});

test('constants: in instructions, and of the program', () => {
  const returned = (...words: number[]) => exits(...words, 0xd65f_03c0)[0]?.replace(/^.*0 in =?/, '');
  for (const [word, value] of [
    [0x1e6e_9000, 1.25],
    [0x1e61_1000, 3],
    [0x1e7c_1000, -0.5],
    [0x1e68_1000, 0.125],
    [0x1e67_f000, 31],
  ] as const) {
    assert.equal(returned(word), String(bitsOf(value)), String(value));
  }
  assert.equal(returned(0x9e67_03e0), '0'); // fmov d0,xzr
  assert.equal(returned(0x2f00_e400), '0'); // movi d0,#0
  // adrp x27,+0xef pages; ldr d0,[x27,#0x648]
  assert.equal(returned(0xf000_077b, 0xfd43_2760), '42');
  // Of memory that may be written to, the place: [x27,#0x650]
  assert.equal(returned(0xf000_077b, 0xfd43_2b60), `vaddr ${constantVaddr + 8}`);
  // x0 instead of x27: a jump may lead between
  assert.equal(returned(0xf000_0760, 0xfd43_2400), 'base 0 displacement 1608');
});

test('any words: what is not known writes everything', () => {
  const readConstant = () => undefined;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 8 }), (words) => {
      const code = new Uint8Array(Uint32Array.from(words).buffer);
      const step = arm64ValueSteps.step(code, code.length - 4, entryVaddr, readConstant);
      for (const move of step.moves) {
        assert.ok(typeof move.to !== 'string' || step.writes.includes(move.to));
        assert.ok(typeof move.to === 'string' || step.memory !== 'none');
      }
    }),
    { numRuns: 5000 },
  );
  // An instruction of SVE
  assert.equal(arm64ValueSteps.step(Uint8Array.of(0, 0, 0, 0x04), 0, entryVaddr, readConstant).spChange, undefined);
});

test('whatever the words are, sites stand on instructions, above SP', () => {
  const known = [...begin, ...end, call, storeF0, loadF0, addF1, 0xb400_0060, 0x1400_0002, 0x54ff_ffa1, 0x6d05_87e0];
  const program = fc.array(fc.oneof(fc.constantFrom(...known), fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(program, (words) => {
      const { bodies: found, exits: moved } = sitesOf(words);
      for (const { offset, places } of [...found, ...moved.values()]) {
        assert.ok(offset % 4 === 0 && offset < words.length * 4 && places.size > 0);
        for (const place of places.values()) assert.ok(!('fromSp' in place) || place.fromSp >= 0);
      }
    }),
    { numRuns: 500 },
  );
});
