import type { Found, GoBinary } from '../../binary/go-binary.ts';
import type { GoSignature } from '../../binary/go-type.ts';
import type { FunctionName } from '../function-name.ts';
import { type AssignedValue, firstStackArgument } from '../register-assignment.ts';
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
  return { unavailable: 'parameters that have no name are not in its debug information' };
}

/** Whether values on the stack take as many bytes as the table of functions says. */
export function fillsFrame(values: readonly AssignedValue[], argumentBytes: number | undefined): boolean {
  const ends = values
    .flatMap(({ pieces }) => pieces)
    .map((piece) => ('stackOffset' in piece ? piece.stackOffset + piece.sizeBytes : 0));
  const end = Math.max(firstStackArgument, ...ends) - firstStackArgument;
  return argumentBytes === undefined || Math.ceil(end / wordBytes) === Math.ceil(argumentBytes / wordBytes);
}
