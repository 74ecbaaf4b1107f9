import type { GoBinary } from '../../binary/go-binary.ts';
import type { GoType } from '../../binary/go-type.ts';
import type { Abi } from '../code/calling-convention.ts';
import { type AssignedValue, firstStackArgument, registerSequences } from '../code/register-assignment.ts';
import type { PresetContextPlace } from '../preset/preset.ts';
import { fieldPath } from './field-path.ts';

/** Where a call's context.Context is at its entry: struct context_place of bpf/event.h. */
export interface ContextPlace {
  /** enum context_base */
  readonly base: (typeof contextBase)[keyof typeof contextBase];
  /** A register's number, or a place above SP in words: of the interface's first word, or of the pointer that leads to it. */
  readonly first: number;
  /** Of the second word, where nothing is followed. */
  readonly second: number;
  /** Offsets: of the pointer to follow next, if there are two, and of the context in the last struct. */
  readonly at: readonly number[];
}

export const contextBase = { registers: 1, stack: 2 } as const;

/** Pointers that the kernel side follows, one behind the other. */
const maxHops = 2;
const wordBytes = 8;

/** Of a function: its context.Context, else that of the request that it serves. */
export function contextOfParameters(parameters: readonly AssignedValue[]): ContextPlace | undefined {
  const given = parameters.find(({ type }) => isContext(type));
  if (given !== undefined) return placeOf(given, []);
  const request = parameters.find(({ type }) => type.kind === 'pointer' && type.elem?.name === 'net/http.Request');
  const at = request && offsetsOf(request.type, 'ctx');
  return request && at && placeOf(request, at);
}

/** Of a preset's call. Undefined where the binary's types have no such field. */
export function contextOfPreset(place: PresetContextPlace, binary: GoBinary, abi: Abi): ContextPlace | undefined {
  const { argument, types = [], path } = place;
  const { integer } = registerSequences[binary.arch];
  const stack = { base: contextBase.stack, first: firstStackArgument / wordBytes + argument, second: 0 } as const;
  const [first, second] = [integer[argument], integer[argument + 1]];
  if (abi === 'registers' && (first === undefined || second === undefined)) return undefined;
  const start = abi === 'stack' ? stack : { base: contextBase.registers, first: first ?? 0, second: second ?? 0 };
  if (path === undefined) return { ...start, at: [] };
  const elem = types.map((name) => binary.runtimeType(name)).find((type) => type !== undefined);
  const at = elem && offsetsOf({ kind: 'pointer', name: `*${elem.name}`, sizeBytes: 8, alignBytes: 8, elem }, path);
  return at && { ...start, at };
}

/** Types of contexts, by what the kernel side does when it meets them: linked addresses of their descriptors. */
export interface ContextTypes {
  /** They hold their parent first. */
  readonly links: readonly number[];
  /** They have no parent. */
  readonly ends: readonly number[];
}

const linkTypes = [
  ...['*context.cancelCtx', '*context.timerCtx', '*context.valueCtx', '*context.afterFuncCtx'],
  ...['context.withoutCancelCtx', 'context.stopCtx', '*os/signal.signalCtx'],
];
/** Up to Go 1.20 the last one. */
const endTypes = ['context.backgroundCtx', 'context.todoCtx', '*context.emptyCtx'];

export function contextTypes(binary: GoBinary): ContextTypes {
  const addresses = (names: readonly string[]) =>
    names.map((name) => binary.runtimeTypeAddress(name)).filter((vaddr) => vaddr !== undefined);
  const links = linkTypes.filter((name) => {
    const type = binary.runtimeType(name.replace('*', ''));
    return type !== undefined && beginsWithContext(type);
  });
  return { links: addresses(links), ends: addresses(endTypes) };
}

function beginsWithContext(type: GoType): boolean {
  const first = type.fields?.[0];
  return (
    first !== undefined && (isContext(first.type) || (first.type.kind === 'struct' && beginsWithContext(first.type)))
  );
}

function isContext({ kind, name }: GoType): boolean {
  return kind === 'interface' && name === 'context.Context';
}

/** The way from a pointer to the context in what it leads to. */
function offsetsOf(pointer: GoType, path: string): readonly number[] | undefined {
  const { value } = fieldPath(pointer, path);
  if (value === undefined || !isContext(value.type) || value.hops.length > maxHops) return undefined;
  return [...value.hops.slice(1).map(({ at }) => at), value.at];
}

function placeOf({ pieces }: AssignedValue, at: readonly number[]): ContextPlace | undefined {
  const [first, second] = pieces;
  if (first === undefined || 'floatRegister' in first) return undefined;
  if ('stackOffset' in first) return { base: contextBase.stack, first: first.stackOffset / wordBytes, second: 0, at };
  return {
    base: contextBase.registers,
    first: first.register,
    second: second !== undefined && 'register' in second ? second.register : 0,
    at,
  };
}
