import type { ReadConstant, RegisterName, ValueMove, ValuePlace, ValueRules, ValueStep } from '../value-step.ts';
import { type Arm64Access, arm64Access } from './access.ts';
import { type At, assemblersRegister, spChange, stackPointer, sumBefore } from './sums.ts';
import { wordAt } from './word.ts';
import { groupOf, writesOf } from './writes.ts';

/**
 * How values move through arm64 instructions.
 * Encodings: Arm Architecture Reference Manual for A-profile, C4.1 "A64 instruction set encoding".
 */
export const arm64ValueSteps: ValueRules = {
  step(code, offset, entryVaddr, readConstant) {
    const word = wordAt(code, offset);
    const at = { code, offset, entryVaddr };
    const access = arm64Access(word);
    if (access !== undefined) return accessStep(access, at, readConstant);
    const writes = writesOf(word);
    if (writes === undefined) return unknownStep;
    const isLoadOrStore = groupOf(word) === 'memory';
    return {
      spChange: spChange(at),
      writes,
      memory: isLoadOrStore ? 'elsewhere' : 'none',
      moves: isLoadOrStore ? [] : movesBetween(word),
    };
  },
  // A frame's end restores R29 and R30 and may add a large number, in R27, to SP.
  epilogueWrites: new Set<RegisterName>(['r27', 'r29', 'r30']),
};

const unknownStep: ValueStep = {
  spChange: undefined,
  writes: Array.from({ length: 32 }, (_, n): RegisterName[] => [`r${n}`, `f${n}`]).flat(),
  memory: 'elsewhere',
  moves: [],
};

function accessStep(access: Arm64Access, at: At, readConstant: ReadConstant): ValueStep {
  const { isStore, registers, sizeBytes, isCopy, base, writeBack } = access;
  const place = placeOf(access, at);
  const moves: ValueMove[] = [];
  for (const [n, register] of isCopy ? registers.entries() : []) {
    const memory = place && shifted(place, n * sizeBytes);
    if (memory === undefined) continue;
    if (isStore) {
      const to = memory;
      moves.push(register === undefined ? { constant: 0n, to, sizeBytes } : { from: register, to, sizeBytes });
    } else if (register !== undefined) {
      const known = 'vaddr' in memory ? readConstant(memory.vaddr, Math.min(8, sizeBytes)) : undefined;
      if (known === undefined) moves.push({ from: memory, to: register, sizeBytes });
      else moves.push({ constant: known, to: register, sizeBytes: Math.min(8, sizeBytes) });
    }
  }
  const writes = isStore ? [] : registers.filter((register) => register !== undefined);
  if (writeBack !== 0 && base !== stackPointer && base !== undefined) writes.push(`r${base}`);
  const stored =
    place !== undefined && 'fromSp' in place ? { ...place, sizeBytes: sizeBytes * registers.length } : 'elsewhere';
  return {
    spChange: base === stackPointer ? writeBack : 0,
    writes,
    memory: isStore ? stored : 'none',
    moves,
  };
}

type Memory = Exclude<ValuePlace, string>;

/** Of the first byte; undefined: not told by the instruction, or by a register that it changes. */
function placeOf({ base, displacement, writeBack }: Arm64Access, at: At): Memory | undefined {
  if (displacement === undefined) return undefined;
  if (base === undefined) return { vaddr: at.entryVaddr + at.offset + displacement };
  if (base === stackPointer) return { fromSp: displacement };
  if (base !== assemblersRegister) return writeBack === 0 ? { base, displacement } : undefined;
  const known = sumBefore(at, assemblersRegister);
  if (known === undefined || writeBack !== 0) return undefined;
  const amount = known.amount + displacement;
  return known.fromSp ? { fromSp: amount } : { vaddr: amount };
}

function shifted(place: Memory, bytes: number): Memory {
  if ('fromSp' in place) return { fromSp: place.fromSp + bytes };
  if ('vaddr' in place) return { vaddr: place.vaddr + bytes };
  return { base: place.base, displacement: place.displacement + bytes };
}

/** MOV, FMOV: masks and values, and what is copied. */
const copies = [
  { mask: 0xffe0_ffe0, value: 0xaa00_03e0, to: 'r', from: 'r', low: 16, sizeBytes: 8 },
  { mask: 0xffe0_ffe0, value: 0x2a00_03e0, to: 'r', from: 'r', low: 16, sizeBytes: 4 },
  { mask: 0xffff_fc00, value: 0x1e60_4000, to: 'f', from: 'f', low: 5, sizeBytes: 8 },
  { mask: 0xffff_fc00, value: 0x1e20_4000, to: 'f', from: 'f', low: 5, sizeBytes: 4 },
  { mask: 0xffff_fc00, value: 0x9e67_0000, to: 'f', from: 'r', low: 5, sizeBytes: 8 },
  { mask: 0xffff_fc00, value: 0x1e27_0000, to: 'f', from: 'r', low: 5, sizeBytes: 4 },
  { mask: 0xffff_fc00, value: 0x9e66_0000, to: 'r', from: 'f', low: 5, sizeBytes: 8 },
  { mask: 0xffff_fc00, value: 0x1e26_0000, to: 'r', from: 'f', low: 5, sizeBytes: 4 },
] as const;

function movesBetween(word: number): ValueMove[] {
  const to: RegisterName = `f${word & 31}`;
  const constant = floatImmediate(word);
  if (constant !== undefined) return [{ ...constant, to }];
  const copy = copies.find(({ mask, value }) => (word & mask) >>> 0 === value);
  if (copy === undefined || (copy.to === 'r' && (word & 31) === 31)) return [];
  const { sizeBytes } = copy;
  const source = (word >>> copy.low) & 31;
  const target: RegisterName = `${copy.to}${word & 31}`;
  if (copy.from === 'r' && source === 31) return [{ constant: 0n, to: target, sizeBytes: 8 }];
  return [{ from: `${copy.from}${source}`, to: target, sizeBytes }];
}

/** FMOV (immediate), and MOVI of zero: C2.2.3 "Modified immediate constants in A64 floating-point instructions". */
function floatImmediate(word: number): { readonly constant: bigint; readonly sizeBytes: number } | undefined {
  if ((word & 0xbfff_ffe0) >>> 0 === 0x2f00_e400) return { constant: 0n, sizeBytes: 8 };
  const form = (word & 0xffe0_1fe0) >>> 0;
  if (form !== 0x1e60_1000 && form !== 0x1e20_1000) return undefined;
  const bits = (word >>> 13) & 0xff;
  const sixteenths = 16 + (bits & 15);
  const exponent = ((bits >>> 4) & 7) ^ 4;
  const value = (sixteenths / 16) * 2 ** (exponent - 3) * ((bits & 0x80) === 0 ? 1 : -1);
  const bytes = Buffer.alloc(8);
  if (form === 0x1e20_1000) {
    bytes.writeFloatLE(value);
    return { constant: BigInt(bytes.readUInt32LE()), sizeBytes: 4 };
  }
  bytes.writeDoubleLE(value);
  return { constant: bytes.readBigUInt64LE(), sizeBytes: 8 };
}
