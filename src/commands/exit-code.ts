/** What the exit codes of every command mean. */
export const exitCode = {
  done: 0,
  /** The work was tried and failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** It can't be done on this machine, with these rights: `sidespan doctor` says why. */
  impossible: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Exit codes of other stations' errors, by their name; all others are 1. A numeric `exitCode` of the error's own wins. */
const byErrorName: Readonly<Record<string, ExitCode>> = {
  ConfigError: exitCode.usage,
  SignatureError: exitCode.usage,
};

export function exitCodeOf(error: unknown): ExitCode {
  const own = (error as { exitCode?: unknown } | null)?.exitCode;
  if (Object.values(exitCode).includes(own as ExitCode)) return own as ExitCode;
  // A process that may not be looked at: rights are missing here. Any other refusal is about that process alone.
  if ((error as { refusal?: unknown } | null)?.refusal === 'no permission') return exitCode.impossible;
  return error instanceof Error ? (byErrorName[error.name] ?? exitCode.failed) : exitCode.failed;
}

/** A command can't go on: what is wrong and what to do, for the user. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  /** @param message what, where, and what to do next, in full sentences or with the last one as a remedy. */
  constructor(message: string, code: ExitCode = exitCode.failed, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = code;
  }
}

/** The command line is wrong: exit code 2, and the command's usage is named. */
export class UsageError extends CommandError {
  /** The command whose help explains more. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message, exitCode.usage);
    this.command = command;
  }
}
