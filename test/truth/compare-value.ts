/** Holds what `sidespan trace --json` says beside what a program really passed. */
import type { Value, ValueContent } from '../../src/event/value.ts';
import type { ExpectedParameter } from './go-program.ts';
import type { Expected } from './go-values.ts';

/** What a comparison found: every value is right, said to be missing or cut, or wrong. */
export interface Tally {
  right: number;
  /** Of these, floats. */
  floats: number;
  /** By reason. */
  readonly said: Map<string, number>;
  readonly wrong: string[];
}

export function newTally(): Tally {
  return { right: 0, floats: 0, said: new Map(), wrong: [] };
}

/** Reasons that may stand in place of a value. Anything else is a disagreement, `fault` too: all of it is resident. */
const allowed =
  /^(in float register|deeper than the capture goes|no room left in the capture|beyond the first \d+ bytes|too deep for its items to be read|not captured for this dynamic type|not captured)$/;

export function compareParameter(
  value: Value | undefined,
  { expected, generic }: ExpectedParameter,
  place: string,
  tally: Tally,
): void {
  if (value === undefined) tally.wrong.push(`${place}: missing`);
  else if (value.goType.includes('go.shape.')) tally.wrong.push(`${place}: only the shape is known: ${value.goType}`);
  else if (generic && isPlainPointer(value) && (value.value === null) === isNil(expected)) {
    // Generic code is the same for all pointers: they are not followed.
    say('a pointer of a type parameter', tally);
  } else if (generic && value.type === 'STRUCT' && expected.is === 'leaf') {
    say('a struct of a type parameter', tally);
  } else compareValue(value, expected, place, tally);
}

function compareValue(value: Value, expected: Expected, place: string, tally: Tally): void {
  if (value.unavailable !== undefined) {
    compareReason(value.unavailable, expected, place, tally);
    return;
  }
  const encoding = (value as { encoding?: string }).encoding;
  compareContent(value.value ?? null, expected, place, tally, value.truncated?.of, encoding);
}

function isPlainPointer({ type, value }: Value): boolean {
  return type === 'PTR' && (value === null || (typeof value === 'string' && value.startsWith('0x')));
}

function compareReason(reason: string, expected: Expected, place: string, tally: Tally): void {
  const isFloat = expected.is === 'leaf' && expected.float === true;
  if (!allowed.test(reason) || (reason === 'in float register' && !isFloat)) {
    tally.wrong.push(`${place}: ${reason} instead of ${show(expected)}`);
    return;
  }
  say(reason, tally);
}

export function say(reason: string, tally: Tally): void {
  tally.said.set(reason, (tally.said.get(reason) ?? 0) + 1);
}

function isNil(expected: Expected): boolean {
  return expected.is === 'leaf' && expected.value === null;
}

function compareContent(
  content: ValueContent,
  expected: Expected,
  place: string,
  tally: Tally,
  truncatedOf?: number,
  encoding?: string,
): void {
  const wrong = (why = '') => {
    tally.wrong.push(`${place}: ${JSON.stringify(content)}${why} instead of ${show(expected)}`);
  };
  if (isReason(content)) {
    compareReason(content.unavailable, expected, place, tally);
    return;
  }
  const cut = isCut(content);
  if (cut) {
    compareContent(cut.value, expected, place, tally, cut.truncated?.of, cut.encoding);
    return;
  }
  switch (expected.is) {
    case 'leaf':
      if (!sameLeaf(content, expected.value)) return wrong();
      tally.right += 1;
      if (expected.float === true) tally.floats += 1;
      return;
    case 'bytes': {
      const bytes = bytesOf(content, encoding);
      if (bytes === undefined) return wrong();
      const isWhole = truncatedOf === undefined ? bytes.equals(expected.bytes) : truncatedOf === expected.bytes.length;
      if (!isWhole || !expected.bytes.subarray(0, bytes.length).equals(bytes)) return wrong();
      tally.right += 1;
      return;
    }
    case 'struct': {
      if (!Array.isArray(content)) return wrong();
      const fields = content as readonly Value[];
      if (fields.length !== expected.fields.length) return wrong(' (number of fields)');
      for (const [n, [name, inner]] of expected.fields.entries()) {
        const field = fields[n];
        if (field?.name !== name) return wrong(` (field ${name})`);
        compareValue(field, inner, `${place}.${name}`, tally);
      }
      return;
    }
    case 'list': {
      if (typeof content === 'string' && expected.goType.endsWith(']uint8')) {
        const bytes = Buffer.from(expected.items.map((item) => Number((item as { value?: unknown }).value)));
        compareContent(content, { is: 'bytes', goType: expected.goType, bytes }, place, tally, truncatedOf, encoding);
        return;
      }
      if (!Array.isArray(content)) return wrong();
      const isWhole =
        truncatedOf === undefined ? content.length === expected.items.length : truncatedOf === expected.items.length;
      if (!isWhole || content.length > expected.items.length) return wrong(` of ${truncatedOf}`);
      for (const [n, item] of (content as readonly ValueContent[]).entries()) {
        compareContent(item, expected.items[n] as Expected, `${place}[${n}]`, tally);
      }
      tally.right += 1;
      return;
    }
    case 'pointer':
      if (isEmpty(expected.target) && typeof content === 'string' && content.startsWith('0x')) {
        tally.right += 1;
        return;
      }
      compareContent(content, expected.target, `*${place}`, tally, truncatedOf, encoding);
      return;
    case 'interface':
      compareContent(content, expected.value, `${place}.(${expected.goType})`, tally, truncatedOf, encoding);
      return;
    case 'map':
      compareMap(content, expected, place, tally, truncatedOf);
      return;
  }
}

