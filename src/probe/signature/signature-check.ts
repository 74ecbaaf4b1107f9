import type { ArgumentInfo, ArgumentSlot } from '../../binary/argument-slot.ts';
import type { GoType } from '../../binary/go-type.ts';
import type { Architecture, AssignedValue, Piece } from '../code/register-assignment.ts';
import { floatRegisterName, registerName } from './raw-registers.ts';
import type { SpilledArgument } from './spilled-arguments.ts';
import { leavesOf } from './untyped-arguments.ts';

/** Parts that are compared; beyond, both are as good as endless. */
const maxParts = 64;

/**
 * Why these can't be the function's parameters; undefined: nothing in the binary is against it. The registers that its
 * code keeps for morestack, and the sizes that the compiler recorded for tracebacks, must agree.
 * @param values all parameters, also hidden ones
 * @param recorded those of them that are in the argument info
 */
export function contradiction(
  values: readonly AssignedValue[],
  recorded: readonly AssignedValue[],
  info: ArgumentInfo | undefined,
  spills: readonly SpilledArgument[],
  arch: Architecture,
): string | undefined {
  if (spills.length > 0) {
    const pieces = values.flatMap((value) => value.pieces.filter((piece) => !('stackOffset' in piece)));
    if (pieces.length !== spills.length || !pieces.every((piece, index) => isSameRegister(piece, spills[index]))) {
      const found = registersText(spills, arch);
      return `such arguments would be in ${registersText(pieces, arch) || 'no registers'}, but its code takes ${found}`;
    }
  }
  if (info === undefined || !isWhole(info)) return undefined;
  const own = recorded.flatMap(({ type }) => partSizes(type)).slice(0, maxParts);
  const found = info.slots.flatMap(leavesOf).map(({ sizeBytes }) => sizeBytes);
  if (own.length === found.length && own.every((sizeBytes, index) => sizeBytes === found[index])) return undefined;
  return `such arguments have parts of ${sizesText(own)}, but the compiler recorded ${sizesText(found)}`;
}

/** The same register, and as many bytes of it. */
function isSameRegister(piece: Piece, spill: SpilledArgument | undefined): boolean {
  if (spill === undefined || piece.sizeBytes !== spill.sizeBytes) return false;
  if ('register' in piece) return 'register' in spill && piece.register === spill.register;
  return 'floatRegister' in piece && 'floatRegister' in spill && piece.floatRegister === spill.floatRegister;
}

/** In order, with the bytes that are used: `AX:8 X0:4`, on arm64 `R0:8 F0:4`. */
function registersText(list: readonly (Piece | SpilledArgument)[], arch: Architecture): string {
  const texts = list.flatMap((piece) => {
    if ('register' in piece) return [`${registerName(arch, piece.register)}:${piece.sizeBytes}`];
    return 'floatRegister' in piece ? [`${floatRegisterName(arch, piece.floatRegister)}:${piece.sizeBytes}`] : [];
  });
  return texts.join(' ');
}

/** Nothing is cut off. */
export function isWhole({ slots, complete }: ArgumentInfo): boolean {
  const toldWhole = (slot: ArgumentSlot): boolean =>
    slot.kind === 'word' || (slot.kind === 'group' && slot.parts.every(toldWhole));
  return complete && slots.every(toldWhole);
}

/** Sizes of the first numbers and pointers that a value consists of: arrays of arrays have more than there is memory. */
function partSizes(type: GoType): number[] {
  switch (type.kind) {
    case 'string':
    case 'interface':
      return [8, 8];
    case 'slice':
      return [8, 8, 8];
    case 'complex64':
    case 'complex128':
      return [type.sizeBytes / 2, type.sizeBytes / 2];
    case 'array': {
      const item = type.elem === undefined ? [] : partSizes(type.elem);
      const items = Array.from({ length: Math.min(type.length ?? 0, maxParts) }, () => item);
      return items.flat().slice(0, maxParts);
    }
    case 'struct':
      return (type.fields ?? []).flatMap((field) => partSizes(field.type)).slice(0, maxParts);
    default:
      return [type.sizeBytes];
  }
}

function sizesText(sizes: readonly number[]): string {
  return sizes.length === 0 ? 'no bytes' : `${sizes.join(', ')} bytes`;
}
