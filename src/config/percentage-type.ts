import { BadValue, parsed, quoted, type ValueType } from './value-type.ts';

/** `5%`: as 0.05. */
export const percentage: ValueType<number> = {
  label: 'percentage, 0.1% to 1000%',
  schema: parsed((text) => {
    const [, number] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
    const share = Number(number) / 100;
    if (!(share >= 0.001 && share <= 10)) throw new BadValue(`${quoted(text)} is no percentage`, 'Write 5%.');
    return share;
  }),
};
