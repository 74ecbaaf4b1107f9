import { BadValue, chosen, parsed, quoted, type ValueType } from './value-type.ts';

/** Function patterns, or anything else that may itself contain commas: separated by `;` or newlines. */
export const patternList: ValueType<readonly string[]> = {
  label: 'list, separated by `;` or newlines',
  schema: parsed((value) => items(value, /[;\n]/)),
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
      const words = items(value, ',').map((word) => chosen(word, choices, unsupported));
      return [...new Set(words)];
    }),
    fromList: (parts) => parts.join(','),
    withoutBad: (value) =>
      items(value, ',')
        .filter((word) => choices.some((known) => known.toLowerCase() === word.toLowerCase()))
        .join(','),
  };
}

function items(value: string, separator: string | RegExp): string[] {
  return value
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/**
 * `key=value,key2=value2` with percent-encoded values, as the OpenTelemetry specification has it for headers and resource
 * attributes (a subset of W3C Baggage). One bad pair makes the whole text bad.
 */
export function keyValues({ secret }: { readonly secret: boolean }): ValueType<ReadonlyMap<string, string>> {
  const shown = (pair: string) => (secret ? 'a pair' : quoted(pair));
  return {
    label: '`key=value` pairs, separated by commas',
    schema: parsed((value) => {
      const pairs = new Map<string, string>();
      for (const pair of items(value, ',')) {
        const equals = pair.indexOf('=');
        if (equals < 1) throw new BadValue(`${shown(pair)} is not key=value`, 'Write key1=value1,key2=value2.');
        const key = decoded(pair.slice(0, equals).trim());
        const content = decoded(pair.slice(equals + 1).trim());
        if (key === undefined || content === undefined) {
          throw new BadValue(`${shown(pair)} has a % that begins no percent-encoding`, 'Write % itself as %25.');
        }
        pairs.set(key, content);
      }
      return pairs;
    }),
    fromMap: (entries) =>
      [...entries].map(([key, content]) => `${encodeURIComponent(key)}=${encodeURIComponent(content)}`).join(','),
    ...(secret && {
      redact: (value) =>
        items(value, ',')
          .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('=')).trim()}=***` : '***'))
          .join(','),
    }),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
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
