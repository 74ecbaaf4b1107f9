import type { MemoryPlace, RegisterName, ValueMove, ValuePlace, ValueStep } from './value-step.ts';

/** A value at a place: its lowest `sizeBytes` bytes there. Equal ids are equal values. */
export interface KnownValue {
  readonly id: string;
  readonly sizeBytes: number;
}

/** The lowest bytes of a value that is the same in every call. */
export function knownConstant(value: bigint, sizeBytes: number): KnownValue {
  return { id: `=${value}`, sizeBytes };
}

/** Of a constant its value. */
export function constantOf({ id }: KnownValue): bigint | undefined {
  return id.startsWith('=') ? BigInt(id.slice(1)) : undefined;
}

/** What BPF can read at the point that it is about. */
export type ReadablePlace = { readonly register: number } | { readonly fromSp: number } | MemoryPlace;

/**
 * Which places hold equal values at some point of a function: registers by name, memory by its distance in bytes from SP as
 * it was at entry. What may have changed is forgotten.
 */
export class KnownValues {
  /** By how much SP is below that of the entry; undefined: not known, and nothing of the stack either. */
  depth: number | undefined;
  readonly #registers: Map<RegisterName, KnownValue>;
  readonly #stack = new Map<number, KnownValue>();
  /** Other memory, by the names of its places. */
  readonly #memory = new Map<string, KnownValue & { readonly place: MemoryPlace }>();

  constructor(depth: number | undefined, registers: ReadonlyMap<RegisterName, KnownValue> = new Map()) {
    this.depth = depth;
    this.#registers = new Map(registers);
  }

  copy(): KnownValues {
    const copy = new KnownValues(this.depth, this.#registers);
    for (const [at, value] of this.#stack) copy.#stack.set(at, value);
    for (const [name, value] of this.#memory) copy.#memory.set(name, value);
    return copy;
  }

  register(name: RegisterName): KnownValue | undefined {
    return this.#registers.get(name);
  }

  /** A place other than a float register with that value; memory below SP is none: a signal may overwrite it. */
  readable(value: KnownValue): ReadablePlace | undefined {
    const { depth } = this;
    if (depth === undefined) return undefined;
    const fits = (known: KnownValue) => known.id === value.id && known.sizeBytes >= value.sizeBytes;
    for (const [at, known] of this.#stack) if (at >= -depth && fits(known)) return { fromSp: at + depth };
    for (const [name, known] of this.#registers) {
      if (name.startsWith('r') && fits(known)) return { register: Number(name.slice(1)) };
    }
    for (const known of this.#memory.values()) if (fits(known)) return known.place;
    return undefined;
  }

  /** What is known after the instruction at that offset of the function. */
  apply(step: ValueStep, offset: number): void {
    const { memory } = step;
    const moved = step.moves.map((move, n) => ({
      to: this.#absolute(move.to),
      value: this.#moved(move, `at ${offset}, ${n}`),
    }));
    for (const name of step.writes) this.#forgetRegister(name);
    // Any of it may be what a register points at.
    if (memory !== 'none') this.#memory.clear();
    if (memory === 'elsewhere') this.#stack.clear();
    else if (memory !== 'none') this.#forgetStack(memory.fromSp, memory.sizeBytes);
    for (const { to, value } of moved) if (to !== undefined) this.#put(to, value);
    this.#moveSp(step.spChange);
  }

  /** What is moved; from where it comes, it is known to be there as well. */
  #moved(move: ValueMove, fresh: string): KnownValue {
    const { sizeBytes } = move;
    if ('constant' in move) return knownConstant(move.constant, sizeBytes);
    const known = this.#at(move.from);
    if (known !== undefined && known.sizeBytes <= sizeBytes) return known;
    // The values that this instruction moved before are others.
    this.#forgetValue(fresh);
    const value = { id: fresh, sizeBytes };
    const from = known === undefined ? this.#absolute(move.from) : undefined;
    if (from !== undefined) this.#put(from, value);
    return value;
  }

  /** A call leaves nothing but the register that is always zero. */
  applyCall(kept: RegisterName | undefined): void {
    const value = kept && this.#registers.get(kept);
    this.#registers.clear();
    this.#stack.clear();
    this.#memory.clear();
    if (kept !== undefined && value !== undefined) this.#registers.set(kept, value);
  }

  /** Keeps what is the same on another way to this point. Returns whether that was all. */
  meet(other: KnownValues): boolean {
    let same = true;
    if (this.depth !== other.depth && this.depth !== undefined) {
      this.depth = undefined;
      this.#stack.clear();
      same = false;
    }
    const keep = <K>(mine: Map<K, KnownValue>, theirs: ReadonlyMap<K, KnownValue>) => {
      for (const [place, { id, sizeBytes }] of mine) {
        const there = theirs.get(place);
        if (there !== undefined && there.id === id && there.sizeBytes >= sizeBytes) continue;
        mine.delete(place);
        same = false;
      }
    };
    keep(this.#registers, other.#registers);
    keep(this.#stack, other.#stack);
    keep(this.#memory, other.#memory);
    return same;
  }

  #absolute(place: ValuePlace): AbsolutePlace | undefined {
    if (typeof place === 'string' || !('fromSp' in place)) return place;
    return this.depth === undefined ? undefined : { at: place.fromSp - this.depth };
  }

  #at(place: ValuePlace): KnownValue | undefined {
    const where = this.#absolute(place);
    if (where === undefined) return undefined;
    if (typeof where === 'string') return this.#registers.get(where);
    return 'at' in where ? this.#stack.get(where.at) : this.#memory.get(nameOf(where));
  }

  #put(where: AbsolutePlace, value: KnownValue): void {
    if (typeof where === 'string') this.#registers.set(where, value);
    else if ('at' in where) this.#stack.set(where.at, value);
    else this.#memory.set(nameOf(where), { ...value, place: where });
  }

  #forgetValue(id: string): void {
    for (const map of [this.#registers, this.#stack, this.#memory] as Map<unknown, KnownValue>[]) {
      for (const [place, value] of map) if (value.id === id) map.delete(place);
    }
  }

  #forgetRegister(name: RegisterName): void {
    this.#registers.delete(name);
    for (const [key, { place }] of this.#memory) {
      if ('base' in place && name === `r${place.base}`) this.#memory.delete(key);
    }
  }

  #forgetStack(fromSp: number, sizeBytes: number): void {
    if (this.depth === undefined) return;
    const start = fromSp - this.depth;
    for (const [at, value] of this.#stack) {
      if (at < start + sizeBytes && at + value.sizeBytes > start) this.#stack.delete(at);
    }
  }

  #moveSp(change: number | undefined): void {
    if (change === undefined) {
      this.depth = undefined;
      this.#stack.clear();
    } else if (this.depth !== undefined) {
      this.depth -= change;
    }
  }
}

/** Stack: in bytes from SP as it was at entry. */
type AbsolutePlace = RegisterName | { readonly at: number } | MemoryPlace;

function nameOf(place: MemoryPlace): string {
  return 'vaddr' in place ? String(place.vaddr) : `r${place.base}+${place.displacement}`;
}
