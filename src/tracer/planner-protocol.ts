import { BinaryError, type BinaryErrorKind, type BinaryPlace } from '../binary/binary-error.ts';
import type { Found } from '../binary/go-binary.ts';
import type { PlanOptions } from '../probe/plan-probes.ts';
import type { ProbePlan } from '../probe/probe-plan.ts';

// What passes between the agent and the process that plans for it: a line of JSON for each request on its standard
// input, a line for each answer on its standard output, in the same order.

export interface PlanRequest {
  readonly path: string;
  /** Of a module: the executable that has loaded it. */
  readonly hostPath?: string | undefined;
  readonly options: Omit<PlanOptions, 'patterns'> & { readonly patterns: readonly string[] };
}

export type PlanAnswer =
  | { readonly plan: Found<ProbePlan>; readonly failure?: undefined }
  | { readonly failure: Failure; readonly plan?: undefined };

/** What was thrown. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** Of a BinaryError. */
  readonly binary?: {
    readonly what: string;
    readonly where: BinaryPlace;
    readonly remedy: string;
    readonly kind: BinaryErrorKind;
  };
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  if (!(error instanceof BinaryError)) return { name, message, stack };
  const { what, where, remedy, kind } = error;
  return { name, message, stack, binary: { what, where, remedy, kind } };
}

/** Errors that are told apart: JavaScript's own are mistakes of ours. */
const classes: Readonly<Record<string, ErrorConstructor>> = { TypeError, RangeError, ReferenceError };

/** The error again, as it was thrown there. */
export function errorOf({ name, message, stack, binary }: Failure): Error {
  const error =
    binary === undefined
      ? new (classes[name] ?? Error)(message)
      : new BinaryError(binary.what, binary.where, binary.remedy, { kind: binary.kind });
  if (stack !== undefined) error.stack = stack;
  return error;
}
