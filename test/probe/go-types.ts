import type { GoField, GoKind, GoType } from '../../src/binary/go-type.ts';

/** GoTypes written by hand, laid out as the compiler does. */

const sizes: Partial<Record<GoKind, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  complex64: 8,
  string: 16,
  interface: 16,
  complex128: 16,
  slice: 24,
};

export function basic(kind: GoKind, name: string = kind): GoType {
  const sizeBytes = sizes[kind] ?? 8;
  const alignBytes = kind === 'complex64' ? 4 : Math.min(8, sizeBytes);
  return { kind, name, sizeBytes, alignBytes };
}

export function pointer(elem: GoType): GoType {
  return { ...basic('pointer', `*${elem.name}`), elem };
}

export function slice(elem: GoType): GoType {
  return { ...basic('slice', `[]${elem.name}`), elem };
}

export function array(length: number, elem: GoType): GoType {
  return {
    kind: 'array',
    name: `[${length}]${elem.name}`,
    sizeBytes: length * elem.sizeBytes,
    alignBytes: elem.alignBytes,
    elem,
    length,
  };
}

export function mapOf(key: GoType, elem: GoType): GoType {
  return { ...basic('map', `map[${key.name}]${elem.name}`), key, elem };
}

export function chanOf(elem: GoType): GoType {
  return { ...basic('chan', `chan ${elem.name}`), elem };
}

/** `error` and friends have methods, `any` has not. */
export function interfaceType(name: string, hasMethods: boolean): GoType {
  return { ...basic('interface', name), hasMethods };
}

/** Fields in order; a name that begins with `^` is embedded. */
export function struct(name: string, fields: readonly (readonly [name: string, type: GoType])[]): GoType {
  let at = 0;
  let alignBytes = 1;
  const laidOut = fields.map(([fieldName, type]): GoField => {
    at = roundUp(at, type.alignBytes);
    const offsetBytes = at;
    at += type.sizeBytes;
    alignBytes = Math.max(alignBytes, type.alignBytes);
    const embedded = fieldName.startsWith('^');
    return { name: embedded ? fieldName.slice(1) : fieldName, type, offsetBytes, embedded };
  });
  // A field of size 0 at the end is padded, so that its address is not the next variable's.
  if (laidOut.length > 0 && at > 0 && laidOut.at(-1)?.type.sizeBytes === 0) at += 1;
  return { kind: 'struct', name, sizeBytes: roundUp(at, alignBytes), alignBytes, fields: laidOut };
}

/** A struct type whose fields may refer to it. */
export function recursive(name: string, fields: (self: GoType) => readonly (readonly [string, GoType])[]): GoType {
  const type = { kind: 'struct', name, sizeBytes: 0, alignBytes: 8, fields: [] as readonly GoField[] } satisfies GoType;
  Object.assign(type, struct(name, fields(type)));
  return type;
}

function roundUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
