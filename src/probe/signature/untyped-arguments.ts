import type { ArgumentInfo, ArgumentSlot } from '../../binary/argument-slot.ts';
import type { GoField, GoType } from '../../binary/go-type.ts';
import { type AssignedValue, firstStackArgument, type Piece } from '../code/register-assignment.ts';
import type { SpilledArgument } from './spilled-arguments.ts';

/** An integer or pointer whose type nothing tells. */
export function wordType(sizeBytes: number): GoType {
  return { kind: 'word', name: `word${sizeBytes * 8}`, sizeBytes, alignBytes: sizeBytes };
}

/** In a floating-point register of that size there is nothing else. */
function floatType(sizeBytes: number): GoType {
  return {
    kind: sizeBytes === 4 ? 'float32' : 'float64',
    name: `float${sizeBytes * 8}`,
    sizeBytes,
    alignBytes: sizeBytes,
  };
}

/** Stands for arguments of which nothing is known but that there may be some. */
export function untold(reason: string): AssignedValue {
  return { name: '', type: { ...wordType(8), name: '…' }, pieces: [], unavailable: reason };
}

const cutOff = untold('the compiler recorded ten parts of the arguments, not the rest');

export interface UntypedArguments {
  readonly values: readonly AssignedValue[];
  /** So many of them, at the beginning, are words of the very first parameter of generic code, which the list leaves out. */
  readonly leftOut: number;
}

interface Leaf {
  readonly offset: number;
  readonly type: GoType;
  /** `at` is 0: of the leaf alone. */
  readonly piece: Piece;
}

/**
 * Arguments as words: sizes, groups and places on the stack from the argument info, registers from what the way to
 * morestack stores. Undefined where the two contradict each other, or only the first is known of arguments that may be in
 * registers: whether these hold integers or floats can't be told then.
 * A value without pieces stands at the end for what the argument info cut off.
 */
export function untypedArguments(info: ArgumentInfo, spills: readonly SpilledArgument[]): UntypedArguments | undefined {
  if (info.isAbsent) return spills.length === 0 ? { values: [], leftOut: 0 } : undefined;
  if (spills.length === 0) return undefined;
  const bySlot = new Map(spills.map((spill) => [spill.offset, spill]));
  const spillStart = Math.min(...bySlot.keys());
  const told = new Set<number>();
  let contradicted = false;
  const leafOf = (slot: ArgumentSlot & { kind: 'word' }): Leaf => {
    const { offset, sizeBytes } = slot;
    if (offset < spillStart) {
      return {
        offset,
        type: wordType(sizeBytes),
        piece: { stackOffset: firstStackArgument + offset, at: 0, sizeBytes },
      };
    }
    const spill = bySlot.get(offset);
    told.add(offset);
    if (spill?.sizeBytes !== sizeBytes) contradicted = true;
    return registerLeaf(spill ?? { offset, sizeBytes, register: 0 });
  };
  const values: AssignedValue[] = [];
  for (const slot of info.slots) {
    const leaves = leavesOf(slot).map(leafOf);
    // A struct without fields, or what is not told.
    if (leaves.length > 0) values.push(argumentOf(leaves));
  }
  if (contradicted) return undefined;
  // What the list leaves out: the very first of generic code, and those behind the tenth.
  const first = Math.min(...told);
  const untold = spills
    .filter(({ offset }) => !told.has(offset))
    .map((spill) => ({ spill, value: argumentOf([registerLeaf(spill)]) }));
  const isBefore = ({ spill }: (typeof untold)[number]) => spill.offset < first;
  const leftOut = untold.filter(isBefore).map(({ value }) => value);
  const beyond = untold.filter((entry) => !isBefore(entry)).map(({ value }) => value);
  return { values: [...leftOut, ...values, ...beyond, ...(info.complete ? [] : [cutOff])], leftOut: leftOut.length };
}

/** The numbers and pointers that a slot consists of. */
export function leavesOf(slot: ArgumentSlot): (ArgumentSlot & { kind: 'word' })[] {
  if (slot.kind === 'word') return [slot];
  return slot.kind === 'group' ? slot.parts.flatMap(leavesOf) : [];
}

function registerLeaf(spill: SpilledArgument): Leaf {
  const { offset, sizeBytes } = spill;
  return 'register' in spill
    ? { offset, type: wordType(sizeBytes), piece: { register: spill.register, at: 0, sizeBytes } }
    : { offset, type: floatType(sizeBytes), piece: { floatRegister: spill.floatRegister, at: 0, sizeBytes } };
}

/** One word, or several as a struct without names. */
function argumentOf(leaves: readonly Leaf[]): AssignedValue {
  const start = Math.min(...leaves.map(({ offset }) => offset));
  const [first] = leaves;
  if (leaves.length === 1 && first !== undefined) return { name: '', type: first.type, pieces: [first.piece] };
  const fields: GoField[] = leaves.map(({ offset, type }) => {
    return { name: '', type, offsetBytes: offset - start, embedded: false };
  });
  const end = Math.max(...fields.map(({ offsetBytes, type }) => offsetBytes + type.sizeBytes));
  const onStack = first !== undefined && 'stackOffset' in first.piece ? first.piece : undefined;
  const pieces: readonly Piece[] =
    onStack === undefined
      ? leaves.map(({ piece, offset }) => ({ ...piece, at: offset - start }))
      : [{ stackOffset: onStack.stackOffset, at: 0, sizeBytes: end }];
  const name = `{${fields.map(({ type }) => type.name).join(' ')}}`;
  return { name: '', type: { kind: 'struct', name, sizeBytes: Math.ceil(end / 8) * 8, alignBytes: 8, fields }, pieces };
}
