/**
 * `missing` stands in the way of tracing, `limited` costs something, `unknown` could not be asked, which is no "no".
 */
export type CheckState = 'ok' | 'limited' | 'missing' | 'unknown';

export interface CheckResult {
  readonly name: string;
  readonly state: CheckState;
  /** What was found: a clause, without a full stop. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
  /** Nobody can say that tracing will work as long as this is unknown. */
  readonly decisive?: boolean | undefined;
}

/** Something that doctor looks at. It may give several results. */
export interface Check {
  readonly name: string;
  /** Without an answer nobody can say that tracing will work. */
  readonly decisive?: true;
  run(): CheckResult | readonly CheckResult[] | Promise<CheckResult | readonly CheckResult[]>;
}

/** Runs a check; one that fails by itself is `unknown`. */
export async function runCheck(check: Check): Promise<readonly CheckResult[]> {
  try {
    const results = await check.run();
    return Array.isArray(results) ? results : [results as CheckResult];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [
      { name: check.name, state: 'unknown', detail: `could not be checked: ${detail}`, decisive: check.decisive },
    ];
  }
}

/** Whether the result stands in the way of saying that tracing will work. */
export function standsInTheWay({ state, decisive }: CheckResult): boolean {
  return state === 'missing' || (state === 'unknown' && decisive === true);
}
