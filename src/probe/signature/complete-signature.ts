import type { Found, GoBinary } from '../../binary/go-binary.ts';
import type { GoSignature } from '../../binary/go-type.ts';
import { type AssignedValue, type Assignment, firstStackArgument } from '../code/register-assignment.ts';
import type { FunctionName } from '../function-name.ts';
import { receiverType } from './written-signature.ts';

const wordBytes = 8;

/**
 * The signature with what debug information leaves out: before Go 1.22 it has no receiver or parameter that the source
 * gives no name, and all behind it would be looked for in the wrong place.
 * @param contradicts whether the function's code or tables show that these can't be all of its parameters
 * @returns the reason if others than the receiver are missing: which, can't be told
 */
export function completeSignature(
  binary: GoBinary,
  { role, receiver }: FunctionName,
  signature: GoSignature,
  contradicts: (signature: GoSignature) => boolean,
): Found<GoSignature> {
  if (!contradicts(signature)) return { value: signature };
  const type = role === 'method' && receiver !== undefined ? receiverType(binary, receiver) : undefined;
  if (type !== undefined && signature.parameters[0]?.type.name !== type.name) {
    const whole = { ...signature, parameters: [{ name: '', type }, ...signature.parameters] };
    if (!contradicts(whole)) return { value: whole };
  }
  return { unavailable: 'parameters that have no name are not in its debug information, and it may have some' };
}

/** Bytes of the caller's frame: offsets from its first argument. */
interface FrameRange {
  readonly start: number;
  readonly end: number;
}

/** Whether what these values take of the caller's frame, spill slots included, is what the table of functions says. */
export function fillsFrame({ parameters, results }: Assignment, argumentBytes: number | undefined): boolean {
  const stack = wordEnd([...stackRanges(parameters), ...stackRanges(results)]);
  const end = wordEnd(spillSlots(parameters, stack), stack);
  return argumentBytes === undefined || end === Math.ceil(argumentBytes / wordBytes) * wordBytes;
}

/**
 * Whether a parameter of a few bytes could lie between these and move them, while the frame has the same size.
 * @param inRegisters whether it could be one of those in registers, too
 */
export function hasRoom(parameters: readonly AssignedValue[], inRegisters: boolean): boolean {
  const ranges = [stackRanges(parameters), ...(inRegisters ? [spillSlots(parameters, 0)] : [])];
  return ranges.some((area) => {
    const used = area.reduce((sum, { start, end }) => sum + (end - start), 0);
    return used < wordEnd(area);
  });
}

function stackRanges(values: readonly AssignedValue[]): FrameRange[] {
  return values.flatMap(({ pieces }) =>
    pieces.flatMap((piece) => {
      if (!('stackOffset' in piece)) return [];
      const start = piece.stackOffset - firstStackArgument;
      return [{ start, end: start + piece.sizeBytes }];
    }),
  );
}

/** abi-internal.md: every parameter in registers has a slot, in order, behind all that is on the stack. */
function spillSlots(parameters: readonly AssignedValue[], stackBytes: number): FrameRange[] {
  let end = stackBytes;
  return parameters.flatMap(({ type, pieces: [first] }) => {
    if (first === undefined || 'stackOffset' in first) return [];
    const start = Math.ceil(end / type.alignBytes) * type.alignBytes;
    end = start + type.sizeBytes;
    return [{ start, end }];
  });
}

/** End of the last word that one of them is in. */
function wordEnd(ranges: readonly FrameRange[], atLeast = 0): number {
  return Math.ceil(Math.max(atLeast, ...ranges.map(({ end }) => end)) / wordBytes) * wordBytes;
}
