import type { GoType } from '../../binary/go-type.ts';
import { byteName } from './shape.ts';

// How values of a type are captured, as far as the type itself tells.

/** Whether its bytes say all: no ops are needed to read it. */
export function isPlain(type: GoType): boolean {
  switch (type.kind) {
    case 'struct':
      return (type.fields ?? []).every((field) => isPlain(field.type));
    case 'array':
      return type.length === 0 || (type.elem !== undefined && isPlain(type.elem));
    case 'string':
    case 'slice':
    case 'pointer':
    case 'map':
    case 'chan':
    case 'func':
    case 'interface':
      return false;
    default:
      return true;
  }
}

/** The predeclared type: of a named one (`type Color uint8`) a list is meant. */
export function isByte({ kind, name }: GoType): boolean {
  return kind === 'uint8' && byteName.test(name);
}

/** It has no parts of its own. */
export function isScalar(type: GoType): boolean {
  return type.kind !== 'struct' && type.kind !== 'array';
}

export function isTime(type: GoType): boolean {
  return type.name === 'time.Time' && type.sizeBytes === 24 && type.fields?.[0]?.name === 'wall';
}
