import { splitItems } from './key-values.ts';
import { BadValue, parsed, quoted, type ValueType } from './value-type.ts';

export interface RedactionRules {
  /** The usual secrets too. */
  readonly usual: boolean;
  /** Globs. */
  readonly names: readonly string[];
  /** Regular expressions. */
  readonly texts: readonly { readonly source: string; readonly flags: string }[];
}

/** `default`, `none`, names and `/regular expressions/`, separated by `;` or newlines. */
export const redactionRules: ValueType<RedactionRules> = {
  label: 'list, separated by `;` or newlines',
  schema: parsed((value) => {
    const items = splitItems(value, /[;\n]/);
    if (items.includes('none') && items.length > 1) {
      throw new BadValue('none stands beside others', 'Give none alone, or leave it out.');
    }
    const own = items.filter((item) => item !== 'default' && item !== 'none');
    return {
      usual: items.includes('default'),
      names: own.filter((item) => !item.startsWith('/')).map(checkedName),
      texts: own.filter((item) => item.startsWith('/')).map(regularExpression),
    };
  }),
  fromList: (parts) => parts.join('\n'),
};

function checkedName(item: string): string {
  if (/^[\w.*-]+$/.test(item)) return item;
  throw new BadValue(`${quoted(item)} is no name`, 'Write a name such as *token*, or a /regular expression/.');
}

function regularExpression(item: string): { source: string; flags: string } {
  const [, source, flags = ''] = /^\/(.+)\/([ims]*)$/.exec(item) ?? [];
  if (source === undefined)
    throw new BadValue(`${quoted(item)} has no second slash`, 'Write it as /pattern/ or /pattern/i.');
  try {
    new RegExp(source, flags);
    return { source, flags };
  } catch (error) {
    throw new BadValue(`${quoted(item)}: ${(error as Error).message}`, 'Write a regular expression of JavaScript.');
  }
}
