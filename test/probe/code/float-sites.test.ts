import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Amd64Decoder } from '../../../src/probe/code/amd64/decoder.ts';
import {
  type FloatPlace,
  type FloatSite,
  type FloatSites,
  findFloatSites,
} from '../../../src/probe/code/float-sites.ts';
import { findSites } from '../../../src/probe/code/site.ts';
import fc from '../../support/fast-check.ts';

const entryVaddr = 0x40_1000;
const constantVaddr = 0x50_0000;

// A frame of 24 bytes: 16 and the caller's RBP.
const begin = '55 4889e5 4883ec10'; // push rbp; mov rbp,rsp; sub rsp,10h
const end = '4883c410 5d c3'; // add rsp,10h; pop rbp; ret
const call = 'e8 00000000';
const storeX0 = 'f20f11442420'; // movsd [rsp+20h],xmm0
const loadX0 = 'f20f10442408'; // movsd xmm0,[rsp+8]
const addX1 = 'f20f58c1'; // addsd xmm0,xmm1

/** Sites of a function whose float arguments are X0 and X1 and whose result is X0. */
function sitesOf(code: string | Uint8Array): FloatSites {
  const bytes = typeof code === 'string' ? Buffer.from(code.replaceAll(' ', ''), 'hex') : code;
  using decoder = new Amd64Decoder();
  const sites = findSites(decoder, { code: bytes, entryVaddr, abi: 'registers', isAssembly: false }, () => false);
  if (sites.value === undefined) return { bodies: [], exits: new Map() };
  const part = (floatRegister: number) => ({ floatRegister, sizeBytes: 8 });
  const fn = { code: bytes, entryVaddr, sites: sites.value, parameters: [part(0), part(1)], results: [part(0)] };
  const readConstant = (vaddr: number) => (vaddr === constantVaddr ? 0x4045_0000_0000_0000n : undefined);
  return findFloatSites(decoder, decoder.values, fn, readConstant);
}

/** `offset (bytes below the entry's SP): part in place …` */
function text({ offset, frameBytes, places }: FloatSite): string {
  const show = (place: FloatPlace) =>
    'constant' in place
      ? `=${place.constant}`
      : Object.entries(place)
          .map(([key, n]) => `${key} ${n}`)
          .join(' ');
  return `+${offset} (${frameBytes}): ${[...places].map(([part, place]) => `${part} in ${show(place)}`).join(', ')}`;
}

function bodies(code: string): string[] {
  return sitesOf(code).bodies.map(text);
}

function exits(code: string): string[] {
  return [...sitesOf(code).exits].map(([offset, site]) => `RET +${offset}: ${text(site)}`);
}

/** `mov xmm0,[vaddr]` at that offset, relative to what follows. */
function loadConstant(offset: number, vaddr: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(vaddr - (entryVaddr + offset + 8));
  return `f20f1005${bytes.toString('hex')}`;
}

test('an argument is read where it was stored, at the next instruction that the kernel emulates', () => {
  assert.deepEqual(bodies(`${begin} ${storeX0} 4889c3 ${call} ${end}`), ['+17 (24): 0 in fromSp 32']);
  // movq rax,xmm0 (Float64bits)
  assert.deepEqual(bodies(`${begin} 66480f7ec0 ${call} ${end}`), ['+13 (24): 0 in register 0']);
  // movsd [rbx+8],xmm1, with xmm1 copied to xmm2 before: movaps xmm2,xmm1; movsd [rbx+8],xmm2
  assert.deepEqual(bodies(`${begin} 0f28d1 f20f115308 ${call} ${end}`), ['+16 (24): 1 in base 3 displacement 8']);
});

test('behind a branch it is read on the way that stores it', () => {
  // test rax,rax; je over the store and the call
  assert.deepEqual(bodies(`${begin} 4885c0 740b ${storeX0} ${call} ${end}`), ['+19 (24): 0 in fromSp 32']);
  // Where the ways meet nothing is known of the slot: test rax,rax; je over the store alone; mov rbx,rax
  assert.deepEqual(bodies(`${begin} 4885c0 7406 ${storeX0} 4889c3 ${end}`), []);
});

