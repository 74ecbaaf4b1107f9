import type { GoField, GoKind, GoType } from './go-type.ts';
import type { TypeDescriptor, TypeReader } from './type-descriptor.ts';
import { typeName } from './type-name.ts';

/** A type that reads its parts when they are asked for: types are recursive, and most of them are never looked at. */
export class DescribedType implements GoType {
  readonly kind: GoKind;
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly isDirect: boolean;
  readonly #types: TypeReader;
  readonly #descriptor: TypeDescriptor;
  readonly #typeAt: (vaddr: number) => GoType;
  #name: string | undefined;
  #fields: readonly GoField[] | undefined;

  constructor(types: TypeReader, descriptor: TypeDescriptor, typeAt: (vaddr: number) => GoType) {
    this.kind = descriptor.kind;
    this.sizeBytes = descriptor.sizeBytes;
    this.alignBytes = descriptor.alignBytes;
    this.isDirect = descriptor.isDirect;
    this.#types = types;
    this.#descriptor = descriptor;
    this.#typeAt = typeAt;
  }

  get name(): string {
    this.#name ??= typeName(this.#types, this.#descriptor.vaddr);
    return this.#name;
  }

  get elem(): GoType | undefined {
    const [first, second] = this.#descriptor.words;
    if (this.kind === 'map') return this.#typeAt(second);
    const has = this.kind === 'array' || this.kind === 'chan' || this.kind === 'pointer' || this.kind === 'slice';
    return has ? this.#typeAt(first) : undefined;
  }

  get key(): GoType | undefined {
    return this.kind === 'map' ? this.#typeAt(this.#descriptor.words[0]) : undefined;
  }

  get group(): GoType | undefined {
    const [, , group] = this.#descriptor.words;
    return this.kind === 'map' && this.#types.isTypeAddress(group) ? this.#typeAt(group) : undefined;
  }

  get length(): number | undefined {
    return this.kind === 'array' ? this.#descriptor.words[2] : undefined;
  }

  get fields(): readonly GoField[] | undefined {
    if (this.kind !== 'struct') return undefined;
    this.#fields ??= this.#types.fields(this.#descriptor).map(({ name, embedded, offsetBytes, typeVaddr }) => {
      const typeAt = this.#typeAt;
      return {
        name,
        embedded,
        offsetBytes,
        get type(): GoType {
          return typeAt(typeVaddr);
        },
      };
    });
    return this.#fields;
  }

  get hasMethods(): boolean | undefined {
    return this.kind === 'interface' ? this.#types.memberCount(this.#descriptor) > 0 : undefined;
  }
}
