import { randomNumbers } from '../support/random.ts';

/** Numbers that a seed determines. */
export interface Dice {
  /** A whole number from 0 to limit - 1. */
  below(limit: number): number;
  bits32(): number;
}

export function createDice(seed: number): Dice {
  const next = randomNumbers(seed);
  return { below: (limit) => Math.floor(next() * limit), bits32: () => Math.floor(next() * 2 ** 32) };
}

export function oneOf<T>(dice: Dice, list: readonly T[]): T {
  return list[dice.below(list.length)] as T;
}
