import { BadValue, parsed, quoted, type ValueType } from './value-type.ts';

/** `5%`: as 0.05. */
export const percentageOrOff: ValueType<number | 'off'> = {
  label: 'percentage, 0.1% to 1000%, or `off`',
  schema: parsed((text) => {
    if (text.toLowerCase() === 'off') return 'off';
    const [, number] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
    const share = Number(number) / 100;
    if (!(share >= 0.001 && share <= 10)) throw new BadValue(`${quoted(text)} is no percentage`, 'Write 5%, or off.');
    return share;
  }),
};
