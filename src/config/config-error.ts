/** One wrong setting: which, where it stands, what is wrong and what would be right. */
export interface ConfigProblem {
  /** Name of the setting, or the unknown key. Absent where the whole file is meant. */
  readonly name?: string | undefined;
  /** `environment`, `command line (--pid)`, `sidespan.yaml:3`. */
  readonly place: string;
  /** A clause without a full stop: `99999 is not within 1 to 65535`. */
  readonly what: string;
  /** A valid name or value, or what to do: one sentence. */
  readonly remedy: string;
}

/** The configuration can't be used. All problems are found before it is thrown. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: { cause?: unknown }) {
    super(problems.map(problemText).join('\n'), options);
    this.problems = problems;
  }
}

/** `environment: SIDESPAN_TARGET_PORT: 99999 is not within 1 to 65535. The nearest is 65535.` */
export function problemText({ name, place, what, remedy }: ConfigProblem): string {
  return `${place}: ${name === undefined ? '' : `${name}: `}${what}. ${remedy}`;
}
