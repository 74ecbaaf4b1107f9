import type { GoField, GoType } from '../../binary/go-type.ts';

/** The type of what a reflect.Value holds, which is read as behind an interface. No program's interface has that name. */
const held: GoType = { kind: 'interface', name: 'reflect.Value', sizeBytes: 24, alignBytes: 8 };

/** Of the descriptor its address says all. */
const descriptor: GoType = { kind: 'unsafe.Pointer', name: '*abi.Type', sizeBytes: 8, alignBytes: 8 };

/**
 * A reflect.Value's fields as they are captured: what it holds, its type and its flag.
 * @param fields of Go 1.15 to 1.27 (https://github.com/golang/go/blob/go1.26.0/src/reflect/value.go): `typ` or `typ_`, `ptr` and `flag`, a word each
 */
export function reflectFields(fields: readonly GoField[]): readonly GoField[] {
  const [type, pointer, flag] = fields;
  const isKnown = type?.name.startsWith('typ') && pointer?.name === 'ptr' && flag?.name === 'flag';
  if (!isKnown || type?.offsetBytes !== 0 || pointer?.offsetBytes !== 8 || flag?.offsetBytes !== 16) return fields;
  return [
    { name: 'value', offsetBytes: 0, embedded: false, type: held },
    { name: 'type', offsetBytes: 0, embedded: false, type: descriptor },
    flag,
  ];
}

/** Whether a type is that of what a reflect.Value holds. */
export function isReflected({ kind, name }: GoType): boolean {
  return kind === 'interface' && name === held.name;
}
