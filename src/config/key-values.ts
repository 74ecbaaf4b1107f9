/** A text that is not `key=value,…`. */
export interface BadPair {
  readonly pair: string;
  readonly wrong: 'no key=value' | 'percent';
}

/**
 * `key=value,key2=value2` with percent-encoding, as the OpenTelemetry specification has it for headers and resource
 * attributes (a subset of W3C Baggage). One bad pair makes the whole text bad: then the result is undefined, and
 * `onBad` is told which.
 */
export function parseKeyValues(text: string, onBad?: (bad: BadPair) => void): Map<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (const pair of splitItems(text, ',')) {
    const equals = pair.indexOf('=');
    const key = decoded(pair.slice(0, equals).trim());
    const value = decoded(pair.slice(equals + 1).trim());
    if (equals < 1 || key === undefined || value === undefined) {
      onBad?.({ pair, wrong: equals < 1 ? 'no key=value' : 'percent' });
      return undefined;
    }
    pairs.set(key, value);
  }
  return pairs;
}

/** The parts between separators, without space around them and without empty ones. */
export function splitItems(text: string, separator: string | RegExp): string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
