import { BadValue, parsed, quoted, type ValueType } from './value-type.ts';

const nsOf: Readonly<Record<string, number>> = { us: 1e3, ms: 1e6, s: 1e9, m: 60e9 };
const longestNs = 24 * 3600 * 1e9;

/** `500ms`, `1.5s`: as nanoseconds. */
export const duration: ValueType<number> = {
  label: 'duration, 1us to 24h: number and `us`, `ms`, `s` or `m`',
  schema: parsed((text) => {
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(us|ms|s|m)$/.exec(text) ?? [];
    const ns = Math.round(Number(number) * (nsOf[unit] ?? Number.NaN));
    if (!(ns >= 1000 && ns <= longestNs))
      throw new BadValue(`${quoted(text)} is no duration`, 'Write 500ms, 1.5s or 2m.');
    return ns;
  }),
};
