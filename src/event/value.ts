/**
 * A captured value as `sidespan trace --json` prints it: exactly one of `value` and `unavailable` is present.
 */
export interface Value {
  /** Of the parameter, result or field; empty if it has none. */
  readonly name: string;
  /** Kind in upper case: INT, UINT, BOOL, FLOAT, COMPLEX, STRING, STRUCT, PTR, MAP, CHAN, FUNC, INTERFACE, []T, [n]T … */
  readonly type: string;
  /** Go's name of the type; of an interface the dynamic type. */
  readonly goType: string;
  /** Struct and pointer to struct: their fields. Integers beyond 2^53: a string of digits. nil: null. */
  readonly value?: ValueContent;
  /** Why there is no value: `fault`, `in float register`, `optimized out` … */
  readonly unavailable?: string;
  /** Of bytes that are no text: `value` has two digits for each. */
  readonly encoding?: 'hex';
  /** Of a slice. */
  readonly capacity?: number;
  /** Of a preset's text: the program has it as it is, it was not made as it ran. */
  readonly constant?: true;
  /** Length in the target of a string, slice or map that was cut. */
  readonly truncated?: { readonly of: number };
  /** Of a header that came several times: its other values. */
  readonly lines?: readonly string[];
  /** Of a header that came more often than is read. */
  readonly hasMoreLines?: true;
}

export type ValueContent =
  | null
  | boolean
  | number
  | string
  | readonly ValueContent[]
  | readonly Value[]
  | { readonly [key: string]: ValueContent };