function compareMap(
  content: ValueContent,
  expected: Expected & { is: 'map' },
  place: string,
  tally: Tally,
  truncatedOf: number | undefined,
): void {
  if (!Array.isArray(content)) {
    tally.wrong.push(`${place}: ${JSON.stringify(content)} instead of ${show(expected)}`);
    return;
  }
  const entries = content as unknown as readonly { key: ValueContent; value: ValueContent }[];
  if ((truncatedOf ?? entries.length) !== expected.entries.length) {
    tally.wrong.push(`${place}: ${entries.length} entries of ${truncatedOf} instead of ${show(expected)}`);
    return;
  }
  if (entries.length === 0 && expected.entries.length > 0) say('no entry of a map', tally);
  for (const entry of entries) {
    const found = expected.entries.find(({ key }) => {
      const trial = newTally();
      compareContent(entry.key, key, place, trial);
      return trial.wrong.length === 0;
    });
    if (found === undefined) tally.wrong.push(`${place}: key ${JSON.stringify(entry.key)} is not in ${show(expected)}`);
    else compareContent(entry.value, found.value, `${place}[${JSON.stringify(entry.key)}]`, tally);
  }
  tally.right += 1;
}

function bytesOf(content: ValueContent, encoding: string | undefined): Buffer | undefined {
  if (typeof content === 'string') return Buffer.from(content, encoding === 'hex' ? 'hex' : 'utf8');
  const isBytes = Array.isArray(content) && content.every((byte) => typeof byte === 'number');
  return isBytes ? Buffer.from(content as number[]) : undefined;
}

/** A float32 is shown by its shortest digits: equal if it is the same float32. */
function sameLeaf(content: unknown, expected: unknown): boolean {
  if (typeof content === 'number' && typeof expected === 'number') {
    return content === expected || (!Number.isInteger(expected) && Math.fround(content) === expected);
  }
  if (typeof content === 'object' && content !== null && typeof expected === 'object' && expected !== null) {
    const keys = Object.keys(expected);
    const same = (key: string) =>
      sameLeaf((content as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key]);
    return keys.length === Object.keys(content).length && keys.every(same);
  }
  return content === expected;
}

/** There is nothing to show of what the pointer leads to but its address. */
function isEmpty(expected: Expected): boolean {
  if (expected.is === 'struct') return expected.fields.every(([, field]) => isEmpty(field));
  return expected.is === 'list' && /^\[\d/.test(expected.goType) && expected.items.every(isEmpty);
}

function isReason(content: ValueContent): content is { unavailable: string } {
  return isObject(content) && typeof content.unavailable === 'string';
}

function isCut(
  content: ValueContent,
): { value: ValueContent; truncated?: { of: number }; encoding?: string } | undefined {
  if (!isObject(content)) return undefined;
  const keys = Object.keys(content);
  const isWrapped =
    'value' in content && keys.every((key) => ['value', 'truncated', 'goType', 'encoding'].includes(key));
  return isWrapped ? (content as unknown as { value: ValueContent }) : undefined;
}

function isObject(content: ValueContent): content is { readonly [key: string]: ValueContent } {
  return typeof content === 'object' && content !== null && !Array.isArray(content);
}

function show(expected: Expected): string {
  const text = JSON.stringify(expected, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
