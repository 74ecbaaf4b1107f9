/** Random Go types for the truth tests, with the declarations that they need. */
import { type Dice, oneOf } from './dice.ts';

export type TypeModel =
  | { readonly kind: 'int' | 'uint' | 'float' | 'complex'; readonly name: string; readonly sizeBytes: number }
  | { readonly kind: 'bool' | 'string' | 'bytes' | 'time' | 'duration' | 'any' | 'error'; readonly name: string }
  | { readonly kind: 'struct'; readonly name: string; readonly fields: readonly FieldModel[] }
  | { readonly kind: 'array'; readonly name: string; readonly length: number; readonly elem: TypeModel }
  | { readonly kind: 'slice' | 'pointer' | 'chan'; readonly name: string; readonly elem: TypeModel }
  | { readonly kind: 'map'; readonly name: string; readonly key: TypeModel; readonly elem: TypeModel }
  | { readonly kind: 'func'; readonly name: string };

export interface FieldModel {
  /** As in the capture: of an embedded one its type's name. */
  readonly name: string;
  readonly embedded: boolean;
  readonly type: TypeModel;
}

const integers: readonly TypeModel[] = (
  [
    ['int', 8],
    ['int8', 1],
    ['int16', 2],
    ['int32', 4],
    ['int64', 8],
    ['uint', 8],
    ['uint8', 1],
    ['uint16', 2],
    ['uint32', 4],
    ['uint64', 8],
    ['uintptr', 8],
  ] as const
).map(([name, sizeBytes]) => ({ kind: name.startsWith('u') ? 'uint' : 'int', name, sizeBytes }));

const floats: readonly TypeModel[] = [
  { kind: 'float', name: 'float32', sizeBytes: 4 },
  { kind: 'float', name: 'float64', sizeBytes: 8 },
  { kind: 'complex', name: 'complex64', sizeBytes: 8 },
  { kind: 'complex', name: 'complex128', sizeBytes: 16 },
];

const others: readonly TypeModel[] = [
  { kind: 'bool', name: 'bool' },
  { kind: 'string', name: 'string' },
  { kind: 'string', name: 'string' },
  { kind: 'bytes', name: '[]uint8' },
  { kind: 'time', name: 'time.Time' },
  { kind: 'duration', name: 'time.Duration' },
  { kind: 'any', name: 'interface {}' },
  { kind: 'error', name: 'error' },
  { kind: 'func', name: 'func(int) int' },
];

/** Types are made once and used by many functions. */
export class TypePool {
  readonly declarations: string[] = [];
  readonly structs: (TypeModel & { kind: 'struct' })[] = [];
  readonly #dice: Dice;
  #count = 0;

  constructor(dice: Dice, namedTypes: number) {
    this.#dice = dice;
    for (let i = 0; i < namedTypes; i++) this.structs.push(this.#declareStruct());
  }

  /** A type of at most that depth. */
  type(depth: number): TypeModel {
    const dice = this.#dice;
    const roll = dice.below(depth > 0 ? 20 : 9);
    if (roll < 4) return oneOf(dice, integers);
    if (roll < 5) return oneOf(dice, floats);
    if (roll < 9) return oneOf(dice, others);
    if (roll < 11) return this.#listOf('slice', depth);
    if (roll < 12) return this.#array(depth);
    if (roll < 14) return this.#listOf('pointer', depth);
    if (roll < 16) return this.structs.length > 0 ? oneOf(dice, this.structs) : oneOf(dice, integers);
    if (roll < 17) return this.#map(depth);
    if (roll < 18) return this.#listOf('chan', depth);
    return this.#named();
  }

  float(): TypeModel {
    return oneOf(this.#dice, floats);
  }

  #listOf(kind: 'slice' | 'pointer' | 'chan', depth: number): TypeModel {
    const elem = this.type(depth - 1);
    if (kind === 'slice' && elem.name === 'uint8') return { kind: 'bytes', name: '[]uint8' };
    const prefix = { slice: '[]', pointer: '*', chan: 'chan ' }[kind];
    return { kind, name: `${prefix}${elem.name}`, elem };
  }

  #array(depth: number): TypeModel {
    const elem = this.type(depth - 1);
    const length = oneOf(this.#dice, [0, 1, 1, 2, 3, 5]);
    return { kind: 'array', name: `[${length}]${elem.name}`, length, elem };
  }

  #map(depth: number): TypeModel {
    const key = oneOf(this.#dice, [...integers, { kind: 'string', name: 'string' } as const]);
    const elem = this.type(depth - 1);
    return { kind: 'map', name: `map[${key.name}]${elem.name}`, key, elem };
  }

  /** A type of its own over a basic one. */
  #named(): TypeModel {
    const base = oneOf(this.#dice, [...integers, ...floats, others[0] as TypeModel, others[1] as TypeModel]);
    const name = this.#nextName('N');
    this.declarations.push(`type ${name} ${base.name}`);
    return { ...base, name: `main.${name}` };
  }

  #declareStruct(): TypeModel & { kind: 'struct' } {
    const dice = this.#dice;
    const name = this.#nextName('T');
    const fields: FieldModel[] = [];
    const lines: string[] = [];
    const count = dice.below(6);
    for (let i = 0; i < count; i++) {
      const embeddable = this.structs.filter(
        (type) => fields.every((field) => field.type !== type) && !type.fields.some(({ name: n }) => n.startsWith('e')),
      );
      if (dice.below(6) === 0 && embeddable.length > 0) {
        const type = oneOf(dice, embeddable);
        const short = sourceName(type.name);
        fields.push({ name: short, embedded: true, type });
        lines.push(short);
        continue;
      }
      if (dice.below(12) === 0) lines.push(`_ ${sourceName(oneOf(dice, integers).name)}`);
      const type = this.type(2);
      fields.push({ name: `f${i}`, embedded: false, type });
      lines.push(`f${i} ${sourceName(type.name)}`);
    }
    this.declarations.push(`type ${name} struct { ${lines.join('; ')} }`);
    return { kind: 'struct', name: `main.${name}`, fields };
  }

  #nextName(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }
}

/** As the package itself writes it. */
export function sourceName(name: string): string {
  return name.replaceAll('main.', '');
}
