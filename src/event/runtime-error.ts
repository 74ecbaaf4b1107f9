import type { Value } from './value.ts';
import { fieldNamed } from './value-parts.ts';

/** What the runtime puts in front of its own errors. */
export function runtimeErrorText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `runtime error: ${text}`;
}

/** A bound that was broken: what Go prints of it, and of a negative number. X is the index, Y the bound. */
interface Bound {
  readonly text: string;
  readonly ofNegative?: string;
}

const range = 'slice bounds out of range';

/** By boundsErrorCode: https://github.com/golang/go/blob/go1.26.0/src/internal/abi/bounds.go, src/runtime/error.go */
const bounds: readonly Bound[] = [
  { text: 'index out of range [X] with length Y', ofNegative: 'index out of range [X]' },
  { text: `${range} [:X] with length Y`, ofNegative: `${range} [:X]` },
  { text: `${range} [:X] with capacity Y`, ofNegative: `${range} [:X]` },
  { text: `${range} [X:Y]`, ofNegative: `${range} [X:]` },
  { text: `${range} [::X] with length Y`, ofNegative: `${range} [::X]` },
  { text: `${range} [::X] with capacity Y`, ofNegative: `${range} [::X]` },
  { text: `${range} [:X:Y]`, ofNegative: `${range} [:X:]` },
  { text: `${range} [X:Y:]`, ofNegative: `${range} [X::]` },
  { text: 'cannot convert slice with length X to array or pointer to array with length Y' },
];

/** runtime.boundsError {x int64, y int, signed bool, code} */
export function boundsErrorText(value: Value): string | undefined {
  const [x, y, signed, code] = ['x', 'y', 'signed', 'code'].map((name) => fieldNamed(value, name)?.value);
  const bound = typeof code === 'number' ? bounds[code] : undefined;
  if (bound === undefined || x === undefined || y === undefined) return undefined;
  const text = signed === true && String(x).startsWith('-') ? (bound.ofNegative ?? bound.text) : bound.text;
  return text.replace('X', String(x)).replace('Y', String(y));
}

/** runtime.TypeAssertionError. The types that it names are not read. */
export function typeAssertionText(missingMethod: string | undefined): string {
  return missingMethod ? `interface conversion: …: missing method ${missingMethod}` : 'interface conversion: …';
}
