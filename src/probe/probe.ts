import type { SourceLine } from '../binary/go-binary.ts';
import type { TypeSource } from './signature/type-source.ts';

/** What a probe's calls mean; telemetry turns each kind into its own spans and metrics. */
export type ProbeKind = 'function' | 'http.server' | 'rpc.server';

/** A traced function or preset of one process, as telemetry, viewer and ledger name it. */
export interface ProbeDescription {
  readonly kind: ProbeKind;
  /** The Go function: `main.charge`; for a preset the function at whose entry its calls begin. */
  readonly functionName: string;
  readonly source?: SourceLine | undefined;
  /** Index of the last result that is declared as `error`; absent: none, or the signature is unknown. */
  readonly errorResult?: number | undefined;
  /** What told the types of the arguments, if not the debug information. */
  readonly typeSource?: TypeSource | undefined;
  /** Instrumentation scope: `sidespan/function`, `sidespan/net/http`, `sidespan/google.golang.org/grpc`. */
  readonly scopeName: string;
}
