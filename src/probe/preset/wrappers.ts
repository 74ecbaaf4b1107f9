import type { GoBinary } from '../../binary/go-binary.ts';
import type { GoField, GoType } from '../../binary/go-type.ts';
import type { NamedShape } from '../capture/shape.ts';

/** A type whose values pass on to what they hold: a driver's middleware. */
interface Wrapper {
  readonly type: GoType;
  readonly typeVaddr: number;
  readonly inner: GoField;
}

/** Implementations of any of the interfaces that hold another value of one. */
export function wrappersOf(binary: GoBinary, interfaces: readonly string[]): Wrapper[] {
  return interfaces
    .flatMap((name) => binary.implementations(name))
    .flatMap((found) => {
      const inner = (found.type.elem ?? found.type).fields?.find(({ type }) => interfaces.includes(type.name));
      return inner === undefined ? [] : [{ ...found, inner }];
    });
}

/** Of more only the first are looked through: each costs a read of the target's memory. */
const maxWrappers = 8;
/** Wrappers within wrappers, in whatever order. */
const rounds = 2;

/** Labels that make the interface at `at` the innermost one that it holds. */
export function unwrapped(binary: GoBinary, interfaces: readonly string[], at: number): NamedShape[] {
  const labels = wrappersOf(binary, interfaces)
    .slice(0, maxWrappers)
    .flatMap(({ type, typeVaddr, inner }) => unwrap(type, typeVaddr, inner.offsetBytes, at));
  return labels.length > 1 ? Array.from({ length: rounds }, () => labels).flat() : labels;
}

/** Makes the interface at `at` the one at that offset behind it, if it has this dynamic type. */
export function unwrap({ name, kind, isDirect }: GoType, typeVaddr: number, offset: number, at: number): NamedShape[] {
  // The step has four bytes for the address and two for the offset.
  if (typeVaddr >= 2 ** 32 || offset >= 2 ** 16 || (isDirect && kind !== 'pointer')) return [];
  const shape = { kind: 'label', type: 'INTERFACE', goType: name, label: 'unwrap', at, size: typeVaddr } as const;
  return [{ name: '', shape: { ...shape, place: 0, unless: offset } }];
}
