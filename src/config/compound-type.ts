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

/** RFC 9110, 5.6.2 and 5.5. What no header can have would fail at each request, and be tried again. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Pairs in the form of `parseKeyValues`. `headers`: of requests; their values are secret, and only their names shown. */
export function keyValues({ headers }: { readonly headers: boolean }): ValueType<ReadonlyMap<string, string>> {
  const secret = headers;
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
      if (headers) for (const [name, content] of pairs ?? []) checkHeader(name, content);
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

/** @throws BadValue */
function checkHeader(name: string, content: string): void {
  if (!headerName.test(name)) {
    throw new BadValue(`${quoted(name)} is no header's name`, 'Write name1=value1,name2=value2.');
  }
  if (!headerValue.test(content)) {
    throw new BadValue(`the value of ${name} has a character that no header can have`, 'Leave out line breaks.');
  }
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
