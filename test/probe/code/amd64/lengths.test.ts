import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../../../src/binary/open-go-binary.ts';
import { knownEffect } from '../../../../src/probe/code/amd64/effects.ts';
import { IcedDecoder } from '../../../../src/probe/code/amd64/iced-decoder.ts';
import { sweepKnown } from '../../../../src/probe/code/amd64/lengths.ts';
import fc from '../../../support/fast-check.ts';
import { goTarget } from '../../../support/go-target.ts';

/** The longest instruction, and two of the NOPs that each cell ends with. */
const cellBytes = 17;
const nop = 0x90;
const largestFunctionBytes = 1 << 20;

const prefixes: readonly (readonly number[])[] = [
  [],
  [0x66],
  [0xf2],
  [0xf3],
  [0x66, 0xf2],
  [0xf3, 0x66],
  [0xf2, 0xf3],
  [0xf0],
  [0xf0, 0x66],
  [0xf0, 0xf3],
  [0x2e],
  [0x64],
  [0x66, 0x2e],
];
const rexes: readonly (readonly number[])[] = [[], [0x40], [0x4b]];
/** Of each addressing mode and register: plain, with SIB, relative to RIP. */
const modRms = Array.from({ length: 32 }, (_, i) => [0, 4, 5].map((rm) => (i << 3) | rm)).flat();
/** No index, base SP; an index times 8, no base. */
const sibs = [0x24, 0xcd];

/** Compares what the table says of code, if it has all of it, with iced-x86. */
function comparer(iced: IcedDecoder) {
  const arrays = () => ({
    offsets: new Int32Array(largestFunctionBytes),
    flows: new Uint8Array(largestFunctionBytes),
    targets: new Float64Array(largestFunctionBytes),
  });
  const own = arrays();
  const other = arrays();
  const row = ({ offsets, flows, targets }: typeof own, i: number) => `${offsets[i]} ${flows[i]} ${targets[i]}`;
  return (code: Uint8Array): 'unknown' | 'same' | { readonly own: string; readonly iced: string } => {
    const count = sweepKnown(code, own);
    if (count === undefined) return 'unknown';
    const swept = iced.sweep(code, other);
    for (let i = 0; i < count; i++) {
      const isSame =
        own.offsets[i] === other.offsets[i] && own.flows[i] === other.flows[i] && own.targets[i] === other.targets[i];
      if (!isSame || i >= swept.count) return { own: row(own, i), iced: i < swept.count ? row(other, i) : 'none' };
    }
    return swept.count === count ? 'same' : { own: 'ends', iced: row(other, count) };
  };
}

test('every opcode with every prefix and form: as iced-x86 has it, or left to it', () => {
  using iced = new IcedDecoder();
  const compare = comparer(iced);
  const known = new Set<number>();
  for (const prefix of prefixes) {
    for (const rex of rexes) {
      for (let opcode = 0; opcode < 0x200; opcode++) {
        const start = [...prefix, ...rex, ...(opcode < 0x100 ? [opcode] : [0x0f, opcode & 0xff])];
        for (const modRm of modRms) {
          const code = new Uint8Array(cellBytes).fill(nop);
          code.set([...start, modRm, sibs[(modRm >> 3) & 1] as number, 0x11, 0x22, 0x33]);
          const result = compare(code);
          if (result === 'unknown') continue;
          if (result !== 'same')
            assert.fail(`${Buffer.from(code).toString('hex')}: ${result.own}, iced ${result.iced}`);
          known.add(opcode);
        }
      }
    }
  }
  assert.ok(known.size > 300, `${known.size} opcodes known`);
});

test('what instructions do, in every form: as iced-x86 has it, or left to it', () => {
  using iced = new IcedDecoder();
  const known = new Set<number>();
  for (const prefix of [[], [0x66], [0xf3], [0xf0], [0x2e]]) {
    for (const rex of [...rexes, [0x44], [0x41], [0x49]]) {
      for (let opcode = 0; opcode < 0x200; opcode++) {
        const start = [...prefix, ...rex, ...(opcode < 0x100 ? [opcode] : [0x0f, opcode & 0xff])];
        for (let modRm = 0; modRm < 0x100; modRm += 1) {
          const code = new Uint8Array(cellBytes).fill(nop);
          code.set([...start, modRm, 0x24]);
          const effect = knownEffect(code, 0);
          if (effect === undefined) continue;
          assert.deepEqual(effect, iced.effect(code, 0), Buffer.from(code).toString('hex'));
          known.add(opcode);
        }
      }
    }
  }
  assert.ok(known.size > 30, `${known.size} opcodes known`);
});

test('any bytes: as iced-x86 has them, or left to it', () => {
  using iced = new IcedDecoder();
  const compare = comparer(iced);
  // Bytes that begin instructions, so that many are known.
  const common = fc.constantFrom(
    0x0f,
    0x48,
    0x49,
    0x66,
    0x83,
    0x84,
    0x89,
    0x8b,
    0x8d,
    0xb8,
    0xc7,
    0xe8,
    0xeb,
    0xf2,
    0xf7,
    0xff,
  );
  const byte = fc.oneof(common, fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 40 }), (bytes) => {
      const result = compare(Uint8Array.from(bytes));
      assert.ok(result === 'unknown' || result === 'same', JSON.stringify(result));
    }),
    { numRuns: 20_000 },
  );
});

test('what is cut off is left to iced-x86', () => {
  const into = { offsets: new Int32Array(64), flows: new Uint8Array(64), targets: new Float64Array(64) };
  // mov rax,[rsp+8]; jmp; mov rax, imm64; FF without ModRM
  for (const hex of ['488b4424', 'e9000000', '48b801020304050607', '90ff', '66666666', '90480f']) {
    assert.equal(sweepKnown(Uint8Array.from(Buffer.from(hex, 'hex')), into), undefined, hex);
  }
  assert.equal(sweepKnown(new Uint8Array(0), into), 0);
});

test('whole programs: instructions as iced-x86 has them, hardly any function left to it', async () => {
  using binary = openGoBinary(await goTarget('httpserver', { ldflags: '-s -w' }));
  if (binary.arch !== 'amd64') return;
  using iced = new IcedDecoder();
  const compare = comparer(iced);
  const count = { unknown: 0, same: 0 };
  for (const { name, entryVaddr, endVaddr } of binary.functions()) {
    const sizeBytes = endVaddr - entryVaddr;
    if (sizeBytes <= 0 || sizeBytes > largestFunctionBytes) continue;
    const result = compare(binary.read(entryVaddr, sizeBytes));
    if (typeof result !== 'string') assert.fail(`${name}: ${result.own}, iced ${result.iced}`);
    count[result]++;
  }
  assert.ok(count.same > 3000 && count.unknown < count.same / 50, JSON.stringify(count));
});
