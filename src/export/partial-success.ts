import { DiagLogLevel, diag } from '@opentelemetry/api';

/** A receiver took a request, but not all of it. */
export interface PartialSuccess {
  readonly rejected: number;
  /** Empty if the receiver gives no reason. */
  readonly message: string;
}

const MARK = 'Received Partial Success response:';

let latest: string | undefined;

/**
 * The exporters of @opentelemetry report a partial success to the API's diagnostics alone, right before they call back
 * with success, in the same turn. The ledger needs the number: call this when an exporter calls back.
 */
export function takePartialSuccess(): PartialSuccess | undefined {
  const text = latest;
  latest = undefined;
  if (text === undefined) return undefined;
  const { rejectedSpans, rejectedDataPoints, errorMessage } = JSON.parse(text) as {
    readonly rejectedSpans?: number | string;
    readonly rejectedDataPoints?: number | string;
    readonly errorMessage?: string;
  };
  const rejected = Number(rejectedSpans ?? rejectedDataPoints ?? 0);
  return { rejected: Number.isSafeInteger(rejected) ? rejected : 0, message: errorMessage ?? '' };
}

/** The process has one such logger: the agent is the only one here that uses the API. */
export function watchPartialSuccess(): void {
  const ignore = () => {};
  const warn = (text: string, detail: unknown) => {
    if (text === MARK) latest = String(detail);
  };
  diag.setLogger(
    { error: ignore, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
