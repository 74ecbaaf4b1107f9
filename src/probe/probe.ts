import type { SourceLine } from '../binary/go-binary.ts';
import type { TypeSource } from './signature/type-source.ts';

/** What a probe's calls mean; telemetry turns each kind into its own spans and metrics. */
export type ProbeKind = 'function' | 'http.server' | 'http.client' | 'rpc.server' | 'rpc.client' | 'db.client';

/** One place where the compiler put a function's code instead of a call. */
export interface InlinedPlace {
  /** The function that has the code. */
  readonly into: string;
  /** Of the call, in the source. */
  readonly calledAt: SourceLine | undefined;
}

/** `main.add, inlined into main.work at main.go:12`, for people. */
export function inlinedText(functionName: string, { into, calledAt }: InlinedPlace): string {
  const line = calledAt && ` at ${calledAt.file.slice(calledAt.file.lastIndexOf('/') + 1)}:${calledAt.line}`;
  return `${functionName}, inlined into ${into}${line ?? ''}`;
}

/** A function, or the place where one was inlined, as people read it. */
export function probeText({ functionName, inlined }: Pick<ProbeDescription, 'functionName' | 'inlined'>): string {
  return inlined === undefined ? functionName : inlinedText(functionName, inlined);
}

/** A traced function or preset of one process, as telemetry, viewer and ledger name it. */
export interface ProbeDescription {
  readonly kind: ProbeKind;
  /** The Go function: `main.charge`; for a preset the function at whose entry its calls begin. */
  readonly functionName: string;
  readonly source?: SourceLine | undefined;
  /** Its calls are those that the compiler inlined here: they have neither arguments nor an end. */
  readonly inlined?: InlinedPlace | undefined;
  /** Index of the last result that is declared as `error`; absent: none, or the signature is unknown. */
  readonly errorResult?: number | undefined;
  /** What told the types of the arguments, if not the debug information. */
  readonly typeSource?: TypeSource | undefined;
  /** Of a preset: what is the same for all calls, by names of its fields. */
  readonly known?: Readonly<Record<string, string>> | undefined;
  /** Instrumentation scope: `sidespan/function`, `sidespan/net/http`, `sidespan/google.golang.org/grpc`. */
  readonly scopeName: string;
}
