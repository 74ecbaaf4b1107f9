import { parseArgs } from 'node:util';
import { nearestName } from '../config/nearest.ts';
import type { Command, Options, OptionValues } from './command.ts';
import { UsageError } from './exit-code.ts';

/** What a command line comes to. */
export interface ParsedArguments {
  readonly options: OptionValues<Options>;
  readonly positionals: readonly string[];
  readonly program: readonly string[];
  readonly help: boolean;
}

/** Options of every command. */
const commonOptions = { help: { type: 'boolean', short: 'h' } } as const;

/**
 * Parses the arguments after the command's name. What follows `--` goes to `program` where the command takes one, else to
 * the positionals.
 * @throws UsageError for unknown options (naming the nearest), missing or needless values, too few or many positionals.
 */
export function parseArguments(command: Command, args: readonly string[]): ParsedArguments {
  const end = command.program ? args.indexOf('--') : -1;
  const own = end === -1 ? args : args.slice(0, end);
  const program = end === -1 ? [] : args.slice(end + 1);
  const fail = (message: string): never => {
    throw new UsageError(message, command.name);
  };

  const known: Record<string, Pick<Options[string], 'type' | 'short' | 'multiple'>> = {
    ...command.options,
    ...commonOptions,
  };
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(
      Object.entries(known).map(([name, { type, short, multiple }]) => [
        name,
        { type, multiple: multiple ?? false, ...(short && { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const values: Record<string, string | boolean | string[]> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option === undefined) return fail(unknownOption(token.rawName, Object.keys(known)));
    const { type, multiple } = option;
    if (type === 'boolean') {
      if (token.value !== undefined) return fail(`${token.rawName} takes no value.`);
      values[token.name] = true;
      continue;
    }
    // parseArgs takes the next argument as the value even if it is an option itself: `--pid --json`.
    if (token.value === undefined || (!token.inlineValue && /^--?[a-z]/.test(token.value))) {
      return fail(
        `${token.rawName} needs a value.${token.value ? ` (${token.rawName}=${token.value} if it is one)` : ''}`,
      );
    }
    if (multiple) values[token.name] = [...((values[token.name] as string[] | undefined) ?? []), token.value];
    else if (token.name in values) return fail(`${token.rawName} is given twice.`);
    else values[token.name] = token.value;
  }

  const { help = false, ...options } = values;
  if (help === true) return { options: {}, positionals, program, help };
  const { min = 0, max = 0, placeholder = '' } = command.positionals ?? {};
  if (positionals.length > max) {
    const extra = positionals[max]!;
    return fail(
      max === 0
        ? `${JSON.stringify(extra)} is too much: ${command.name} takes options only.`
        : `${JSON.stringify(extra)} is one argument too many.`,
    );
  }
  if (positionals.length < min) return fail(`${placeholder} is missing.`);
  return { options: options as OptionValues<Options>, positionals, program, help: false };
}

function unknownOption(given: string, known: readonly string[]): string {
  const nearest = given.length > 2 ? nearestName(given.replace(/^-+/, ''), known) : undefined;
  const all = known.map((name) => `--${name}`).join(', ');
  return `${given} is no option. ${nearest ? `Did you mean --${nearest}?` : `Options: ${all}.`}`;
}
