/** What the functions of test/targets/floats got and returned, beside what is said of them. */
import assert from 'node:assert/strict';
import type { TracedCall } from '../support/trace-json.ts';

/** A function's calls in their order: the floats of arguments and results, as the program has them. */
interface Expected {
  readonly signature: string;
  readonly calls: readonly (readonly number[])[];
  /** Said to be in a register, in builds that optimize, rather than read: the code stores them nowhere. */
  readonly unread?: readonly number[];
}

const large = Array.from({ length: 9 }, () => [-0, -0]);

const functions: Readonly<Record<string, Expected>> = {
  spilled: { signature: '(name string, amount float64, n int) float64', calls: [[19.99, 19.99]] },
  early: {
    signature: '(n int, x float64) float32',
    calls: [
      [4.5, -0.5],
      [4.5, 0],
    ],
  },
  bits: { signature: '(x float64) uint64', calls: [[-1.5]], unread: [-1.5] },
  fromBits: { signature: '(b uint64) float64', calls: [[42]] },
  parts: {
    signature:
      '(c complex128, p struct{X float32; Y float64}, one [1]float32, d complex64) (complex128, struct{X float32; Y float64})',
    calls: [[1.5, -2, 0.5, 1e300, 0.25, 0.75, -0.125, 1.5, -2, 0.5, 1e300]],
  },
  deferred: { signature: '(x float64) (y float64, err error)', calls: [[8.5, 6.5]] },
  recovered: { signature: '(x float64, list []int) (y float64)', calls: [[9.5, 9.5]] },
  global: { signature: '() float64', calls: [[2.75]] },
  looped: { signature: '(x float64, n int) float64', calls: [[0.5, 2]], unread: [2] },
  computed: { signature: '(a float64, b float32) float64', calls: [[2, 0.5, 6.5]], unread: [2, 0.5, 6.5] },
  large: {
    signature: '(x float64, n int) float64',
    calls: [...large, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]],
  },
  mixed: { signature: '', calls: [[0.25, 3.75, 3.75]] },
  checked: { signature: '', calls: [[-3.5, 1.25]] },
  set: { signature: '', calls: [[0.1, 0.2]], unread: [0.1, 0.2] },
  get: { signature: '', calls: [[0.1, 0.2]] },
};

/** How the program was compiled and is traced, as far as it matters. */
export interface FloatBuild {
  /** Types come from signatures in the patterns. */
  readonly isStripped?: boolean;
  /** The compiler stores every argument and result. */
  readonly isUnoptimized?: boolean;
  /** What an older compiler does with registers is its own. */
  readonly isOld?: boolean;
}

/** What to trace. */
export function floatPatterns({ isStripped = false }: FloatBuild): string[] {
  return tracedFunctions(isStripped).map(([name, { signature }]) => `main.${name}${isStripped ? signature : ''}`);
}

/**
 * Asserts that every float is right or, where that is to be expected, said to be missing.
 * @returns how many were read, and which were not.
 */
export function compareFloats(
  calls: readonly TracedCall[],
  { isStripped = false, isUnoptimized = false, isOld = false }: FloatBuild,
  stderr: string,
): { readonly read: number; readonly unread: readonly string[] } {
  let read = 0;
  const unread: string[] = [];
  for (const [name, { calls: expected, unread: mayLack = [] }] of tracedFunctions(isStripped)) {
    const seen = calls.filter(({ funcName }) => funcName === `main.${name}`);
    assert.equal(seen.length, expected.length, `${name}: ${stderr}`);
    for (const [index, wanted] of expected.entries()) {
      const floats = floatsOf(seen[index] as TracedCall);
      assert.equal(floats.length, wanted.length, name);
      for (const [n, value] of wanted.entries()) {
        if (floats[n] !== 'in float register') {
          assert.ok(Object.is(floats[n], value), `${name}: ${floats[n]} instead of ${value}`);
          read += 1;
          continue;
        }
        unread.push(`${name} ${value}`);
        // The call that returns before it is stored.
        const isEarly = name === 'early' && index === 0 && n === 0;
        assert.ok(mayLack.includes(value) || isEarly || isOld, `${name}: ${value} was not read`);
        assert.ok(!isUnoptimized, `${name}: ${value} was not read, though all is stored`);
      }
    }
  }
  if (!isStripped) assert.deepEqual(besideFloats(calls.find(({ funcName }) => funcName === 'main.mixed')), mixed);
  assert.ok(read > 30, String(read));
  return { read, unread };
}

function tracedFunctions(isStripped: boolean): [string, Expected][] {
  return Object.entries(functions).filter(([, { signature }]) => !isStripped || signature !== '');
}

/** Of `mixed` the map in a struct with a float, and the result on the stack. */
const mixed = [[{ key: 7, value: 200 }], [1, 12]];

function besideFloats(call: TracedCall | undefined): unknown[] {
  const fields = call?.args[0]?.value as TracedCall['args'];
  return [fields.find(({ name }) => name === 'M')?.value, call?.results[0]?.value];
}

/** In their order; a struct's and an array's are its parts. */
function floatsOf({ args, results }: TracedCall): (number | string)[] {
  type Part = TracedCall['args'][number];
  const partsOf = ({ type, goType, value, unavailable }: Part): (number | string)[] => {
    if (goType === '*main.gauge') return [];
    if (type === 'STRUCT') return (value as readonly Part[]).flatMap(partsOf);
    if (goType === '[1]float32') return (value as readonly (number | { unavailable: string })[]).map(content);
    if (type !== 'FLOAT' && type !== 'COMPLEX') return [];
    if (type === 'FLOAT') return [content(value ?? { unavailable })];
    if (unavailable !== undefined) return [unavailable, unavailable];
    const { real, imaginary } = value as { real: number; imaginary: number };
    return [content(real), content(imaginary)];
  };
  const content = (value: unknown): number | string =>
    typeof value === 'object' ? (value as { unavailable: string }).unavailable : Number(value);
  return [...args, ...results].flatMap(partsOf);
}