test('what may have changed is not read', () => {
  // xmm0 is added to before it is stored
  assert.deepEqual(bodies(`${begin} ${addX1} ${storeX0} ${call} ${end}`), []);
  // a call came before
  assert.deepEqual(bodies(`${begin} ${call} ${storeX0} 90 ${end}`), []);
  // the slot is overwritten at once: mov [rsp+20h],rax
  const overwritten = bodies(`${begin} ${storeX0} 4889442420 90 ${end}`);
  assert.deepEqual(overwritten, ['+14 (24): 0 in fromSp 32']);
  // rbx changes behind movsd [rbx+8],xmm1: mov rbx,rax; only the instruction itself stands where it can be read
  assert.deepEqual(bodies(`${begin} f20f114b08 4889c3 90 ${end}`), ['+13 (24): 1 in base 3 displacement 8']);
  // lower than SP: movsd [rsp-8],xmm0
  assert.deepEqual(bodies(`${begin} f20f114424f8 90 ${end}`), []);
  // part of it: movss [rsp+20h],xmm0
  assert.deepEqual(bodies(`${begin} f30f11442420 90 ${end}`), []);
});

test('no site stands in a loop, and none where a table of jumps leads anywhere', () => {
  // store; dec rax; jne back to the store: behind the loop, once
  assert.deepEqual(bodies(`${begin} ${storeX0} 48ffc8 75f5 ${end}`), ['+19 (24): 0 in fromSp 32']);
  // the same with a call behind the store
  assert.deepEqual(bodies(`${begin} ${storeX0} ${call} 48ffc8 75f0 ${end}`), []);
  // jmp [rcx+rax*8] behind the store
  assert.deepEqual(bodies(`${begin} ${storeX0} ff24c1 ${end}`), []);
});

test('a result is read where it was loaded from', () => {
  // From the frame: before SP moves.
  assert.deepEqual(exits(`${begin} ${call} ${loadX0} ${end}`), ['RET +24: +19 (24): 0 in fromSp 8']);
  // From above the frame: at the RET itself. movsd xmm0,[rsp+20h]
  assert.deepEqual(exits(`${begin} ${call} f20f10442420 ${end}`), ['RET +24: +24 (0): 0 in fromSp 8']);
  // movsd xmm0,[rax+10h]
  assert.deepEqual(exits('f20f104010 c3'), ['RET +5: +5 (0): 0 in base 0 displacement 16']);
  // movq xmm0,rcx
  assert.deepEqual(exits('66480f6ec1 c3'), ['RET +5: +5 (0): 0 in register 1']);
  // Stored, not loaded: addsd xmm0,xmm1; movsd [rsp+8],xmm0; ret
  assert.deepEqual(exits(`90 ${addX1} f20f11442408 c3`), ['RET +11: +11 (0): 0 in fromSp 8']);
});

test('a result that the program has as a constant', () => {
  assert.deepEqual(exits(`${loadConstant(0, constantVaddr)} c3`), [`RET +8: +8 (0): 0 in =${0x4045n << 48n}`]);
  // Of memory that may be written to, the place.
  assert.deepEqual(exits(`${loadConstant(0, 0x60_0000)} c3`), [`RET +8: +8 (0): 0 in vaddr ${0x60_0000}`]);
  // xorps xmm0,xmm0; and movups xmm0,xmm15, which Go keeps zero
  assert.deepEqual(exits('0f57c0 c3'), ['RET +3: +3 (0): 0 in =0']);
  assert.deepEqual(exits('410f10c7 c3'), ['RET +4: +4 (0): 0 in =0']);
});

test('a computed or passed on result is not read', () => {
  assert.deepEqual(exits(`${loadX0} ${addX1} c3`), []);
  assert.deepEqual(exits(`${begin} ${call} ${end}`), []);
  // The frame's slot is overwritten behind the load: mov [rsp+8],rax
  assert.deepEqual(exits(`${begin} ${call} ${loadX0} 4889442408 ${end}`), []);
  // rax changes behind movsd xmm0,[rax+10h]: mov rax,rbx
  assert.deepEqual(exits('f20f104010 4889d8 c3'), []);
});

test('whatever the bytes are, sites stand on instructions, above SP', () => {
  const pieces = [
    begin,
    end,
    call,
    storeX0,
    loadX0,
    addX1,
    '4885c0 7406',
    'eb02',
    '75f5',
    'f20f114b08',
    '66480f7ec0',
    '90',
  ];
  const program = fc.array(
    fc.oneof(
      fc.constantFrom(...pieces).map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex')),
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
    ),
    { maxLength: 24 },
  );
  fc.assert(
    fc.property(program, (parts) => {
      const code = Buffer.concat(parts);
      using decoder = new Amd64Decoder();
      const { count, offset } = decoder.sweep(code);
      const starts = new Set(offset.subarray(0, count));
      const { bodies: found, exits: moved } = sitesOf(code);
      for (const { offset: at, places } of [...found, ...moved.values()]) {
        assert.ok(starts.has(at) && places.size > 0);
        for (const place of places.values()) assert.ok(!('fromSp' in place) || place.fromSp >= 0);
      }
    }),
    { numRuns: 300 },
  );
});
