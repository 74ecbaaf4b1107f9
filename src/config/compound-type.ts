import { parseKeyValues, splitItems } from './key-values.ts';
import { splitOutsideBrackets } from './outside-brackets.ts';
import { BadValue, chosen, parsed, quoted, type ValueType } from './value-type.ts';

/** Function patterns, or anything else that may itself contain commas: separated by `;` or newlines. */
export const patternList: ValueType<readonly string[]> = {
  label: 'list, separated by `;` or newlines',
  schema: parsed(splitOutsideBrackets),
  fromList: (parts) => parts.join('\n'),
};

/** A list of some words, separated by commas. `unsupported` words are valid elsewhere, not here. */
export function choiceList<const T extends string>(
  choices: readonly T[],
  unsupported: readonly string[] = [],
): ValueType<readonly T[]> {
  return {
    label: `list of ${choices.map((word) => `\`${word}\``).join(', ')}`,
    choices,
    schema: parsed((value) => {
      const words = splitItems(value, ',').map((word) => chosen(word, choices, unsupported));
      return [...new Set(words)];
    }),
    fromList: (parts) => parts.join(','),
    withoutBad: (value) =>
      splitItems(value, ',')
        .filter((word) => choices.some((known) => known.toLowerCase() === word.toLowerCase()))
        .join(','),
  };
}

/** Names, separated by commas. */
export const nameList: ValueType<readonly string[]> = {
  label: 'list, separated by commas',
  schema: parsed((value) => splitItems(value, ',')),
  fromList: (parts) => parts.join(','),
};

/** Pairs in the form of `parseKeyValues`. Those that are secret are shown by their keys alone. */
export function keyValues({ secret }: { readonly secret: boolean }): ValueType<ReadonlyMap<string, string>> {
  const shown = (pair: string) => (secret ? 'a pair' : quoted(pair));
  return {
    label: '`key=value` pairs, separated by commas',
    schema: parsed((value) => {
      const pairs = parseKeyValues(value, ({ pair, wrong }) => {
        if (wrong === 'percent') {
          throw new BadValue(`${shown(pair)} has a % that begins no percent-encoding`, 'Write % itself as %25.');
        }
        throw new BadValue(`${shown(pair)} is not key=value`, 'Write key1=value1,key2=value2.');
      });
      return pairs ?? new Map();
    }),
    fromMap: (entries) =>
      [...entries].map(([key, content]) => `${encodeURIComponent(key)}=${encodeURIComponent(content)}`).join(','),
    ...(secret && {
      redact: (value) =>
        splitItems(value, ',')
          .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('=')).trim()}=***` : '***'))
          .join(','),
    }),
  };
}

/** An OTLP endpoint: a URL, or for gRPC also `host:port`. What a protocol demands of it is checked with the protocol. */
export const endpoint: ValueType<string> = {
  label: 'URL',
  schema: parsed((value) => {
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
    const { protocol, hostname } = URL.parse(url) ?? {};
    if (!hostname || /\s/.test(value)) {
      throw new BadValue(`${quoted(redactedUrl(value))} is not a URL`, 'Write it as http://collector:4318.');
    }
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new BadValue(`the scheme ${protocol} is not supported`, 'Valid: http://, https://.');
    }
    return value;
  }),
  redact: redactedUrl,
};

/** Without the password, or token, that may stand before the host. */
export function redactedUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#\s]*@/i, '$1***@');
}

/** A text that is never shown. */
export const secretPath: ValueType<string> = {
  label: 'path',
  schema: parsed((value) => value),
  redact: () => '***',
};
