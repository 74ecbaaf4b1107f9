import * as z from 'zod';
import { nearestName } from './nearest.ts';

/** Longest text of one setting: a list of functions may be long, a mistake in mounting a file is longer. */
const maxSettingLength = 256 * 1024;

/**
 * What the text of a setting may say and what it becomes. Environment, file and command line all give text; a YAML list
 * or map is first turned into it by `fromList` or `fromMap`.
 */
export interface ValueType<T> {
  /** For the documentation: `integer, 1 to 65535`. */
  readonly label: string;
  readonly schema: z.ZodType<T, string>;
  /** The only values, or the only items of a list, for completion and suggestions. */
  readonly choices?: readonly string[];
  readonly fromList?: (items: readonly string[]) => string;
  readonly fromMap?: (entries: ReadonlyMap<string, string>) => string;
  /** A list without the items that are not valid: OTEL_* lists lose those and keep the rest. */
  readonly withoutBad?: (text: string) => string;
  /** How to show a value without what must stay secret. */
  readonly redact?: (text: string) => string;
}

/** Thrown by a parser for a bad text: what is wrong (a clause), and a sentence on what would be right. */
export class BadValue extends Error {
  readonly remedy: string;

  constructor(what: string, remedy: string) {
    super(what);
    this.remedy = remedy;
  }
}

/** A zod schema from a parser that throws BadValue; the issue carries the remedy as `params.remedy`. */
export function parsed<T>(parse: (text: string) => T): z.ZodType<T, string> {
  return z
    .string()
    .max(maxSettingLength)
    .transform((text, context) => {
      try {
        return parse(text.trim());
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        context.issues.push({
          code: 'custom',
          message: error.message,
          params: { remedy: error.remedy },
          input: text,
        });
        return z.NEVER;
      }
    });
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

export const text: ValueType<string> = { label: 'text', schema: parsed((value) => value) };

export const path: ValueType<string> = {
  label: 'path',
  schema: parsed((value) => {
    if (value.includes('\0')) throw new BadValue('a path has no NUL byte', 'Give the path of a file.');
    return value;
  }),
};

export interface IntegerLimits {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}

export function integer({ min, max, unit }: IntegerLimits): ValueType<number> {
  return {
    label: `integer, ${min} to ${max}${unit ? ` ${unit}` : ''}`,
    schema: parsed((value) => {
      if (!/^[+-]?\d+$/.test(value)) {
        throw new BadValue(`${quoted(value)} is not an integer`, `Give a number from ${min} to ${max}.`);
      }
      return within(Number(value), min, max, value);
    }),
  };
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

/** A number of bytes, also with the units KiB, MiB, GiB. */
export function size({ min, max, powerOfTwo }: IntegerLimits & { readonly powerOfTwo?: boolean }): ValueType<number> {
  return {
    label: `bytes, ${sizeText(min)} to ${sizeText(max)}${powerOfTwo ? ', a power of two' : ''}`,
    schema: parsed((value) => {
      const [, digits, unit = ''] = /^(\d+)\s*([KMG]iB)?$/i.exec(value) ?? [];
      if (digits === undefined) {
        throw new BadValue(
          `${quoted(value)} is not a number of bytes`,
          'Give a number, also with KiB, MiB or GiB: 8MiB.',
        );
      }
      const bytes = within(Number(digits) * sizeUnits[unit.toLowerCase()]!, min, max, value);
      if (powerOfTwo && 2 ** Math.round(Math.log2(bytes)) !== bytes) {
        const nearest = Math.min(max, Math.max(min, 2 ** Math.round(Math.log2(bytes))));
        throw new BadValue(`${value} is not a power of two`, `The nearest is ${nearest} (${sizeText(nearest)}).`);
      }
      return bytes;
    }),
  };
}

export function sizeText(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const one = sizeUnits[unit.toLowerCase()]!;
    if (bytes >= one && bytes % one === 0) return `${bytes / one} ${unit}`;
  }
  return String(bytes);
}

function within(value: number, min: number, max: number, given: string): number {
  if (value >= min && value <= max) return value;
  throw new BadValue(`${given} is not within ${min} to ${max}`, `The nearest is ${value < min ? min : max}.`);
}

export const ratio: ValueType<number> = {
  label: 'number, 0 to 1',
  schema: parsed((value) => {
    if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value)) {
      throw new BadValue(`${quoted(value)} is not a number`, 'Give a number from 0 to 1, such as 0.1.');
    }
    return within(Number(value), 0, 1, value);
  }),
};

/** One of some words; upper and lower case make no difference. `unsupported` words are valid elsewhere, not here. */
export function choice<const T extends string>(
  choices: readonly T[],
  unsupported: readonly string[] = [],
): ValueType<T> {
  return {
    label: choices.map((value) => `\`${value}\``).join(', '),
    choices,
    schema: parsed((value) => chosen(value, choices, unsupported)),
  };
}

export function chosen<T extends string>(value: string, choices: readonly T[], unsupported: readonly string[] = []): T {
  const found = choices.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (found !== undefined) return found;
  const all = `Valid: ${choices.join(', ')}.`;
  if (unsupported.includes(value.toLowerCase())) throw new BadValue(`${quoted(value)} is not supported`, all);
  const nearest = nearestName(value, choices);
  throw new BadValue(
    `${quoted(value)} is not a valid value`,
    nearest === undefined ? all : `Did you mean ${nearest}? ${all}`,
  );
}

const switchWords: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  1: true,
  off: false,
  false: false,
  no: false,
  0: false,
};

export const onOff: ValueType<boolean> = {
  label: '`on`, `off`',
  choices: ['on', 'off'],
  schema: parsed((value) => {
    const on = switchWords[value.toLowerCase()];
    if (on === undefined) throw new BadValue(`${quoted(value)} is neither on nor off`, 'Valid: on, off.');
    return on;
  }),
};

/** As the OpenTelemetry specification has it: `true`, whatever the case, and nothing else, is true. */
export const trueFalse: ValueType<boolean> = {
  label: '`true`, `false`',
  choices: ['true', 'false'],
  schema: parsed((value) => {
    const word = value.toLowerCase();
    if (word !== 'true' && word !== 'false') {
      throw new BadValue(`${quoted(value)} is neither true nor false`, 'Valid: true, false.');
    }
    return word === 'true';
  }),
};
