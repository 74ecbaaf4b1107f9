import type { Output } from './output.ts';
import type { Style } from './style.ts';

/** One option of a command, as node:util's parseArgs takes it and as help and completion show it. */
export interface Option {
  readonly type: 'boolean' | 'string';
  /** One letter. */
  readonly short?: string;
  /** May be given several times: its value is a list. */
  readonly multiple?: true;
  /** What the value is, in help: `N`, `FILE`. */
  readonly placeholder?: string;
  readonly description: string;
  /** What completion offers. */
  readonly complete?: 'file' | 'pid' | readonly string[];
}

export type Options = Readonly<Record<string, Option>>;

/** The parsed options: a string, or true; a list where `multiple`; undefined where not given. */
export type OptionValues<O extends Options> = {
  readonly [Name in keyof O]?: O[Name] extends { multiple: true }
    ? readonly string[]
    : O[Name] extends { type: 'boolean' }
      ? boolean
      : string;
};

export interface Positionals {
  /** `PATTERN…` */
  readonly placeholder: string;
  readonly description: string;
  readonly min: number;
  readonly max: number;
  readonly complete?: readonly string[];
}

/** A command: one file in this folder exports one of these as `default`, made by `defineCommand`. */
export interface Command<O extends Options = Options> {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More than that, in paragraphs. */
  readonly description?: string;
  /** Three real ones: what to type and what it does. */
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[];
  readonly options: O;
  readonly positionals?: Positionals;
  /** What may follow `--`: a program and its arguments, handed over as they are. */
  readonly program?: { readonly placeholder: string; readonly description: string };
  /**
   * Does the work and returns the exit code.
   * @throws CommandError, or a station's own error: shown as a message, exit code by its `exitCode`, else 1.
   */
  run(context: CommandContext<O>): Promise<number>;
}

export interface CommandContext<O extends Options = Options> {
  readonly options: OptionValues<O>;
  readonly positionals: readonly string[];
  /** What followed `--`; empty if nothing did. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results. */
  readonly stdout: Output;
  /** All else: progress, notes, warnings. */
  readonly stderr: Output;
  /** Colours for each, off where it is no terminal or the user doesn't want them. */
  readonly style: { readonly stdout: Style; readonly stderr: Style };
  /**
   * From the first call on, SIGINT, SIGTERM, SIGHUP and a reader of stdout that went away no longer end the process but
   * abort this signal (reason: a StopReason); a second SIGINT or SIGTERM ends it at once.
   */
  stopSignal(): AbortSignal;
}

export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'output closed';

/** Gives a command's literal its types. */
export function defineCommand<const O extends Options>(command: Command<O>): Command<O> {
  return command;
}
